/** Whether the files of a folder are whole, as its readers would find them if the program had ended now. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { either as E } from 'fp-ts';
import { decodeImage } from '../../src/data/decode-image.ts';
import { decodeTfRecords } from '../../src/data/tfrecord.ts';
import { decodeSafetensors } from '../../src/runs/safetensors.ts';
import { filesBelow, leftBehind } from './compare-folders.ts';

/** Reads a file by what it must be; throws or gives a left if it is not whole. */
type Reader = (bytes: Buffer) => unknown;

const parsed: Reader = (bytes) => JSON.parse(bytes.toString()) as unknown;
/** The last line of a log may be torn: it is cut off when the run goes on. */
const lines: Reader = (bytes) =>
  bytes
    .toString()
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as unknown);
const page: Reader = (bytes) => {
  if (!bytes.toString().trimEnd().endsWith('</html>')) throw new Error('no whole page');
};

/** By ending. */
const READERS: readonly (readonly [ending: RegExp, read: Reader])[] = [
  [/\.json$/, parsed],
  [/\.jsonl$/, lines],
  [/\.safetensors$/, (bytes) => decodeSafetensors(bytes, 'file')],
  [/\.tfrec$/, (bytes) => decodeTfRecords(bytes, { name: 'file' })],
  [/\.png$/, (bytes) => decodeImage(bytes, { name: 'file' })],
  [/\.html$/, page],
  [/\.gz$/, (bytes) => gunzipSync(bytes)],
];

const isLeft = (read: unknown): boolean => (read as { readonly _tag?: string } | undefined)?._tag === 'Left';

function isWhole(read: Reader, bytes: Buffer): boolean {
  const found = E.tryCatch(() => read(bytes), String);
  return E.isRight(found) && !isLeft(found.right);
}

/**
 * The files in their places below a folder that are not whole; temporary ones and locks are nobody's to read. A folder
 * that is not there has none.
 */
export function damagedFiles(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  const left = leftBehind(folder);
  return filesBelow(folder).filter((file) => {
    if (left.includes(file)) return false;
    const read = READERS.find(([ending]) => ending.test(file))?.[1];
    return read !== undefined && !isWhole(read, readFileSync(join(folder, file)));
  });
}
