/** Fuzzes decoders in a process of its own, which is watched: one that dies or hangs is ended, and begun anew behind. */
import { fork, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { ProcessMessage, ProcessOptions } from './fuzz-process.ts';
import { pathOf, type Failure, type Job, type Summary } from './job.ts';

/** What a fuzzing came to. */
export interface FuzzResult {
  readonly summaries: readonly Summary[];
  readonly failures: readonly Failure[];
}

/** How it is done. */
export interface FuzzOptions {
  /** Where failing inputs and files of the moment go. */
  readonly folder: string;
  /** Milliseconds of work on one input after which the process counts as hanging. */
  readonly patience?: number;
  /** The module that exports `DECODERS`, for tests. */
  readonly decoders?: string;
  readonly onSummary?: (summary: Summary) => void;
  readonly onFailure?: (failure: Failure) => void;
}

const LOADER = pathToFileURL(
  fileURLToPath(new URL('../../node_modules/tsx/dist/loader.mjs', import.meta.url)),
);
const PROGRAM = fileURLToPath(new URL('fuzz-process.ts', import.meta.url));

function start(options: ProcessOptions): ChildProcess {
  return fork(PROGRAM, [JSON.stringify(options)], {
    execArgv: ['--conditions=source', '--import', LOADER.href, '--expose-gc', '--max-old-space-size=1024'],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
}

/** The job and the input that the process is at. */
function progressIn(scratch: string): readonly [job: number, input: number] | undefined {
  try {
    const bytes = readFileSync(join(scratch, 'progress'));
    return bytes.length < 8 ? undefined : [bytes.readUInt32LE(0), bytes.readUInt32LE(4)];
  } catch {
    return undefined;
  }
}

/** Seconds of the processor that a process has had; NaN where the system does not tell. */
function processorSeconds(pid: number | undefined): number {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return Number.NaN;
  }
}

/** Milliseconds of work until the first input: the modules are compiled. */
const STARTING = 60_000;

/** Waiting this many times longer than what is allowed of work counts as hanging, however busy the machine is. */
const WAITING = 15;

/** How a process ended: null if it came to its end, or why not. */
function ended(child: ChildProcess, scratch: string, patience: number): Promise<string | null> {
  let errors = '';
  child.stderr?.on('data', (data: Buffer) => {
    errors = (errors + data.toString()).slice(-2000);
  });
  const now = () => ({
    at: String(progressIn(scratch)),
    time: Date.now(),
    work: processorSeconds(child.pid),
  });
  let last = now();
  let isHanging = false;
  const watch = setInterval(() => {
    const next = now();
    const worked = 1000 * (next.work - last.work);
    const most = next.at === 'undefined' ? STARTING : patience;
    if (next.at !== last.at) last = next;
    else if (worked > most || next.time - last.time > WAITING * most) isHanging = child.kill('SIGKILL');
  }, 250);
  return new Promise((resolve) => {
    child.on('exit', (code, signal) => {
      clearInterval(watch);
      const died = `the process ended with ${signal ?? `exit code ${code}`}: ${errors}`;
      resolve(isHanging ? `no end after ${patience} ms of work` : code === 0 ? null : died);
    });
  });
}

/** Jobs without what has been done up to an input. */
const behind = (jobs: readonly Job[], job: number, input: number): readonly Job[] =>
  jobs.slice(job).flatMap((each, i) => {
    const from = i === 0 ? input + 1 : each.from;
    return from < each.to ? [{ ...each, from }] : [];
  });

/**
 * Runs jobs one after the other.
 *
 * @param jobs Decoders and numbers of inputs.
 * @param options Where, and with how much patience.
 */
export async function fuzz(jobs: readonly Job[], options: FuzzOptions): Promise<FuzzResult> {
  const { folder, patience = 10_000, onSummary, onFailure } = options;
  const decoders = options.decoders ?? new URL('decoders.ts', import.meta.url).href;
  const summaries: Summary[] = [];
  const failures: Failure[] = [];
  const failed = (failure: Failure): void => {
    failures.push(failure);
    onFailure?.(failure);
  };
  mkdirSync(folder, { recursive: true });
  for (let left = jobs; left.length > 0;) {
    const scratch = mkdtempSync(join(folder, 'scratch-'));
    const child = start({ jobs: left, scratch, failures: folder, decoders });
    child.on('message', (message: ProcessMessage) => {
      if (message.kind === 'failure') failed(message.failure);
      else {
        summaries.push(message.summary);
        onSummary?.(message.summary);
      }
    });
    const why = await ended(child, scratch, patience);
    const at = progressIn(scratch);
    rmSync(scratch, { recursive: true, force: true });
    if (why === null) break;
    if (at === undefined) throw new Error(`the process that fuzzes did not start: ${why}`);
    const [job, input] = at;
    const { decoder, seed } = left[job]!;
    const only = [{ decoder, seed, from: input, to: input + 1, isWritten: true }];
    await ended(start({ jobs: only, scratch, failures: folder, decoders }), scratch, patience);
    failed({ decoder, input, what: why, file: pathOf(folder, decoder, seed, input) });
    left = behind(left, job, input);
  }
  return { summaries, failures };
}

/** How an input is run again. */
export const repeatLine = (seed: number, { decoder, input }: Pick<Failure, 'decoder' | 'input'>): string =>
  `npm run fuzz -- --decoder ${decoder} --seed ${seed} --input ${input}`;
