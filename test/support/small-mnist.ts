import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { either as E } from 'fp-ts';
import { encodeIdx } from '../../src/data/idx.ts';
import { readMnist } from '../../src/streams/mnist-files.ts';

/** Writes the first digits of MNIST into a folder, 400 for training and 100 for the test, so that reading takes no time. */
export async function writeSmallMnist(folder: string): Promise<void> {
  const mnist = await readMnist(fileURLToPath(new URL('../../examples/data/mnist', import.meta.url)));
  if (E.isLeft(mnist)) throw new Error(mnist.left.found);
  mkdirSync(folder);
  for (const [split, name, count] of [
    ['train', 'train', 400],
    ['test', 't10k', 100],
  ] as const) {
    const { images, labels } = mnist.right[split];
    const write = (kind: string, shape: number[], values: Uint8Array): void =>
      writeFileSync(join(folder, `${name}-${kind}-ubyte`), encodeIdx({ shape, values }));
    write('images-idx3', [count, 28, 28], images.slice(0, count * 784));
    write('labels-idx1', [count], labels.slice(0, count));
  }
}
