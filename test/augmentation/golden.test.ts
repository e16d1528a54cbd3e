import { describe, expect, it } from 'vitest';
import { compose, imageBatch, type Images, type ImageShape } from '../../src/augmentation/images.ts';
import { rotate } from '../../src/augmentation/rotation.ts';
import { cutout, flipHorizontally, padAndCrop } from '../../src/augmentation/crop-and-flip.ts';
import { cropAndEnlarge } from '../../src/augmentation/crop-and-enlarge.ts';
import {
  grayscale,
  imagenetNormalization,
  minusOneToOne,
  signedToUnit,
  toBytes,
  zeroToOne,
} from '../../src/augmentation/scaling.ts';
import { concatenateImages, consecutiveBatches, pairTranslations } from '../../src/augmentation/pairing.ts';
import { imageGallery } from '../../src/augmentation/gallery.ts';
import { randomKey } from '../../src/random/random.ts';
import { expectClose, flatten, readFixture, type FixtureTensor } from '../support/fixture.ts';

interface Case {
  readonly what: string;
  readonly type: string;
  readonly input: FixtureTensor;
  readonly output: FixtureTensor;
  readonly pad: number;
  readonly top: number;
  readonly left: number;
  readonly flipDraw: number;
  readonly size: number;
  readonly centerRow: number;
  readonly centerColumn: number;
  readonly angleDegrees: number;
  readonly angles: number[];
  readonly offsets: number[][];
  readonly percentTopRightBottomLeft: number[];
  readonly croppedTopLeftPixel: number[];
  readonly image: FixtureTensor;
  readonly generatorInput: FixtureTensor;
  readonly generatorOutput: FixtureTensor;
  readonly stored: FixtureTensor;
  readonly keepOriginal: boolean;
  readonly keepDatasets: boolean;
  readonly batchSize: number;
  readonly images: FixtureTensor;
  readonly labels: number[];
  readonly aliases: string[];
  readonly lengths: number[];
  readonly originalIndex: number[];
  readonly datasets: { readonly images: FixtureTensor; readonly labels: number[] }[];
  readonly columns: number | null;
}

const { cases } = readFixture<Case>('augment');
const of = (...what: string[]): [string, Case][] =>
  cases.flatMap((c, i): [string, Case][] => (what.includes(c.what) ? [[`${i} ${c.what}`, c]] : []));

function images(tensor: FixtureTensor): Images {
  const shape = tensor.shape.length === 4 ? tensor.shape : [1, ...tensor.shape];
  const numbers = flatten(tensor.values);
  const pixels = tensor.dtype === 'uint8' ? Uint8Array.from(numbers) : Float32Array.from(numbers);
  return imageBatch(pixels, shape as unknown as ImageShape);
}

/** Within `tolerance` of every number, on the scale of the fixture. */
function expectWithin(actual: Images, expected: FixtureTensor, tolerance: number): void {
  const numbers = flatten(expected.values);
  expect(actual.pixels.length).toBe(numbers.length);
  let worst = 0;
  numbers.forEach((value, i) => (worst = Math.max(worst, Math.abs(value - actual.pixels[i]!))));
  expect(worst).toBeLessThanOrEqual(tolerance);
}

describe('scalings', () => {
  const scalings: Record<string, (images: Images) => Images> = {
    'zero-one': zeroToOne,
    'minusone-one': minusOneToOne,
    'minusone-one-to-zero-one': signedToUnit,
    grayscale,
  };
  it.each(of('basic'))('%s', (_, c) => {
    const scale = c.type === 'none' ? compose() : (scalings[c.type] ?? (() => expect.fail(c.type)));
    expectClose(scale(images(c.input), randomKey(0)).pixels, c.output, c.type === 'none' ? 0 : 1e-6);
  });
  it.each(of('imagenet'))('%s', (_, c) => {
    expectClose(imagenetNormalization(images(c.input)).pixels, c.output, 1e-6);
  });
});

describe('moving pixels', () => {
  it.each(of('pad:crop', 'pad:crop:flip'))('%s', (_, c) => {
    const shifted = padAndCrop(images(c.input), [c.top, c.left], c.pad);
    const out = c.what === 'pad:crop:flip' ? flipHorizontally(shifted, [c.flipDraw > 0.5]) : shifted;
    expectWithin(out, c.output, 0);
  });
  it.each(of('fliplr'))('%s', (_, c) => {
    expectWithin(flipHorizontally(images(c.input), [true]), c.output, 0);
  });
  it.each(of('cutout'))('%s', (_, c) => {
    expectWithin(cutout(images(c.input), [c.centerRow, c.centerColumn], c.size), c.output, 0);
  });
});

