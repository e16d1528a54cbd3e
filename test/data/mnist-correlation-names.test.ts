import { either as E } from 'fp-ts';
import { describe, expect, it } from 'vitest';
import type { SplitName } from '../../src/data/dataset.ts';
import { parseMnistCorrelationName } from '../../src/data/mnist-correlation-names.ts';
import { readFixture } from '../support/fixture.ts';
import { select } from './mnist-names.ts';

interface Selection {
  readonly count: number;
  readonly first: number | null;
  readonly last: number | null;
  readonly sum: number;
}

interface NameCase {
  readonly what: string;
  readonly name: string;
  readonly validationFrac: number;
  readonly ok: boolean;
  readonly split?: Readonly<Record<SplitName, Selection>>;
}

describe('published names of MNIST-Correlation', () => {
  const cases = readFixture<NameCase>('labels').cases.filter(
    ({ what, name }) => what === 'dataset-name' && name.startsWith('mnist'),
  );
  it.each(cases)('stand for the published images: $name', ({ name, validationFrac, ok, split: expected }) => {
    const selected = select(name, validationFrac);
    expect(E.isRight(selected)).toBe(ok);
    if (E.isLeft(selected) || expected === undefined) return;
    for (const part of ['train', 'validation', 'test'] as const) {
      const indices = selected.right.filter((entry) => entry.split === part).map(({ image }) => image.index);
      expect({
        count: indices.length,
        first: indices[0] ?? null,
        last: indices.at(-1) ?? null,
        sum: indices.reduce((sum, index) => sum + index, 0),
      }).toEqual(expected[part]);
    }
  });

  it.each([
    ['mnist_correlation_xy/zigzag/0/0/1/1/y', 'one of mnist_correlation_yz', '"mnist_correlation_xy"'],
    ['__proto__/zigzag', 'one of mnist_correlation_yz', '"__proto__"'],
    ['mnist_correlation_yz/zigzag/0/0/10/y', '<test size>', '5 parts'],
    ['mnist_correlation_yz/zigzag/2/0/10/1/y', 'a valid <y>', '"2"'],
    ['mnist_correlation_yz/fog/0/0/10/1/y', 'zigzag or dotted_line', '"fog"'],
    ['mnist_correlation/zigzag/1.5/10/y', 'a valid <probability>', '"1.5"'],
    ['mnist_correlation_partial/zigzag/0/ten/y', 'a valid <size>', '"ten"'],
    ['mnist_correlation_partial/zigzag/0/10/full', 'a valid <label>', '"full"'],
    ['mnist_correlation_partial/zigzag/0/201/y', 'an even size', '201'],
  ])('say what is wrong: %s', (name, expected, found) => {
    const parsed = parseMnistCorrelationName(name);
    expect(parsed).toMatchObject({
      _tag: 'Left',
      left: { found, expected: expect.stringContaining(expected) },
    });
  });

  it('say that there are not so many images', () => {
    expect(select('mnist_correlation_yz/zigzag/1/0/40000/-1/y', 0)).toMatchObject({
      _tag: 'Left',
      left: {
        where: expect.stringContaining('(Y=1)(Z=0), train'),
        expected: expect.stringContaining('30508'),
      },
    });
  });
});
