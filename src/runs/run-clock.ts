/**
 * How long a run has taken, over all the times that it was gone on with. What was spent up to the last checkpoint
 * counts, as the steps do. The time has a file of its own, `elapsed.json`: checkpoints and log hold the same bits
 * however often a run was stopped.
 */
import { join } from 'node:path';
import * as t from 'io-ts';
import { nonNegativeNumber } from '../config/codecs.ts';
import { writeFileAtomically } from '../system/atomic-file.ts';
import { parseJson, readText } from '../system/text-file.ts';

const ElapsedCodec = t.type({ seconds: nonNegativeNumber });

/** The clock of a run. */
export interface RunClock {
  /** The seconds so far, of all times together. */
  seconds(): number;
  /** Keeps the time so far. */
  save(): Promise<void>;
}

/** Starts the clock of the run in a folder, where its last checkpoint left it. */
export async function startClock(folder: string): Promise<RunClock> {
  const began = performance.now();
  const path = join(folder, 'elapsed.json');
  const kept = parseJson((await readText(path)) ?? '');
  const before = ElapsedCodec.is(kept) ? kept.seconds : 0;
  const seconds = (): number => before + (performance.now() - began) / 1000;
  return {
    seconds,
    save: () => writeFileAtomically(path, `${JSON.stringify({ seconds: seconds() })}\n`),
  };
}
