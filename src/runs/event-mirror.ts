/**
 * The event file of a run: TensorBoard's form of `metrics.jsonl`, record by record. The two are equal but for the times,
 * which the log does not hold. Events of a step that is repeated have the length that they had, so that a TensorBoard
 * which watches the file reads on at its place. Behind a rollback they have other numbers, so that a new file is begun,
 * by which a TensorBoard forgets the one before.
 */
import { open, readdir, rename, rm, stat, truncate } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { either as E } from 'fp-ts';
import { encodeTfRecords, isTornRecord, tfRecordAt } from '../data/tfrecord.ts';
import { encodeEvent, encodeStart, encodeVersion, eventFileName, sameButTime } from '../logs/event-file.ts';
import type { LogEntry } from '../logs/run-logger.ts';
import { hasCode } from '../system/text-file.ts';
import { alignFile, appendTo, type AlignmentRule } from './aligned-file.ts';
import type { LogMirror, LogView } from './log-mirrors.ts';
import type { MetricsRecord } from './run-log.ts';

/** Seconds since 1970. */
const now = (): number => Date.now() / 1000;

/** Longer than the first record of any event file. */
const FIRST_BYTES = 512;

async function firstBytes(path: string): Promise<Uint8Array> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(FIRST_BYTES), 0, FIRST_BYTES, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** Whether an event file is one of ours, one of others, or its first record is damaged. */
async function originOf(path: string): Promise<'ours' | 'foreign' | 'damaged'> {
  const bytes = await firstBytes(path);
  const first = tfRecordAt(bytes, 0);
  if (E.isLeft(first)) return isTornRecord(bytes, 0) ? 'ours' : 'damaged';
  return sameButTime(first.right.data, encodeVersion(now())) ? 'ours' : 'foreign';
}

async function eventFilesIn(folder: string): Promise<readonly string[]> {
  try {
    const names = await readdir(folder);
    return names.filter((name) => name.startsWith('events.out.tfevents.')).sort();
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return [];
    throw error;
  }
}

/** The event file of a folder, and lines on what was set aside. */
export interface FoundEventFile {
  /** Null if there is none of ours. */
  readonly path: string | null;
  readonly notes: readonly string[];
}

/** Removes event files that were emptied behind a rollback. */
async function removeEmptied(folder: string): Promise<void> {
  const paths = (await eventFilesIn(folder)).map((name) => join(folder, name));
  for (const path of paths.slice(0, -1)) if ((await stat(path)).size === 0) await rm(path);
}

/**
 * Finds the event file in a folder that was begun here. One whose beginning is damaged gets a name by which TensorBoard
 * does not find it; those of other writers stay as they are.
 */
export async function findEventFile(folder: string): Promise<FoundEventFile> {
  const notes: string[] = [];
  for (const name of await eventFilesIn(folder)) {
    const path = join(folder, name);
    const origin = await originOf(path);
    if (origin === 'ours') return { path, notes };
    if (origin === 'foreign') continue;
    const aside = join(folder, `damaged.${name.replace('tfevents', 'events')}`);
    await rename(path, aside);
    notes.push(`${path}: its beginning is damaged; it is now ${aside}, and a new one is written`);
  }
  return { path: null, notes };
}

/** The path of a new event file in a folder; TensorBoard goes on from another one to that of a later second. */
export const newEventFile = (folder: string, other?: string): string => {
  const [seconds, before] = [now(), Number(/tfevents\.(\d+)\./.exec(other ?? '')?.[1] ?? 0)];
  return join(folder, eventFileName(Math.max(seconds, before + 1), hostname()));
};

/** Frames entries as events of now. */
export const framedEvents = (entries: readonly LogEntry[]): Uint8Array =>
  encodeTfRecords(entries.map((entry) => encodeEvent(entry, now())));

/** The first record of an event file. */
export const framedVersion = (): Uint8Array => encodeTfRecords([encodeVersion(now())]);

const framedStart = (): Uint8Array => encodeTfRecords([encodeStart(now())]);

const HEADER = 12;
const FOOTER = 4;

const EVENTS: AlignmentRule = {
  endOf(bytes, start, expected) {
    if (start >= bytes.length) return null;
    const found = tfRecordAt(bytes, start);
    return E.isRight(found) && sameButTime(found.right.data, expected.subarray(HEADER, -FOOTER))
      ? found.right.end
      : null;
  },
  isTorn: isTornRecord,
};

async function* expectedEvents<Outcome>(view: LogView<Outcome>, records: readonly MetricsRecord[]) {
  yield framedVersion();
  yield framedStart();
  yield framedEvents([{ kind: 'settings', settings: view.settings }]);
  for (const record of records) for (const entry of await view.entriesOf(record)) yield framedEvents([entry]);
}

/**
 * The event file in the folder of a run.
 *
 * @param folder Of the run.
 * @param view What its log says.
 */
export function eventMirror<Outcome>(folder: string, view: LogView<Outcome>): LogMirror<Outcome> {
  let path: string | null = null;
  let held = 0;
  const append = async (entries: readonly LogEntry[]): Promise<void> => {
    if (path === null) throw new Error('the event file has not been opened');
    if (entries.length > 0) await appendTo(path, framedEvents(entries));
  };
  return {
    name: join(folder, 'events.out.tfevents'),
    isMissing: async () => (await findEventFile(folder)).path === null,
    async agree(records) {
      const rolledBack = path !== null && records.length < held;
      // One that reads the file finds its end, where it looks for another one; it would wait for a file that is gone.
      if (rolledBack) await truncate(path!, 0);
      else await removeEmptied(folder);
      const found = await findEventFile(folder);
      path = rolledBack || found.path === null ? newEventFile(folder, path ?? '') : found.path;
      const from = await alignFile(path, expectedEvents(view, records), EVENTS);
      held = records.length;
      return from === null
        ? found.notes
        : [...found.notes, `${path}: damaged from byte ${from} on; it is written anew from metrics.jsonl`];
    },
    async add(records) {
      held += records.length;
      await append((await Promise.all(records.map((record) => view.entriesOf(record)))).flat());
    },
    async conclude(outcome) {
      await append(view.conclusion(outcome));
      await removeEmptied(folder);
    },
  };
}
