/** Decoders of TensorBoard's event files: those of anyone, and the one of a run that goes on. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { either as E } from 'fp-ts';
import { encodePng } from '../../src/data/png.ts';
import { encodeTfRecords, tfRecordAt } from '../../src/data/tfrecord.ts';
import {
  decodeEvents,
  encodeEvent,
  encodeStart,
  encodeVersion,
  sameButTime,
} from '../../src/logs/event-file.ts';
import type { LogEntry } from '../../src/logs/run-logger.ts';
import { eventMirror, findEventFile } from '../../src/runs/event-mirror.ts';
import type { LogView } from '../../src/runs/log-mirrors.ts';
import type { MetricsRecord } from '../../src/runs/run-log.ts';
import { anyResult, textBytes, type Decoder } from './decoder.ts';
import { repairRecords } from './repairs.ts';

const SETTINGS = { seed: 1, method: { kind: 'camel' } };
const PNG = encodePng({ width: 2, height: 1, channels: 1, pixels: Uint8Array.of(1, 2) });
const RECORDS: readonly MetricsRecord[] = [1, 2, 3].map((step) => ({ step, loss: 1 / step }));

const entriesOf = ({ step, loss }: MetricsRecord): readonly LogEntry[] => [
  { kind: 'scalars', step, values: { 'train/loss': Number(loss), 'train/rate': 0.1 } },
  ...(step === 2 ? [{ kind: 'images', step, name: 'translations', images: [PNG, PNG] } as const] : []),
];

const VIEW: LogView = {
  settings: SETTINGS,
  entriesOf: (record) => Promise.resolve(entriesOf(record)),
  conclusion: () => [],
};

const EXPECTED: readonly Uint8Array[] = [
  encodeVersion(1),
  encodeStart(1),
  ...[{ kind: 'settings', settings: SETTINGS } as const, ...RECORDS.flatMap(entriesOf)].map((entry) =>
    encodeEvent(entry, 1),
  ),
];

/** Events as older writers have them: a scalar as `simple_value`, a graph that nobody here reads. */
const OTHERS: readonly Uint8Array[] = [
  Uint8Array.of(
    0x09,
    0,
    0,
    0,
    0,
    0,
    0,
    0xf0,
    0x3f,
    0x10,
    7,
    0x2a,
    10,
    0x0a,
    8,
    0x0a,
    1,
    0x61,
    0x15,
    0,
    0,
    0,
    0x3f,
  ),
  Uint8Array.of(0x09, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f, 0x22, 3, 1, 2, 3),
];

const FILES = (): readonly Uint8Array[] => [
  encodeTfRecords(EXPECTED),
  encodeTfRecords(EXPECTED.slice(0, 3)),
  encodeTfRecords([
    ...EXPECTED,
    encodeEvent({ kind: 'text', step: 3, name: 'results', markdown: '| a |' }, 2),
  ]),
  encodeTfRecords([encodeVersion(1), ...OTHERS]),
];

/** Whether a file holds these messages and no other, whatever their times. */
function holds(bytes: Uint8Array, messages: readonly Uint8Array[]): boolean {
  let at = 0;
  for (const message of messages) {
    const found = tfRecordAt(bytes, at);
    if (E.isLeft(found) || !sameButTime(found.right.data, message)) return false;
    at = found.right.end;
  }
  return at === bytes.length;
}

/** Goes on with a run whose event file is damaged; whatever it held, it must agree with the log behind that. */
async function goOn(file: Uint8Array, folder: string): Promise<undefined> {
  writeFileSync(join(folder, 'events.out.tfevents.1.desk'), file);
  await eventMirror(folder, VIEW).agree(RECORDS);
  const { path } = await findEventFile(folder);
  if (path === null || !holds(readFileSync(path), EXPECTED))
    throw new Error('it does not agree with the log');
}

export const LOG_DECODERS: readonly Decoder[] = [
  {
    name: 'event-file',
    of: 'src/logs/event-file.ts',
    files: FILES,
    repair: repairRecords,
    run: (file) => decodeEvents(file),
  },
  {
    name: 'event-mirror',
    of: 'src/runs/event-mirror.ts, aligned-file.ts',
    files: () => [...FILES(), textBytes('')],
    repair: repairRecords,
    run: goOn,
    check: anyResult,
  },
];
