/**
 * The damaged images that a run has skipped, over all the times that it was gone on with. Each counts once, so that a
 * limit is one of the whole run. They have a file of their own, `damaged.json`, as the time has. It is written before
 * every checkpoint, since what was met after the last one is met again.
 */
import { join, resolve } from 'node:path';
import { either as E } from 'fp-ts';
import * as t from 'io-ts';
import { decodeJson } from '../config/decoding.ts';
import type { DataError } from '../data/data-error.ts';
import { writeFileAtomically } from '../system/atomic-file.ts';
import { readText } from '../system/text-file.ts';

/** A list of faults, as files of runs hold it. */
export const DataErrorsCodec = t.readonlyArray(
  t.readonly(t.type({ where: t.string, expected: t.string, found: t.string, cure: t.string })),
);
const SkippedCodec = t.record(t.string, DataErrorsCodec);

/** Damaged images by where they are. */
export type Skipped = Map<string, DataError>;

/** The damaged images of a run. */
export interface SkippedImages {
  /** Those of a split or domain, for the streams of its images to add to. */
  of(part: string): Skipped;
  /** Those of all parts, each once, by where they are. */
  all(): readonly DataError[];
  /** Whether the image of a file, or of a record in it, was damaged. */
  wasDamaged(file: string): boolean;
  /** Notes damaged images that end the work: they are not skipped, and may be mended. */
  stoppedBy(faults: readonly DataError[]): Promise<void>;
  /** Keeps them now. */
  save(): Promise<void>;
}

/** The part of damaged images that ended the work. */
const STOPPED = 'stopped by';

/** Damaged images, each once, by where they are. */
export const listed = (parts: readonly Skipped[]): readonly DataError[] =>
  [...new Map(parts.flatMap((part) => [...part]))]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([, fault]) => fault);

/**
 * The damaged images of the run in a folder, as its last checkpoint left them.
 *
 * @param folder The folder of the run.
 * @returns The images; or what is wrong with their file.
 */
export async function skippedImagesIn(folder: string): Promise<E.Either<DataError, SkippedImages>> {
  const path = join(folder, 'damaged.json');
  const kept = decodeJson(SkippedCodec, (await readText(path)) ?? '{}', path);
  if (E.isLeft(kept)) return E.left(kept.left[0]!);
  const parts = new Map<string, Skipped>(
    Object.entries(kept.right).map(([part, faults]) => [
      part,
      new Map(faults.map((fault) => [fault.where, fault])),
    ]),
  );
  const of = (part: string): Skipped => {
    const faults = parts.get(part) ?? new Map<string, DataError>();
    parts.set(part, faults);
    return faults;
  };
  const save = async (): Promise<void> => {
    const file = [...parts].filter(([, faults]) => faults.size > 0);
    if (file.length === 0) return;
    const byPart = Object.fromEntries(file.map(([part, faults]) => [part, listed([faults])]));
    await writeFileAtomically(path, `${JSON.stringify(byPart, null, 2)}\n`);
  };
  return E.right({
    of,
    all: () => listed([...parts].flatMap(([part, faults]) => (part === STOPPED ? [] : [faults]))),
    wasDamaged: (file) => {
      const path = resolve(file);
      const places = [...parts.values()].flatMap((faults) =>
        [...faults.keys()].map((where) => resolve(where)),
      );
      // What is wrong inside a record comes after its place.
      return places.some((place) => place === path || place.startsWith(`${path}, `));
    },
    async stoppedBy(faults) {
      for (const fault of faults) of(STOPPED).set(fault.where, fault);
      await save();
    },
    save,
  });
}
