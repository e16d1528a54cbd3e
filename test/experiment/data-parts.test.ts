import { either as E } from 'fp-ts';
import { describe, expect, it } from 'vitest';
import type { DataSettings as AnyDataSettings } from '../../src/config/schema/data-settings.ts';
import { correlationImages, digitImages } from '../../src/experiment/images/mnist-images.ts';
import { withTranslations } from '../../src/experiment/stage-two/paired-examples.ts';

type DataSettings<Kind> = Extract<AnyDataSettings, { readonly kind: Kind }>;

describe('MNIST', () => {
  it('has as many images of each group as its settings are counted to have', () => {
    const labels = Uint8Array.from({ length: 400 }, (_, i) => i % 10);
    const split = { images: new Uint8Array(400 * 784), labels };
    const countsOf = (sizes: DataSettings<'mnist-correlation'>['sizes'], validationFraction: number) => {
      const made = correlationImages(
        { train: split, test: split },
        {
          kind: 'mnist-correlation',
          root: '',
          corruption: 'zigzag',
          corruptionSeed: 1,
          drawSeed: null,
          sizes,
          validationFraction,
          splits: 'disjoint',
          testImages: 1,
          label: 'y',
        },
      );
      if (E.isLeft(made)) throw new Error(made.left.found);
      return (['train', 'validation'] as const).map((name) =>
        [0, 1, 2, 3].map(
          (group) => made.right.examples(name).filter((example) => example.group === group).length,
        ),
      );
    };
    expect(countsOf({ kind: 'counts', y0z0: 11, y0z1: 2, y1z0: 3, y1z1: 4 }, 0.5)).toEqual([
      [6, 1, 2, 2],
      [5, 1, 1, 2],
    ]);
    // ⌊50 · 0.75⌋ = 37 of a class in the one group
    expect(countsOf({ kind: 'correlation', probability: 0.75, images: 100 }, 0.1)).toEqual([
      [34, 12, 12, 34],
      [3, 1, 1, 3],
    ]);
    // 100 · 0.29 is 28.999… in numbers of a computer
    expect(countsOf({ kind: 'correlation', probability: 0.29, images: 200 }, 0.5)[0]).toEqual([
      15, 36, 36, 15,
    ]);
    expect(countsOf({ kind: 'balanced', images: 21 }, 0.5)[0]).toEqual([5, 5, 5, 5]);
  });
  it('the label may be the subgroup, and then groups stay what they are; without a share, validation is the test', async () => {
    const labels = Uint8Array.from({ length: 40 }, (_, i) => i % 10);
    const split = { images: Uint8Array.from({ length: 40 * 784 }, (_, i) => i % 251), labels };
    const settings = {
      kind: 'mnist-correlation',
      root: '',
      corruption: 'dottedLine',
      corruptionSeed: 1,
      drawSeed: null,
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
