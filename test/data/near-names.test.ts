import { describe, expect, it } from 'vitest';
import { nameDifferences, nearestPath } from '../../src/data/near-names.ts';

const COMPOSED = 'caf\u00e9.jpg';
const DECOMPOSED = 'cafe\u0301.jpg';

describe('the path that is nearest to one that is missing', () => {
  it.each([
    ['images/a.jpg', 'images/a.JPG', 'in other capitals'],
    ['Images/a.jpg', 'images/a.jpg', 'in another folder'],
    [COMPOSED, DECOMPOSED, 'with accents composed otherwise'],
    [DECOMPOSED, COMPOSED, 'with accents composed otherwise'],
    ['x/a.jpg', 'x\\a.jpg', 'with a backslash in its name'],
    ['x/a', 'x/a.jpg', 'with the ending .jpg'],
    ['x/a.jpg', 'x/a.png', 'with the ending .png'],
    ['x/a.jpg', 'x/a', 'without an ending'],
    ['x/a.jpg', 'x/a.jpg.png', 'with the ending .png'],
    ['x/a.jpg', 'x/a.jpg ', 'with a blank around its name'],
    ['a.jpg', 'deep/er/a.jpg', 'in another folder'],
    ['a', 'images/A.jpg', 'in another folder, with the ending .jpg'],
    ['lesion-one.jpg', 'leison-one.jpg', 'spelt otherwise'],
  ])('of %j is %j, %s', (wanted, near, difference) => {
    const others = ['b.jpg', 'images/b.jpg', 'x/other.png', 'y/c d.jpg'];
    expect(nearestPath(wanted, [...others, near, ...others])).toBe(near);
    expect(nameDifferences(wanted, near)).toBe(difference);
  });

  it('is the one with the smallest difference, and the first of equals', () => {
    expect(nearestPath('x/a.jpg', ['y/a.jpg', 'x/a.png', 'x/A.jpg'])).toBe('x/A.jpg');
    expect(nearestPath('x/a.jpg', ['y/a.jpg', 'x/a.png', 'x/a.jpeg'])).toBe('x/a.png');
    expect(nearestPath('x/a.jpg', ['y/a.png', 'z/a.jpg', 'y/a.jpg'])).toBe('z/a.jpg');
  });

  it('is no other number, and no short word', () => {
    expect(nearestPath('000001.jpg', ['000002.jpg', '00001.jpg', '100001.jpg'])).toBeUndefined();
    expect(nearestPath('a.jpg', ['b.jpg', 'ab.jpg'])).toBeUndefined();
    expect(nearestPath('a.jpg', [])).toBeUndefined();
  });
});
