import { describe, expect, it } from 'vitest';
import { describeDataset } from '../../src/data/dataset.ts';
import { mnistCorrelation } from '../../src/data/mnist-correlation-images.ts';
import { mnistLoader } from '../../src/data/mnist-loader.ts';
import { mnist, right, select } from './mnist-names.ts';

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
