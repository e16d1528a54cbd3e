import { posix } from 'node:path';
import { either as E } from 'fp-ts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { imageFile } from '../../src/data/image-names.ts';
import { describeTable } from '../../src/data/table-dataset.ts';

describe('names of images', () => {
  it('have one spelling, which is that of Node’s normalize', () => {
    const part = fc.constantFrom('a', 'b.png', '.', '..', '', '...', ' c');
    fc.assert(
      fc.property(
        fc.array(fc.tuple(part, fc.constantFrom('/', '\\')), { minLength: 1, maxLength: 6 }),
        fc.constantFrom('', ' ', '\t'),
        (parts, blanks) => {
          const name = parts.flat().slice(0, -1).join('');
          const plain = posix.normalize(name.trim().replaceAll('\\', '/')).replace(/\/$/, '');
          const outside =
            name.trim() === '' || plain === '' || plain === '.' || /^(?:\/|\.\.(?:\/|$))/.test(plain);
          const file = imageFile('f/', blanks + name + blanks, 'here');
          if (outside) expect(E.isLeft(file), name).toBe(true);
          else expect(file, name).toEqual(E.right(`f/${plain}`));
        },
      ),
      { seed: 4, numRuns: 500 },
    );
  });

  it.each([
    'x/a.png',
    './x/a.png',
    'x//a.png',
    'x/./a.png',
    'x\\a.png',
    ' x/a.png ',
    'x/y/../a.png',
    'y/../x/a.png',
  ])('name one image however they are spelt: %j', (name) => {
    const table = (rows: readonly string[]) => ['filename,split,y,z', ...rows].join('\n');
    const twice = describeTable(table(['x/a.png,train,0,0', 'b.png,val,0,0', `${name},test,0,0`]));
    expect(twice).toMatchObject(E.left({ where: 'table, line 4', found: 'x/a.png again, after line 2' }));
    const once = describeTable(table([`${name},train,0,0`]), { folder: 'root', required: ['train'] });
    expect(once).toMatchObject(E.right({ splits: { train: [{ image: { file: 'root/x/a.png' } }] } }));
  });

  it('take the extension before the comparison', () => {
    const text = 'filename,split,y,z\na ,train,0,0\n./a,train,0,0\n';
    expect(describeTable(text, { extension: '.jpg' })).toMatchObject(
      E.left({ found: 'a.jpg again, after line 2' }),
    );
  });

  it.each([
    ['.', '".", which is the folder itself'],
    ['x/..', '"x/..", which is the folder itself'],
    ['x/../../a.png', '"x/../../a.png", which leads out of the folder'],
    [' /etc/passwd', 'the absolute path " /etc/passwd"'],
    ['./C:/a.png', 'the absolute path "./C:/a.png"'],
    [' ', 'none'],
    ['a\0.png', '"a\\u0000.png", with a zero byte'],
  ])('that are none say why: %j', (name, found) => {
    expect(imageFile('', name, 'here')).toMatchObject(E.left({ where: 'here', found }));
  });
});
