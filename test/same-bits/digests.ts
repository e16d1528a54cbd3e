/**
 * SHA-256 digests of what a run leaves behind. They are of values, not of files: tensors by name, pixels of records and
 * figures of reports, so that another layout of the same values has the same digest.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { either as E } from 'fp-ts';
import { decodeImage } from '../../src/data/decode-image.ts';
import { decodeLabelledImage } from '../../src/data/example.ts';
import { decodeTfRecords } from '../../src/data/tfrecord.ts';
import type { GroupReport } from '../../src/metrics/group-report.ts';
import { decodeSafetensors } from '../../src/runs/safetensors.ts';

/** Names with digests, in the order in which they were made. */
export type Digests = Readonly<Record<string, string>>;

const right = <A>(read: E.Either<unknown, A>): A => {
  if (E.isLeft(read)) throw new Error(JSON.stringify(read.left));
  return read.right;
};

/** The names of all files below a folder, in alphabetical order. */
const filesBelow = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();

function digestOf(feed: (update: (part: string | Uint8Array) => void) => void): string {
  const hash = createHash('sha256');
  feed((part) => void hash.update(part).update('\n'));
  return hash.digest('hex');
}

/** Of the tensors of a safetensors file: name, type, shape and elements of each. */
export const tensorsDigest = (file: string): string =>
  digestOf((update) => {
    const { tensors } = right(decodeSafetensors(readFileSync(file), file));
    for (const name of [...tensors.keys()].sort()) {
      const { dtype, shape, data } = tensors.get(name)!;
      update(`${name} ${dtype} ${shape.join()}`);
      update(data);
    }
  });

/** Of the newest checkpoint in a folder. */
export const checkpointDigest = (folder: string): string =>
  tensorsDigest(
    filesBelow(folder)
      .filter((file) => file.endsWith('.safetensors'))
      .at(-1)!,
  );

/** Of the labels and pixels of all record files below a folder, group after group. */
export const recordsDigest = (folder: string): string =>
  digestOf((update) => {
    for (const file of filesBelow(folder).filter((name) => name.endsWith('.tfrec'))) {
      for (const record of right(decodeTfRecords(readFileSync(file), { name: file }))) {
        const { image, label } = right(decodeLabelledImage(record, file));
        const { height, width, channels, pixels } = right(decodeImage(image, { name: file }));
        update(`${label} ${height} ${width} ${channels}`);
        update(pixels);
      }
    }
  });

/** Of the figures of a report, group by group. */
export const reportDigest = ({ groups }: Pick<GroupReport, 'groups'>): string =>
  digestOf((update) => {
    for (const { name, count, accuracy, loss } of groups) update(`${name} ${count} ${accuracy} ${loss}`);
  });

/** Of JSON data. */
export const jsonDigest = (data: unknown): string => digestOf((update) => update(JSON.stringify(data)));
