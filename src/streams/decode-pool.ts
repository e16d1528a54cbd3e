/**
 * Images are decoded in worker threads, beside the training step. An image is handed to a worker as soon as it is
 * asked for and waits there. While a native step holds this thread, nothing could be handed over. Workers take their
 * images in turn, so that the batch that is needed first is ready first.
 */
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { either as E } from 'fp-ts';
import type { DataError } from '../data/data-error.ts';
import type { ImageLocation } from '../data/dataset.ts';
import { ProgramError } from '../system/program.ts';
import type { DecodeAnswer, DecodeRequest } from './decode-worker.ts';
import { nameOf } from './image-bytes.ts';
import { imageReader, type LoadImageOptions } from './load-image.ts';

/** {@link openDecodePool} takes these options. */
export interface DecodePoolOptions extends LoadImageOptions {
  /** Number of worker threads; 0 decodes in this thread. Default: one less than there are processors, 1 … 8. */
  readonly workers?: number;
  /** Seconds that a worker may take for an image, default 120. Without workers there is no limit. */
  readonly timeLimit?: number;
  /** The workers' program, for tests. */
  readonly script?: URL;
}

/** Loads images in worker threads; see {@link openDecodePool}. */
export interface DecodePool {
  /** The pixels of an image, or what is wrong with it. Rejects if the pool is closed or a worker has died or hangs. */
  load(location: ImageLocation): Promise<E.Either<DataError, Uint8Array>>;
  /** Ends the workers; loads that are under way are refused. */
  close(): Promise<void>;
}

interface Task extends DecodeRequest {
  readonly resolve: (loaded: E.Either<DataError, Uint8Array>) => void;
  readonly reject: (error: Error) => void;
}

/** A worker that runs the program beside this one; TypeScript, as in a checkout of the sources, needs a loader. */
function startWorker(script: URL | undefined, workerData: LoadImageOptions): Worker {
  if (script !== undefined) return new Worker(script, { workerData, execArgv: [] });
  if (!import.meta.url.endsWith('.ts')) {
    return new Worker(new URL('./decode-worker.js', import.meta.url), { workerData, execArgv: [] });
  }
  const api = createRequire(import.meta.url).resolve('tsx/esm/api');
  // As JSON, for a folder's name may have quotes in it, which URLs leave as they are.
  const [loader, source] = [
    pathToFileURL(api.replace(/\.cjs$/, '.mjs')),
    new URL('./decode-worker.ts', import.meta.url),
  ].map(({ href }) => JSON.stringify(href));
  const run = `import(${loader}).then(({ register }) => { register(); return import(${source}); })`;
  return new Worker(run, { eval: true, workerData, execArgv: [] });
}

/** Answers that came while this thread was held are taken within this time of its being free again. */
const GRACE_MILLISECONDS = 1000;

/** Calls for each worker that is at one task for too long. */
function taskWatch(seconds: number, late: (worker: Worker) => void) {
  const timers = new Map<Worker, NodeJS.Timeout>();
  const end = (worker: Worker): void => clearTimeout(timers.get(worker));
  const after = (worker: Worker, milliseconds: number, then: () => void): void =>
    void timers.set(worker, setTimeout(then, milliseconds).unref());
  return {
    end,
    begin: (worker: Worker): void => {
      end(worker);
      after(worker, seconds * 1000, () => after(worker, GRACE_MILLISECONDS, () => late(worker)));
    },
  };
}