describe('interpolation', () => {
  it.each(of('rotr'))('%s', (_, c) => {
    expectWithin(rotate(images(c.input), [c.angleDegrees]), c.output, 1);
  });
  it('rotation differs from the reference in hardly any byte', () => {
    const differences = of('rotr').map(([, c]) => {
      const expected = flatten(c.output.values);
      const { pixels } = rotate(images(c.input), [c.angleDegrees]);
      return expected.filter((value, i) => value !== pixels[i]).length / expected.length;
    });
    expect(Math.max(...differences)).toBeLessThan(0.01);
  });
  it.each(of('stage-1 MNIST pipeline'))('%s', (_, c) => {
    const augment = compose(
      (batch) => rotate(batch, c.angles),
      (batch) => padAndCrop(batch, c.offsets.flat()),
      minusOneToOne,
    );
    expectWithin(augment(images(c.input), randomKey(0)), c.output, 1 / 127.5 + 1e-6);
  });
  it.each(of('imgaug crop'))('%s', (_, c) => {
    const out = cropAndEnlarge(images(c.input), c.percentTopRightBottomLeft);
    expectWithin(out, c.output, 1);
    expect([...out.pixels.subarray(0, 3)]).toEqual(c.croppedTopLeftPixel);
  });
});

describe('from stage 1 to stage 2', () => {
  it.each(of('stage-1 output to uint8'))('%s', (_, c) => {
    expectClose(minusOneToOne(images(c.image)).pixels, c.generatorInput, 1e-6);
    const output = images(c.generatorOutput);
    expectWithin(toBytes(output, { rounding: 'truncate' }), c.stored, 0);
    const rounded = toBytes(output).pixels;
    const exact = flatten(c.generatorOutput.values).map((y) => 255 * (y / 2 + 0.5));
    exact.forEach((value, i) => expect(Math.abs(rounded[i]! - value)).toBeLessThanOrEqual(0.5 + 1e-4));
  });

  const meanSubtracted = (batch: Images): Images => {
    const mean = Array.from(batch.pixels).reduce((sum, value) => sum + value, 0) / batch.pixels.length;
    return { pixels: Float32Array.from(batch.pixels, (value) => value - mean), shape: batch.shape };
  };
  const negated = (batch: Images): Images => ({
    pixels: Float32Array.from(batch.pixels, (value) => -value),
    shape: batch.shape,
  });
  it.each(of('pairing'))('%s', (_, c) => {
    const original = images(c.images);
    const translate = (generator: (batch: Images) => Images): Images =>
      concatenateImages(
        consecutiveBatches(original, c.batchSize).map((batch) =>
          toBytes(generator(minusOneToOne(batch)), { rounding: 'truncate' }),
        ),
      );
    const second = images(c.datasets.at(-1)!.images);
    const pairs = pairTranslations(
      [
        { alias: '(Y=0)(Z=0)', translated: true },
        { alias: '(Y=0)(Z=1)', translated: false },
      ],
      { keepOriginals: c.keepOriginal || c.keepDatasets },
    );
    expect(pairs.map((pair) => pair.alias)).toEqual(c.aliases);
    expect(pairs.map((pair) => pair.source)).toEqual(c.originalIndex);
    pairs.forEach(({ source, translation }, i) => {
      const generator = translation === 'F' ? meanSubtracted : negated;
      const dataset = translation ? translate(generator) : source === 0 ? original : second;
      expect(dataset.shape[0]).toBe(c.lengths[i]);
      expectWithin(dataset, c.datasets[i]!.images, 0);
    });
  });
  it.each(of('gallery'))('%s', (_, c) => {
    const tiled = imageGallery(images(c.input), c.columns ?? undefined);
    expect(tiled.shape.slice(1)).toEqual(c.output.shape);
    expectWithin(tiled, c.output, 0);
  });
});

it('no case is left out but the split of a batch over groups, which is group-balanced batching', () => {
  const covered = new Set([
    'basic',
    'imagenet',
    'pad:crop',
    'pad:crop:flip',
    'fliplr',
    'cutout',
    'rotr',
    'stage-1 MNIST pipeline',
    'imgaug crop',
    'stage-1 output to uint8',
    'pairing',
    'gallery',
  ]);
  expect([...new Set(cases.map((c) => c.what))].filter((what) => !covered.has(what))).toEqual([
    'split batch size',
  ]);
});
