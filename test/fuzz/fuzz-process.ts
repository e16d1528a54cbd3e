/** The process in which decoders are fuzzed: what they do to it, the one that started it sees. */
import { mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Decoder } from './decoder.ts';
import { runJob, type Failure, type Job, type Summary } from './job.ts';

/** What the process is told. */
export interface ProcessOptions {
  readonly jobs: readonly Job[];
  /** A folder of its own. */
  readonly scratch: string;
  readonly failures: string;
  /** The module that exports `DECODERS`. */
  readonly decoders: string;
}

/** What the process tells. */
export type ProcessMessage =
  | { readonly kind: 'failure'; readonly failure: Failure }
  | { readonly kind: 'summary'; readonly summary: Summary };

const { jobs, scratch, failures, decoders } = JSON.parse(process.argv[2]!) as ProcessOptions;

mkdirSync(scratch, { recursive: true });
process.env['FUZZ_SCRATCH'] = scratch;
const progress = openSync(join(scratch, 'progress'), 'w');
const numbers = new Uint32Array(2);
const bytes = new Uint8Array(numbers.buffer);

const tell = (message: ProcessMessage): void => void process.send?.(message);
const { DECODERS } = (await import(decoders)) as { readonly DECODERS: readonly Decoder[] };

// A rejection that nobody awaits would end a program of a user.
process.on('unhandledRejection', (error) => {
  throw error;
});

for (const [i, job] of jobs.entries()) {
  const decoder = DECODERS.find(({ name }) => name === job.decoder);
  if (decoder === undefined) throw new Error(`no decoder ${job.decoder}`);
  const note = (input: number): void => {
    numbers.set([i, input]);
    writeSync(progress, bytes, 0, 8, 0);
  };
  const summary = await runJob(decoder, job, {
    scratch,
    failures,
    note,
    onFailure: (failure) => tell({ kind: 'failure', failure }),
  });
  tell({ kind: 'summary', summary });
}
rmSync(scratch, { recursive: true, force: true });
process.disconnect();
