import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { either as E } from 'fp-ts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { decodeEvents } from '../../src/logs/event-file.ts';
import { tensorBoardLogger } from '../../src/runs/tensorboard-logger.ts';

let root = '';
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'tensorboard-logger-'));
});
afterAll(() => rm(root, { recursive: true }));

async function stepsIn(folder: string): Promise<readonly number[]> {
  const files = await readdir(folder);
  expect(files).toHaveLength(1);
  const events = decodeEvents(await readFile(join(folder, files[0]!)));
  if (E.isLeft(events)) throw new Error(JSON.stringify(events.left));
  expect(events.right[0]!.fileVersion).toBe('brain.Event:2');
  return events.right.slice(1).map(({ step }) => step);
}

it('one file a folder: later loggers go on with it, from the steps that are done', async () => {
  const folder = join(root, 'new', 'folder');
  const first = await tensorBoardLogger(folder);
  for (const step of [1, 2, 3, 4]) await first.scalars(step, { loss: step });
  await first.close();
  const second = await tensorBoardLogger(folder);
  await second.text(5, 'note', 'on');
  expect(await stepsIn(folder)).toEqual([1, 2, 3, 4, 5]);
  const third = await tensorBoardLogger(folder, { stepsDone: 2 });
  await third.scalars(3, { loss: 0 });
  expect(await stepsIn(folder)).toEqual([1, 2, 3]);
  await tensorBoardLogger(folder, { stepsDone: -1 });
  expect(await stepsIn(folder)).toEqual([]);
});

it('a torn or damaged end is dropped', async () => {
  const folder = join(root, 'torn');
  const logger = await tensorBoardLogger(folder);
  for (const step of [1, 2]) await logger.scalars(step, { loss: step });
  const path = join(folder, (await readdir(folder))[0]!);
  const bytes = await readFile(path);
  await writeFile(path, bytes.subarray(0, -3));
  const again = await tensorBoardLogger(folder);
  await again.scalars(7, { loss: 7 });
  expect(await stepsIn(folder)).toEqual([1, 7]);
});

it('calls that nobody waits for are written in order', async () => {
  const folder = join(root, 'unawaited');
  const logger = await tensorBoardLogger(folder);
  const calls = Array.from({ length: 20 }, (_, step) => logger.scalars(step, { loss: step }));
  await Promise.all(calls);
  expect(await stepsIn(folder)).toEqual(Array.from({ length: 20 }, (_, step) => step));
});
