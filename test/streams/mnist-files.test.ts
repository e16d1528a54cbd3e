import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { encodeIdx } from '../../src/data/idx.ts';
import { readMnist } from '../../src/streams/mnist-files.ts';

const root = mkdtempSync(join(tmpdir(), 'mnist-files-'));
afterAll(() => rmSync(root, { recursive: true }));

const images = encodeIdx({ shape: [1, 28, 28], values: new Uint8Array(784) });
const labels = encodeIdx({ shape: [1], values: Uint8Array.of(4) });
const GOOD: Record<string, Uint8Array> = {
  'train-images-idx3-ubyte.gz': gzipSync(images),
  'train-labels-idx1-ubyte': labels,
  't10k-images-idx3-ubyte': images,
  't10k-labels-idx1-ubyte.gz': gzipSync(labels),
};

function folder(name: string, files: Record<string, Uint8Array>): string {
  const path = join(root, name);
  mkdirSync(path);
  for (const [file, bytes] of Object.entries(files)) writeFileSync(join(path, file), bytes);
  return path;
}

async function failure(path: string) {
  const result = await readMnist(path);
  if (result._tag === 'Right') throw new Error('expected an error');
  return result.left;
}

describe('readMnist', () => {
  it('reads the published files: counts, first digits and pixel sums', async () => {
    const result = await readMnist(fileURLToPath(new URL('../../examples/data/mnist', import.meta.url)));
    if (result._tag === 'Left') throw new Error(JSON.stringify(result.left));
    const { train, test } = result.right;
    expect([...train.labels.subarray(0, 10)]).toEqual([5, 0, 4, 1, 9, 2, 1, 3, 1, 4]);
    expect([...test.labels.subarray(0, 5)]).toEqual([7, 2, 1, 0, 4]);
    expect(train.labels.filter((label) => label === 1).length).toBe(6742);
    // The mean and standard deviation by which the field normalises MNIST: 0.1307, 0.3081.
    let sum = 0;
    let squares = 0;
    for (const value of train.images) {
      sum += value;
      squares += value * value;
    }
    const mean = sum / train.images.length / 255;
    expect(mean).toBeCloseTo(0.1307, 4);
    expect(Math.sqrt(squares / train.images.length / 255 ** 2 - mean ** 2)).toBeCloseTo(0.3081, 4);
  });

  it('takes plain and gzipped files together', async () => {
    const result = await readMnist(folder('mixed', GOOD));
    expect(result).toMatchObject({ _tag: 'Right', right: { train: { labels: { 0: 4 } } } });
  });

  it('says which folder or file is missing', async () => {
    const missing = await failure(join(root, 'nowhere'));
    expect(missing.where).toContain(join(root, 'nowhere'));
    expect(missing.found).toBe('no such folder');
    expect(missing.expected).toContain('t10k-labels-idx1-ubyte[.gz]');

    const rest = Object.fromEntries(
      Object.entries(GOOD).filter(([name]) => name !== 't10k-images-idx3-ubyte'),
    );
    const incomplete = await failure(folder('incomplete', rest));
    expect(incomplete.expected).toContain('t10k-images-idx3-ubyte.gz or t10k-images-idx3-ubyte');
    expect(incomplete.found).toContain('train-labels-idx1-ubyte');

    expect((await failure(folder('empty', {}))).found).toBe('an empty folder');
    expect((await failure(join(folder('file', GOOD), 't10k-images-idx3-ubyte'))).found).toBe('a file');
  });

  it('names the damaged file', async () => {
    const file = 'train-images-idx3-ubyte.gz';
    const cut = await failure(folder('cut', { ...GOOD, [file]: gzipSync(images).subarray(0, 30) }));
    expect(cut.where).toBe(join(root, 'cut', file));
    expect(cut.found).toBe('unexpected end of file');

    const truncated = await failure(folder('short', { ...GOOD, [file]: gzipSync(images.subarray(0, 500)) }));
    expect(truncated.where).toBe(`${join(root, 'short', file)}, byte 500`);

    const twoLabels = gzipSync(encodeIdx({ shape: [2], values: Uint8Array.of(1, 2) }));
    const mismatch = await failure(folder('mismatch', { ...GOOD, 't10k-labels-idx1-ubyte.gz': twoLabels }));
    expect(mismatch.expected).toBe('1 labels, one for each image');
  });

  it('does not unpack a file that grows without bound', async () => {
    const bomb = gzipSync(new Uint8Array(80 * 2 ** 20));
    expect(bomb.length).toBeLessThan(100_000);
    const error = await failure(folder('bomb', { ...GOOD, 'train-images-idx3-ubyte.gz': bomb }));
    expect(error.found).toBe('more when uncompressed');
  });

  it('reports a file that is a folder', async () => {
    const path = folder('directory', { ...GOOD });
    rmSync(join(path, 'train-labels-idx1-ubyte'));
    mkdirSync(join(path, 'train-labels-idx1-ubyte'));
    expect((await failure(path)).where).toBe(join(path, 'train-labels-idx1-ubyte'));
  });

  it('unpacks a gzipped file that lost its ending', async () => {
    const path = folder('renamed', { ...GOOD, 'train-labels-idx1-ubyte': gzipSync(labels) });
    expect((await readMnist(path))._tag).toBe('Right');
  });
});
