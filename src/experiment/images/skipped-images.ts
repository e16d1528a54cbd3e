/**
 * The damaged images that a run has skipped, over all the times that it was gone on with: each once, so that a limit is
 * one of the whole run. They have a file of their own, as the time has; it is written before every checkpoint, since
 * what was met after the last one is met again.
 */
import { join } from 'node:path';
import { either as E } from 'fp-ts';
import * as t from 'io-ts';
import type { Experiment } from '../../config/schema/experiment.ts';
import { decodeJson } from '../../config/decoding.ts';
import type { DataError } from '../../data/data-error.ts';
import { writeFileAtomically } from '../../system/atomic-file.ts';
import { orExit } from '../../system/program.ts';
import type { Run } from '../../runs/run-directory.ts';
import { readText } from '../../system/text-file.ts';

const DataErrorCodec = t.readonly(
  t.type({ where: t.string, expected: t.string, found: t.string, cure: t.string }),
);
const SkippedCodec = t.record(t.string, t.readonlyArray(DataErrorCodec));

/** How many images of a split, or of a domain, may be damaged, as the settings say. */
export const skipDamagedOf = ({ data }: Pick<Experiment, 'data'>): number =>
  'skipDamaged' in data ? data.skipDamaged : 0;

/** An experiment of which so many may be, unless that is undefined. */
export const skipping = <Kind extends Experiment>(experiment: Kind, skipDamaged: number | undefined): Kind =>
  skipDamaged !== undefined && 'skipDamaged' in experiment.data
    ? { ...experiment, data: { ...experiment.data, skipDamaged } }
    : experiment;

/** Damaged images by where they are. */
export type Skipped = Map<string, DataError>;

/** Those of a run. */
export interface SkippedImages {
  /** The run itself, whose checkpoints also keep them. */
  readonly run: Run;
  /** Those of a split or domain, for the streams of its images to add to. */
  of(part: string): Skipped;
  /** Of all parts, each once, by where they are. */
  all(): readonly DataError[];
  /** Keeps them now. */
  save(): Promise<void>;
}

/** Damaged images, each once, by where they are. */
export const listed = (parts: readonly Skipped[]): readonly DataError[] =>
  [...new Map(parts.flatMap((part) => [...part]))]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([, fault]) => fault);

/**
 * The account of a run, as its last checkpoint left it.
 *
 * @param run Opened.
 * @throws ProgramError (exit code 2) if its file is not what was written.
 */
export async function skippedImagesOf(run: Run): Promise<SkippedImages> {
  const path = join(run.folder, 'damaged.json');
  const text = await readText(path);
  const kept =
    text === null
      ? {}
      : orExit(E.mapLeft(([fault]: readonly DataError[]) => fault!)(decodeJson(SkippedCodec, text, path)));
  const parts = new Map<string, Skipped>(
    Object.entries(kept).map(([part, faults]) => [
      part,
      new Map(faults.map((fault) => [fault.where, fault])),
    ]),
  );
  const save = async (): Promise<void> => {
    const file = [...parts].filter(([, faults]) => faults.size > 0);
    if (file.length === 0) return;
    const byPart = Object.fromEntries(file.map(([part, faults]) => [part, listed([faults])]));
    await writeFileAtomically(path, `${JSON.stringify(byPart, null, 2)}\n`);
  };
  return {
    of: (part) => {
      const faults = parts.get(part) ?? new Map<string, DataError>();
      parts.set(part, faults);
      return faults;
    },
    all: () => listed([...parts.values()]),
    save,
    run: {
      ...run,
      checkpoint: async (...given) => {
        await save();
        return run.checkpoint(...given);
      },
    },
  };
}
