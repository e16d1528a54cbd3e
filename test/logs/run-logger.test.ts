import { setTimeout } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { logEntry, loggerOf, loggers, type LogEntry } from '../../src/logs/run-logger.ts';

const PNG = Uint8Array.of(137, 80, 78, 71);
const ENTRIES: readonly LogEntry[] = [
  { kind: 'settings', settings: { seed: 1 } },
  { kind: 'scalars', step: 1, values: { loss: 2 } },
  { kind: 'images', step: 1, name: 'gallery', images: [PNG, PNG] },
  { kind: 'text', step: 2, name: 'note', markdown: 'done' },
];

it('every call is an entry, and every entry a call', async () => {
  const told: LogEntry[] = [];
  const logger = loggerOf((entry) => void told.push(entry));
  for (const entry of ENTRIES) await logEntry(logger, entry);
  expect(told).toEqual(ENTRIES);
  await logger.images(3, 'one', PNG);
  expect(told.at(-1)).toEqual({ kind: 'images', step: 3, name: 'one', images: [PNG] });
});

it('calls that nobody waits for are carried out in their order, also after one that failed', async () => {
  const told: number[] = [];
  const logger = loggerOf(async (entry) => {
    const { step } = entry as { readonly step: number };
    await setTimeout(10 - 5 * step);
    if (step === 1) throw new Error('lost');
    told.push(step);
  });
  const calls = [0, 1, 2].map((step) => logger.scalars(step, {}));
  const ended = await Promise.allSettled(calls);
  expect(ended.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(told).toEqual([0, 2]);
});

it('joined loggers are told and closed all, also where one of them throws', async () => {
  const told: string[] = [];
  const named = (name: string) =>
    loggerOf(
      () => void told.push(name),
      () => void told.push(`${name} closed`),
    );
  const failing = loggerOf(
    () => Promise.reject(new Error('full')),
    () => Promise.reject(new Error('open')),
  );
  const joined = loggers(named('one'), failing, named('other'));
  await expect(Promise.resolve(joined.text(1, 'note', ''))).rejects.toThrow('full');
  await expect(Promise.resolve(joined.close())).rejects.toThrow('open');
  expect(told).toEqual(['one', 'other', 'one closed', 'other closed']);
});
