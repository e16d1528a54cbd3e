import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs';
import { expect } from 'vitest';

/** A tensor of a fixture file. */
export interface FixtureTensor {
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly values: unknown;
}

/** A fixture file made from the reference; its own header says how. */
export function readFixture<Case>(topic: string): {
  readonly [header: string]: unknown;
  readonly cases: readonly Case[];
} {
  return JSON.parse(readFileSync(new URL(`../fixtures/${topic}.json`, import.meta.url), 'utf8'));
}

/** Nested values (or one number) as a flat list, row-major. */
export function flatten(values: unknown): number[] {
  return Array.isArray(values) ? (values.flat(Infinity) as number[]) : [Number(values)];
}

/** The fixture's tensor on the current backend; the caller owns it. */
export function toTensor<R extends tf.Rank = tf.Rank>(tensor: FixtureTensor): tf.Tensor<R> {
  return tf.tensor(
    flatten(tensor.values),
    [...tensor.shape] as tf.ShapeMap[R],
    tensor.dtype.startsWith('int') ? 'int32' : 'float32',
  );
}

type Numbers = number | ArrayLike<number> | FixtureTensor | tf.Tensor;

function numbers(value: Numbers): ArrayLike<number> {
  if (typeof value === 'number') return [value];
  if ('dataSync' in value) return value.dataSync();
  if ('values' in value && 'dtype' in value) return flatten(value.values);
  return value as ArrayLike<number>;
}

/** The fixtures' measure of agreement: max|Δ| ≤ tolerance · max(1, max|expected|); NaN never agrees. */
export function expectClose(actual: Numbers, expected: Numbers, tolerance: number, what = ''): void {
  const a = numbers(actual);
  const e = numbers(expected);
  expect(a.length, `${what}: number of elements`).toBe(e.length);
  let worst = 0;
  let scale = 1;
  for (let i = 0; i < e.length; i++) {
    const difference = Math.abs(a[i]! - e[i]!);
    worst = Number.isNaN(difference) ? Infinity : Math.max(worst, difference);
    scale = Math.max(scale, Math.abs(e[i]!));
  }
  expect(worst, `${what}: largest difference over scale ${scale}`).toBeLessThanOrEqual(tolerance * scale);
}
