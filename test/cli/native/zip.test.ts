import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readZipDirectory, unpackEntry } from '../../../src/cli/native/zip.ts';
import { encodeNpz } from '../../../src/weight-files/npz.ts';

const folder = mkdtempSync(join(tmpdir(), 'zip-'));
afterAll(() => rmSync(folder, { recursive: true }));

const { signal } = new AbortController();

async function entryOf(path: string) {
  const directory = await readZipDirectory(path);
  if (directory._tag === 'Left') throw new Error(directory.left.found);
  return directory.right.get('a.npy')!;
}

describe('an entry of a zip archive', () => {
  it('is unpacked to as many bytes as its directory says, and no more', async () => {
    const [path, target] = [join(folder, 'a.zip'), join(folder, 'a.npy')];
    const archive = Buffer.concat(encodeNpz([{ name: 'a', shape: [2], values: Float32Array.of(1, 2) }]));
    writeFileSync(path, archive);
    const entry = await entryOf(path);
    const { bytes } = await unpackEntry(path, entry, target, signal);
    expect(readFileSync(target).length).toBe(bytes);
    expect(bytes).toBe(entry.size);
    const short = { ...entry, size: entry.size - 1 };
    await expect(unpackEntry(path, short, target, signal)).rejects.toThrow('a.npy holds more than');
  });
});
