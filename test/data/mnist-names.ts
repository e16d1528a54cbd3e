import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { either as E } from 'fp-ts';
import { decodeMnistSplit, type Mnist } from '../../src/data/mnist.ts';
import {
  mnistCorrelationEntries,
  parseMnistCorrelationName,
} from '../../src/data/mnist-correlation-names.ts';

export function right<A>(result: E.Either<unknown, A>): A {
  if (E.isLeft(result)) throw new Error(JSON.stringify(result.left));
  return result.right;
}

const file = (name: string) =>
  new Uint8Array(gunzipSync(readFileSync(new URL(`../../examples/data/mnist/${name}.gz`, import.meta.url))));

export const split = (images: string, labels: string) =>
  right(
    decodeMnistSplit({ images: file(images), labels: file(labels), imagesName: images, labelsName: labels }),
  );

export const mnist: Mnist = {
  train: split('train-images-idx3-ubyte', 'train-labels-idx1-ubyte'),
  test: split('t10k-images-idx3-ubyte', 't10k-labels-idx1-ubyte'),
};

export const labels = { train: mnist.train.labels, test: mnist.test.labels };

export const select = (name: string, fraction: number) =>
  E.Monad.chain(parseMnistCorrelationName(name), (parsed) =>
    mnistCorrelationEntries(parsed, labels, fraction),
  );
