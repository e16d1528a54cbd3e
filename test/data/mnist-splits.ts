import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { decodeMnistSplit, type Mnist, type MnistSplit } from '../../src/data/mnist.ts';
import { mnistCorrelation, type MnistCorrelation } from '../../src/data/mnist-correlation-images.ts';

export function readSplit(name: string): MnistSplit {
  const read = (kind: string) =>
    gunzipSync(readFileSync(new URL(`../../examples/data/mnist/${name}-${kind}-ubyte.gz`, import.meta.url)));
  const split = decodeMnistSplit({ images: read('images-idx3'), labels: read('labels-idx1') });
  if (split._tag === 'Left') throw new Error(split.left.found);
  return split.right;
}

const mnist: Mnist = { train: readSplit('train'), test: readSplit('t10k') };

export const labels = { train: mnist.train.labels, test: mnist.test.labels };

export function make(options: Partial<Parameters<typeof mnistCorrelation>[0]> = {}): MnistCorrelation {
  const made = mnistCorrelation({ mnist, ...options });
  if (made._tag === 'Left') throw new Error(JSON.stringify(made.left));
  return made.right;
}
