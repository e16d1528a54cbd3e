import { describe, expect, it } from 'vitest';
import { zigzag } from '../../src/data/corruptions.ts';
import type { Mnist } from '../../src/data/mnist.ts';
import type { MnistCorrelationPart } from '../../src/data/mnist-correlation.ts';
import { foldKey, randomKey } from '../../src/random/random.ts';
import { make, readSplit } from './mnist-splits.ts';

const mnist: Mnist = { train: readSplit('train'), test: readSplit('t10k') };

describe('images', () => {
  const small = {
    trainingCounts: [30, 10, 10, 30],
    testCounts: [5, 5, 5, 5],
    stage1Counts: [10, 10, 10, 10],
    gateTrainingCount: 5,
    gateHeldOutCount: 5,
  } as const;
  const set = make({ ...small, seed: 3 });
  const pixels = (images: Uint8Array, i: number) => images.subarray(i * 784, (i + 1) * 784);

  it('are clean for z = 0, and the zigzag of seed, split and position for z = 1', () => {
    for (const [part, split] of [
      ['train', 'train'],
      ['test', 'test'],
    ] as const) {
      const { images, groups, labels: classes, ids } = set.images(part);
      const { indices } = set.description.parts[part];
      expect(images.length).toBe(indices.length * 784);
      indices.forEach((index, i) => {
        const clean = pixels(mnist[split].images, index);
        const key = foldKey(randomKey(3), 'zigzag', split, index);
        expect(pixels(images, i)).toEqual(groups[i]! % 2 === 0 ? clean : zigzag(clean, key));
        expect(classes[i]).toBe(mnist[split].labels[index]! % 2);
        expect(ids[i]).toBe(split === 'train' ? index : 60000 + index);
      });
    }
  });

  it('agree between parts and forms', () => {
    const own = set.images('train');
    const [clean, corrupted] = [set.images('train', 'clean'), set.images('train', 'corrupted')];
    own.groups.forEach((group, i) => {
      expect(pixels(own.images, i)).toEqual(pixels((group % 2 === 0 ? clean : corrupted).images, i));
      expect(pixels(clean.images, i)).not.toEqual(pixels(corrupted.images, i));
    });
    const target = set.images('stage1Target');
    target.ids.forEach((id, i) => {
      expect(pixels(target.images, i)).toEqual(pixels(own.images, own.ids.indexOf(id)));
    });
  });

  it('repeat with the seed and change with it', () => {
    const part: MnistCorrelationPart = 'stage1Target';
    expect(make({ ...small, seed: 3 }).images(part)).toEqual(set.images(part));
    expect(make({ ...small, seed: 4 }).images(part).images).not.toEqual(set.images(part).images);
    const dotted = make({ ...small, seed: 3, corruption: 'dottedLine' });
    expect(dotted.images(part).images).not.toEqual(set.images(part).images);
  });

  it('come fast: 20,000 corrupted ones in a few seconds', () => {
    const before = process.cpuUsage();
    expect(make().images('train', 'corrupted').images.length).toBe(20000 * 784);
    // Processor time, so that a busy machine does not fail it.
    expect(process.cpuUsage(before).user / 1e6).toBeLessThan(8);
  });
});
