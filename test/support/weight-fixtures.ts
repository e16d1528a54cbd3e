import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import * as tf from '@tensorflow/tfjs';

const folder = new URL('../fixtures/weights/', import.meta.url);

/** A file of `fixtures/weights`, unpacked if its name ends in `.gz`. */
export function weightFile(name: string): Uint8Array {
  const bytes = readFileSync(new URL(name, folder));
  return name.endsWith('.gz') ? gunzipSync(bytes) : bytes;
}

/** The outputs of one network, as Python computed them. */
export interface Outputs {
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

/** A JSON file of `fixtures/weights`. */
export const weightJson = <A>(name: string): A =>
  JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as A;

/** Two images x_i = sin(0.11 i + 0.5), as in the Python scripts. */
export function sineImages(height: number, width: number, channels: number): tf.Tensor4D {
  const shape: [number, number, number, number] = [2, height, width, channels];
  const size = 2 * height * width * channels;
  return tf.tensor4d(
    Float32Array.from({ length: size }, (_, i) => Math.sin(0.11 * i + 0.5)),
    shape,
  );
}
