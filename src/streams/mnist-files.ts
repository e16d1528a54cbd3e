/**
 * Reads the four MNIST files of a folder, gzipped as published or plain.
 */
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { either as E } from 'fp-ts';
import { refuse, type DataError } from '../data/data-error.ts';
import { decodeMnistSplit, type Mnist, type MnistSplit } from '../data/mnist.ts';
import { hasCode, reason } from '../system/text-file.ts';
import { expandGzip } from './expand-gzip.ts';

const FILES = {
  train: { images: 'train-images-idx3-ubyte', labels: 'train-labels-idx1-ubyte' },
  test: { images: 't10k-images-idx3-ubyte', labels: 't10k-labels-idx1-ubyte' },
} as const;
const LAYOUT = Object.values(FILES).flatMap(({ images, labels }) => [`${images}[.gz]`, `${labels}[.gz]`]);

/** The published training images are 47,040,016 bytes; nothing in a folder of MNIST is larger. */
const LARGEST = 48 * 2 ** 20;

function folderError(folder: string, error: unknown): DataError {
  return {
    where: `MNIST folder ${folder}`,
    expected: `a folder with ${LAYOUT.join(', ')}`,
    found: hasCode(error, 'ENOENT') ? 'no such folder' : hasCode(error, 'ENOTDIR') ? 'a file' : reason(error),
    cure: 'give the folder that holds the four files',
  };
}

function chooseFile(folder: string, entries: readonly string[], name: string): E.Either<DataError, string> {
  const chosen = [`${name}.gz`, name].find((candidate) => entries.includes(candidate));
  return chosen === undefined
    ? refuse(
        `MNIST folder ${folder}`,
        `${name}.gz or ${name} among ${LAYOUT.join(', ')}`,
        entries.length === 0 ? 'an empty folder' : `only ${[...entries].sort().slice(0, 8).join(', ')}`,
        `put ${name}.gz into the folder, or give the folder that holds it`,
      )
    : E.right(join(folder, chosen));
}

async function readCapped(path: string): Promise<Buffer> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    if (size > LARGEST) throw new RangeError(`${size} bytes`);
    return await file.readFile();
  } finally {
    await file.close();
  }
}

async function readMaybeGzipped(path: string): Promise<Uint8Array> {
  const bytes = await readCapped(path);
  return bytes[0] === 0x1f && bytes[1] === 0x8b ? expandGzip(bytes, LARGEST) : bytes;
}

function fileError(path: string, error: unknown): DataError {
  return {
    where: path,
    expected: `a readable IDX file, plain or gzipped, of at most ${LARGEST} bytes`,
    found: hasCode(error, 'ERR_BUFFER_TOO_LARGE') ? 'more when uncompressed' : reason(error),
    cure: 'fetch the file again and check who may read it',
  };
}

async function readFileOf(
  folder: string,
  entries: readonly string[],
  name: string,
): Promise<E.Either<DataError, { readonly path: string; readonly bytes: Uint8Array }>> {
  const path = chooseFile(folder, entries, name);
  if (E.isLeft(path)) return path;
  try {
    return E.right({ path: path.right, bytes: await readMaybeGzipped(path.right) });
  } catch (error) {
    return E.left(fileError(path.right, error));
  }
}

async function readSplit(
  folder: string,
  entries: readonly string[],
  names: { readonly images: string; readonly labels: string },
): Promise<E.Either<DataError, MnistSplit>> {
  const images = await readFileOf(folder, entries, names.images);
  if (E.isLeft(images)) return images;
  const labels = await readFileOf(folder, entries, names.labels);
  if (E.isLeft(labels)) return labels;
  return decodeMnistSplit({
    images: images.right.bytes,
    labels: labels.right.bytes,
    imagesName: images.right.path,
    labelsName: labels.right.path,
  });
}

/**
 * Reads MNIST from a folder.
 *
 * @param folder A folder with `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`, `t10k-images-idx3-ubyte` and
 *   `t10k-labels-idx1-ubyte`, each plain or with `.gz`; the gzipped one is taken if both are there.
 * @returns Both splits (images `[n, 28, 28]`, labels `[n]`), or which file is missing or damaged, and where.
 * @example
 * ```ts
 * import { formatDataError } from 'model-patching/data';
 * import { readMnist } from 'model-patching/node';
 * const mnist = await readMnist('examples/data/mnist');
 * if (mnist._tag === 'Left') throw new Error(formatDataError(mnist.left));
 * if (mnist.right.train.labels[0] !== 5) throw new Error('the first training image is a five');
 * ```
 */
export async function readMnist(folder: string): Promise<E.Either<DataError, Mnist>> {
  const entries = await readdir(folder).then(E.right, (error: unknown) => E.left(folderError(folder, error)));
  if (E.isLeft(entries)) return entries;
  const train = await readSplit(folder, entries.right, FILES.train);
  if (E.isLeft(train)) return train;
  const test = await readSplit(folder, entries.right, FILES.test);
  return E.isLeft(test) ? test : E.right({ train: train.right, test: test.right });
}
