import { expect } from 'vitest';
import { imageBatch, type Images, type ImageShape } from '../../src/augmentation/images.ts';
import { flatten, readFixture, type FixtureTensor } from '../support/fixture.ts';

export interface Case {
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

export const { cases } = readFixture<Case>('augment');

export const of = (...what: string[]): [string, Case][] =>
  cases.flatMap((c, i): [string, Case][] => (what.includes(c.what) ? [[`${i} ${c.what}`, c]] : []));

export function images(tensor: FixtureTensor): Images {
  const shape = tensor.shape.length === 4 ? tensor.shape : [1, ...tensor.shape];
  const numbers = flatten(tensor.values);
  const pixels = tensor.dtype === 'uint8' ? Uint8Array.from(numbers) : Float32Array.from(numbers);
  return imageBatch(pixels, shape as unknown as ImageShape);
}

/** Within `tolerance` of every number, on the scale of the fixture. */
export function expectWithin(actual: Images, expected: FixtureTensor, tolerance: number): void {
  const numbers = flatten(expected.values);
  expect(actual.pixels.length).toBe(numbers.length);
  let worst = 0;
  numbers.forEach((value, i) => (worst = Math.max(worst, Math.abs(value - actual.pixels[i]!))));
  expect(worst).toBeLessThanOrEqual(tolerance);
}
