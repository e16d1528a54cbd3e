/** An event file of TensorBoard for a loop of one's own. */
import { truncate } from 'node:fs/promises';
import { either as E } from 'fp-ts';
import { tfRecordAt } from '../data/tfrecord.ts';
import { eventStep } from '../logs/event-file.ts';
import { loggerOf, type RunLogger } from '../logs/run-logger.ts';
import { makeFolder } from '../system/make-folder.ts';
import { appendTo, bytesIfThere } from './aligned-file.ts';
import { findEventFile, framedEvents, framedVersion, newEventFile } from './event-mirror.ts';

/** How {@link tensorBoardLogger} goes on. */
export interface TensorBoardLoggerOptions {
  /**
   * The steps that are done, of a training that goes on from a checkpoint: what was logged of later ones is dropped, so
   * that nothing is shown twice. By default all that is there is kept.
   */
  readonly stepsDone?: number;
}

/** Where the records of at most so many steps end. */
function endOfSteps(bytes: Uint8Array, stepsDone: number): number {
  let end = 0;
  while (end < bytes.length) {
    const record = tfRecordAt(bytes, end);
    if (E.isLeft(record) || eventStep(record.right.data) > stepsDone) break;
    end = record.right.end;
  }
  return end;
}

/** Drops what is after the steps that are done, and a torn or damaged end. */
async function cutBack(path: string, stepsDone: number): Promise<void> {
  const bytes = (await bytesIfThere(path)) ?? new Uint8Array(0);
  const end = endOfSteps(bytes, stepsDone);
  if (end < bytes.length) await truncate(path, end);
  if (end === 0) await appendTo(path, framedVersion(), true);
}

/**
 * A logger that writes an event file of TensorBoard, one a folder. What a call logs is in the file when the call
 * returns, and a TensorBoard that watches the folder shows it.
 *
 * @param folder Made if it is not there. A file that an earlier logger wrote there is gone on with, cut in its place.
 * @param options The steps that are done.
 * @returns Its `close` has nothing to do.
 * @throws What the file system says where the file cannot be written.
 * @example
 * ```ts
 * import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
 * import { tmpdir } from 'node:os';
 * import { join } from 'node:path';
 * import { decodeEvents } from 'model-patching/logs';
 * import { tensorBoardLogger } from 'model-patching/node';
 * const folder = await mkdtemp(join(tmpdir(), 'logs-'));
 * const logger = await tensorBoardLogger(folder);
 * await logger.settings({ learningRate: 0.1 });
 * for (const step of [1, 2, 3]) await logger.scalars(step, { 'train/loss': 1 / step });
 * const again = await tensorBoardLogger(folder, { stepsDone: 2 });
 * await again.scalars(3, { 'train/loss': 0.25 });
 * const [file] = await readdir(folder);
 * const events = decodeEvents(await readFile(join(folder, file!)));
 * if (events._tag === 'Left') throw new Error(events.left.found);
 * if (events.right.map(({ step }) => step).join() !== '0,0,1,2,3') throw new Error('nothing twice');
 * await rm(folder, { recursive: true });
 * ```
 */
export async function tensorBoardLogger(
  folder: string,
  { stepsDone = Infinity }: TensorBoardLoggerOptions = {},
): Promise<RunLogger> {
  await makeFolder(folder);
  const path = (await findEventFile(folder)).path ?? newEventFile(folder);
  await cutBack(path, stepsDone);
  return loggerOf((entry) => appendTo(path, framedEvents([entry])));
}