function workerPool(
  count: number,
  timeLimit: number,
  options: LoadImageOptions,
  script: URL | undefined,
): DecodePool {
  /** For each worker, the first one is under way and the others wait. */
  const tasksOf = new Map<Worker, Task[]>();
  let next = 0;
  let end: Error | undefined;

  const answer = (worker: Worker, message: DecodeAnswer): void => {
    const tasks = tasksOf.get(worker)!;
    const task = tasks.shift();
    // An idle worker does not keep the process alive; one that is being ended does until it has, late answers or not.
    if (end === undefined && tasks.length === 0) worker.unref();
    if (tasks.length === 0) watch.end(worker);
    else watch.begin(worker);
    task?.resolve('pixels' in message ? E.right(message.pixels) : E.left(message.fault));
  };
  const finish = (error: Error): void => {
    if (end !== undefined) return;
    end = error;
    for (const [worker, tasks] of tasksOf) {
      for (const { reject } of tasks) reject(error);
      tasks.length = 0;
      watch.end(worker);
      worker.unref();
    }
  };
  const fail = (worker: Worker, expected: string, found: string, cure: string): void => {
    const task = tasksOf.get(worker)?.[0];
    const where = task === undefined ? '' : `, at ${nameOf(task.location)}`;
    finish(new ProgramError(`a decode worker${where}: expected ${expected}, found ${found}; ${cure}`, 1));
  };
  const died = (worker: Worker, found: string): void =>
    fail(
      worker,
      'it to decode images',
      found,
      'run again with fewer workers, and report it if it dies again',
    );
  const watch = taskWatch(timeLimit, (worker) =>
    fail(
      worker,
      `the image to be decoded within ${timeLimit} s`,
      'it still at work',
      'look at this image and its disk; the same command goes on from the last checkpoint',
    ),
  );
  const start = (): void => {
    const worker = startWorker(script, options);
    worker.on('message', (message: DecodeAnswer) => answer(worker, message));
    worker.on('error', (error: unknown) =>
      died(worker, `that it failed (${error instanceof Error ? error.message : String(error)})`),
    );
    worker.on('exit', (code) => died(worker, `that it ended with exit code ${code}`));
    worker.unref();
    tasksOf.set(worker, []);
  };
  return {
    load: (location) =>
      new Promise((resolve, reject) => {
        if (end !== undefined) {
          reject(end);
          return;
        }
        if (tasksOf.size === 0) for (let i = 0; i < count; i++) start();
        const [worker, tasks] = [...tasksOf].reduce((least, other) =>
          other[1].length < least[1].length ? other : least,
        );
        const id = next++;
        tasks.push({ id, location, resolve, reject });
        if (tasks.length === 1) watch.begin(worker);
        worker.ref();
        worker.postMessage({ id, location } satisfies DecodeRequest);
      }),
    close: async () => {
      finish(new Error('the decode workers are closed'));
      await Promise.all([...tasksOf.keys()].map((worker) => worker.terminate()));
    },
  };
}

/**
 * Worker threads that load images of any location and bring them to one shape. They start with the first image.
 *
 * @param options The shape, how images are resized, the number of workers.
 * @returns The pool.
 * @throws RangeError unless the shape is three whole numbers, of one or three channels, `workers` a whole number and
 *   `timeLimit` more than 0.
 * @example
 * ```ts
 * import { mkdtemp, rm, writeFile } from 'node:fs/promises';
 * import { tmpdir } from 'node:os';
 * import { join } from 'node:path';
 * import { encodePng } from 'model-patching/data';
 * import { openDecodePool } from 'model-patching/node';
 * const folder = await mkdtemp(join(tmpdir(), 'images-'));
 * const file = join(folder, 'grey.png');
 * await writeFile(file, encodePng({ height: 1, width: 2, channels: 1, pixels: Uint8Array.of(10, 20) }));
 * const pool = openDecodePool({ shape: [1, 1, 3], workers: 1 });
 * const loaded = await pool.load({ file });
 * const missing = await pool.load({ file: join(folder, 'other.png') });
 * await pool.close();
 * await rm(folder, { recursive: true });
 * if (loaded._tag === 'Left' || loaded.right.join() !== '15,15,15') throw new Error('grey 15 expected');
 * if (missing._tag === 'Right' || missing.left.found !== 'no such file') throw new Error('no image expected');
 * ```
 */
export function openDecodePool(options: DecodePoolOptions): DecodePool {
  const {
    workers = Math.min(8, Math.max(1, availableParallelism() - 1)),
    script,
    timeLimit = 120,
    ...decoding
  } = options;
  const { shape } = decoding;
  const whole = (value: number) => Number.isInteger(value) && value >= 1;
  if (!(shape.length === 3 && shape.every(whole) && (shape[2] === 1 || shape[2] === 3))) {
    throw new RangeError(`shape: expected [height, width, 1 or 3], received [${shape.join()}]`);
  }
  if (!(Number.isInteger(workers) && workers >= 0)) {
    throw new RangeError(`workers: expected a whole number ≥ 0, received ${workers}`);
  }
  if (!(timeLimit > 0)) throw new RangeError(`timeLimit: expected more than 0, received ${timeLimit}`);
  return workers === 0 ? imageReader(decoding) : workerPool(workers, timeLimit, decoding, script);
}
