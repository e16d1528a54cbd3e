/**
 * How long a run has taken, over all the times that it was gone on with: what was spent up to its last checkpoint, as
 * its steps count from there too. It has a file of its own, because checkpoints and log hold the same bits however
 * often a run was stopped.
 */
import { join } from 'node:path';
import * as t from 'io-ts';
import { nonNegativeNumber } from '../config/codecs.ts';
import { writeFileAtomically } from '../system/atomic-file.ts';
import type { Run } from '../runs/run-directory.ts';
import { parseJson, readText } from '../system/text-file.ts';

const ElapsedCodec = t.type({ seconds: nonNegativeNumber });

/** The clock of a run. */
export interface Elapsed {
  /** The run itself, whose checkpoints also keep the time. */
  readonly run: Run;
  /** So far, of all times together. */
  seconds(): number;
  /** Keeps the time so far, beside checkpoints that are not the run's own. */
  save(): Promise<void>;
}

/** Starts the clock of a run where its last checkpoint left it. */
export async function elapsedOf(run: Run): Promise<Elapsed> {
  const began = performance.now();
  const path = join(run.folder, 'elapsed.json');
  const text = await readText(path);
  const kept = text === null ? undefined : parseJson(text);
  const before = ElapsedCodec.is(kept) ? kept.seconds : 0;
  const seconds = (): number => before + (performance.now() - began) / 1000;
  const save = (): Promise<void> => writeFileAtomically(path, `${JSON.stringify({ seconds: seconds() })}\n`);
  return {
    seconds,
    save,
    run: {
      ...run,
      checkpoint: async (...given) => {
        const file = await run.checkpoint(...given);
        await save();
        return file;
      },
    },
  };
}
