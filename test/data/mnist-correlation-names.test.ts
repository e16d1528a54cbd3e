import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { either as E } from 'fp-ts';
import { describe, expect, it } from 'vitest';
import { describeDataset, type SplitName } from '../../src/data/dataset.ts';
import { decodeMnistSplit, type Mnist } from '../../src/data/mnist.ts';
import { mnistCorrelation } from '../../src/data/mnist-correlation-images.ts';
import {
  mnistCorrelationEntries,
  parseMnistCorrelationName,
} from '../../src/data/mnist-correlation-names.ts';
import { mnistLoader } from '../../src/data/mnist-loader.ts';
import { readFixture } from '../support/fixture.ts';

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

function right<A>(result: E.Either<unknown, A>): A {
  if (E.isLeft(result)) throw new Error(JSON.stringify(result.left));
  return result.right;
}

const file = (name: string) =>
  new Uint8Array(gunzipSync(readFileSync(new URL(`../../examples/data/mnist/${name}.gz`, import.meta.url))));
const split = (images: string, labels: string) =>
  right(
    decodeMnistSplit({ images: file(images), labels: file(labels), imagesName: images, labelsName: labels }),
  );
const mnist: Mnist = {
  train: split('train-images-idx3-ubyte', 'train-labels-idx1-ubyte'),
  test: split('t10k-images-idx3-ubyte', 't10k-labels-idx1-ubyte'),
};
const labels = { train: mnist.train.labels, test: mnist.test.labels };

const select = (name: string, fraction: number) =>
  E.Monad.chain(parseMnistCorrelationName(name), (parsed) =>
    mnistCorrelationEntries(parsed, labels, fraction),
  );

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

describe('their images', () => {
  const names = [
    'mnist_correlation_yz/zigzag/0/0/19800/-1/y',
    'mnist_correlation_yz/zigzag/0/1/200/-1/y',
    'mnist_correlation_yz/zigzag/1/0/200/-1/y',
    'mnist_correlation_yz/zigzag/1/1/19800/-1/y',
  ];

  it.each(['zigzag', 'dotted_line'])('are those of the main job, group by group: %s', async (corruption) => {
    const entries = names.flatMap((name) => [...right(select(name.replace('zigzag', corruption), 0.5))]);
    const [classes, subgroups] = [
      ['even', 'odd'],
      ['clean', corruption],
    ];
    const dataset = right(describeDataset({ name: 'MNIST-Correlation', classes, subgroups, entries }));
    expect(dataset.table.trainingCounts).toEqual([9900, 100, 100, 9900]);
    const seed = 5;
    const main = right(
      mnistCorrelation({
        mnist,
        seed,
        splits: 'published',
        corruption: corruption === 'zigzag' ? 'zigzag' : 'dottedLine',
      }),
    );
    const { indices, groups } = main.description.parts.train;
    expect(dataset.splits.train.map(({ image }) => image.index)).toEqual(indices);
    expect(dataset.splits.train.map(({ group }) => group)).toEqual(groups);
    const load = mnistLoader(mnist, { seed });
    const { images } = main.images('train');
    for (const i of [0, 9899, 9900, 9999, 10000, 10100, 19999]) {
      const pixels = right(await load(dataset.splits.train[i]!.image));
      expect([...pixels]).toEqual([...images.subarray(784 * i, 784 * (i + 1))]);
    }
  });

  it('say which corruption or image there is not', async () => {
    const load = mnistLoader(mnist);
    expect(await load({ split: 'test', index: 10_000, corruption: null })).toMatchObject({ _tag: 'Left' });
    expect(await load({ split: 'test', index: 0, corruption: 'fog' })).toMatchObject({
      left: { expected: 'one of the corruptions zigzag, dotted_line', found: 'fog' },
    });
  });
});
