import { either as E } from 'fp-ts';
import { describe, expect, it } from 'vitest';
import {
  correlationImages,
  digitImages,
  mnistSizes,
  mnistSplit,
} from '../../../src/node/experiment/mnist-images.ts';
import { withTranslations } from '../../../src/node/experiment/paired-examples.ts';

describe('MNIST', () => {
  it('sizes of the groups from counts, a correlation or one number', () => {
    expect(mnistSizes({ kind: 'counts', y0z0: 1, y0z1: 2, y1z0: 3, y1z1: 4 })).toEqual([1, 2, 3, 4]);
    expect(mnistSizes({ kind: 'correlation', probability: 0.99, images: 400 })).toEqual([198, 2, 2, 198]);
    expect(mnistSizes({ kind: 'balanced', images: 20 })).toEqual([10, 10, 10, 10]);
    expect(mnistSplit([198, 2, 2, 199], 0.5)).toEqual({
      training: [99, 1, 1, 100],
      validation: [99, 1, 1, 99],
    });
  });
  it('the label may be the subgroup, and then groups stay what they are; without a share, validation is the test', async () => {
    const labels = Uint8Array.from({ length: 40 }, (_, i) => i % 10);
    const split = { images: Uint8Array.from({ length: 40 * 784 }, (_, i) => i % 251), labels };
    const settings = {
      kind: 'mnist-correlation',
      root: '',
      corruption: 'dottedLine',
      corruptionSeed: 1,
      sizes: { kind: 'counts', y0z0: 4, y0z1: 2, y1z0: 2, y1z1: 4 },
      validationFraction: 0,
      splits: 'disjoint',
      testImages: 2,
    } as const;
    const of = (label: 'y' | 'z') => {
      const made = correlationImages({ train: split, test: split }, { ...settings, label });
      if (E.isLeft(made)) throw new Error(made.left.found);
      return made.right;
    };
    const [classes, subgroups] = [of('y'), of('z')];
    const labelsOf = (images: typeof classes) =>
      images
        .examples('train')
        .map(({ label }) => label)
        .join('');
    expect([labelsOf(classes), labelsOf(subgroups)]).toEqual(['000000111111', '000011001111']);
    expect(
      subgroups
        .examples('train')
        .map(({ group }) => group)
        .join(''),
    ).toBe('000011223333');
    expect(subgroups.classes).toEqual(['clean', 'dottedLine']);
    const [validation, test] = [classes.examples('validation'), classes.examples('test')];
    expect(validation).toHaveLength(8);
    const pixels = await Promise.all([validation[3]!, test[3]!].map(({ image }) => classes.load(image)));
    expect(pixels[0]).toEqual(pixels[1]);
  });
});

it('the ten digits, each twice with a corruption; limits keep the first of a group', async () => {
  const labels = Uint8Array.from({ length: 40 }, (_, i) => i % 10);
  const split = { images: new Uint8Array(40 * 784), labels };
  const made = digitImages(
    { train: split, test: split },
    {
      kind: 'mnist',
      root: '',
      corruption: 'zigzag',
      corruptionSeed: 0,
      validationFraction: 0.25,
      limits: { y3z1: 1 },
    },
  );
  if (E.isLeft(made)) throw new Error(made.left.found);
  const images = made.right;
  expect([images.classes.length, images.subgroups]).toEqual([10, ['clean', 'zigzag']]);
  expect(images.examples('validation')).toHaveLength(20);
  // 30 clean and 30 corrupted training images, three of each digit, less two corrupted threes.
  expect(images.examples('train')).toHaveLength(58);
  expect(images.table.trainingCounts.slice(6, 8)).toEqual([3, 1]);
  const lit = await Promise.all(
    images.examples('test').map(async ({ image, subgroup }) => {
      const pixels = await images.load(image);
      if (E.isLeft(pixels)) throw new Error(pixels.left.found);
      return pixels.right.some((value) => value > 0) === (subgroup === 1);
    }),
  );
  expect(lit.every((right) => right)).toBe(true);
});

it('translations of evaluated images are groups of their own, each behind its original', () => {
  const example = (group: number) => ({
    image: { at: group },
    label: 0,
    subgroup: 0,
    group,
    split: 'test' as const,
  });
  const lists = { toSource: [{ f: 0 }, { f: 1 }], toTarget: [{ g: 0 }, { g: 1 }] };
  const all = withTranslations([example(2), example(0)], lists);
  expect(all.map(({ group }) => group)).toEqual([6, 7, 8, 0, 1, 2]);
  expect(all.map(({ image }) => image)).toEqual([
    { translated: false, image: { at: 2 } },
    { translated: true, image: { f: 0 } },
    { translated: true, image: { g: 0 } },
    { translated: false, image: { at: 0 } },
    { translated: true, image: { f: 1 } },
    { translated: true, image: { g: 1 } },
  ]);
});
