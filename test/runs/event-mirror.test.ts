import { appendFile, mkdtemp, readFile, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { either as E } from 'fp-ts';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodePng } from '../../src/data/png.ts';
import { encodeTfRecords } from '../../src/data/tfrecord.ts';
import { decodeEvents, encodeVersion, type LoggedEvent } from '../../src/logs/event-file.ts';
import { eventMirror } from '../../src/runs/event-mirror.ts';
import type { LogView } from '../../src/runs/log-mirrors.ts';
import type { MetricsRecord } from '../../src/runs/run-log.ts';

let root = '';
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'event-mirror-'));
});
afterAll(() => rm(root, { recursive: true }));

const PNG = encodePng({ width: 2, height: 1, channels: 1, pixels: Uint8Array.of(1, 2) });

const VIEW: LogView<string> = {
  settings: { seed: 1 },
  entriesOf: ({ step, loss }) =>
    Promise.resolve([
      { kind: 'scalars', step, values: { loss: Number(loss) } },
      ...(step % 3 === 0 ? [{ kind: 'images', step, name: 'gallery', images: [PNG] } as const] : []),
    ]),
  conclusion: (outcome) => [{ kind: 'text', step: 9, name: 'results', markdown: outcome }],
};

const records = (from: number, to: number): readonly MetricsRecord[] =>
  Array.from({ length: to - from + 1 }, (_, i) => ({ step: from + i, loss: 1 / (from + i) }));

const eventFiles = async (folder: string): Promise<readonly string[]> =>
  (await readdir(folder)).filter((name) => name.includes('tfevents')).map((name) => join(folder, name));

async function eventFile(folder: string): Promise<string> {
  const files = await eventFiles(folder);
  expect(files).toHaveLength(1);
  return files[0]!;
}

async function eventsIn(folder: string): Promise<readonly LoggedEvent[]> {
  const read = decodeEvents(await readFile(await eventFile(folder)));
  if (E.isLeft(read)) throw new Error(JSON.stringify(read.left));
  return read.right;
}

const timeless = (events: readonly LoggedEvent[]) => events.map((event) => ({ ...event, wallTime: 0 }));

/** A folder with the events of steps 1 to `steps`. */
async function written(steps: number, outcome?: string): Promise<string> {
  const folder = await mkdtemp(join(root, 'run-'));
  const mirror = eventMirror(folder, VIEW);
  expect(await mirror.isMissing()).toBe(true);
  expect(await mirror.agree([])).toEqual([]);
  for (const record of records(1, steps)) await mirror.add([record]);
  if (outcome !== undefined) await mirror.conclude(outcome);
  expect(await mirror.isMissing()).toBe(false);
  return folder;
}

describe('the event file of a run', () => {
  it('begins with version and settings, has the time of each record, and ends with the outcome', async () => {
    const before = Date.now() / 1000;
    const events = await eventsIn(await written(3, 'done'));
    expect(events.map(({ step, values, fileVersion }) => [step, fileVersion ?? values[0]?.tag])).toEqual([
      [0, 'brain.Event:2'],
      // The start of a session, which takes back what TensorBoard was shown before.
      [0, undefined],
      [0, 'configuration'],
      [1, 'loss'],
      [2, 'loss'],
      [3, 'loss'],
      [3, 'gallery'],
      [9, 'results'],
    ]);
    for (const { wallTime } of events) expect(Math.abs(wallTime - before)).toBeLessThan(60);
  });

  it('is cut back in its place and goes on, so that a reader at any record reads on without seeing a step twice', async () => {
    const whole = timeless(await eventsIn(await written(9, 'done')));
    const seed = Date.now() & 0x7fffffff;
    console.log(`seed of the kills: ${seed}`);
    await fc.assert(
      fc.asyncProperty(fc.nat(8), fc.nat(8), fc.nat(30), async (reached, checkpoint, torn) => {
        const folder = await written(reached);
        const file = await eventFile(folder);
        const seen = await readFile(file);
        // What a kill leaves: half a record, or a file that lacks some.
        if (torn % 2 === 0) await appendFile(file, seen.subarray(0, torn));
        else await truncate(file, Math.max(0, seen.length - torn));
        const mirror = eventMirror(folder, VIEW);
        expect(await mirror.agree(records(1, Math.min(reached, checkpoint)))).toEqual([]);
        for (const record of records(Math.min(reached, checkpoint) + 1, 9)) await mirror.add([record]);
        await mirror.conclude('done');
        expect(timeless(await eventsIn(folder))).toEqual(whole);
        const after = await readFile(await eventFile(folder));
        const rest = decodeEvents(after.subarray(seen.length));
        if (E.isLeft(rest)) throw new Error('a reader that had read all of it is between two records');
        expect(timeless(rest.right)).toEqual(whole.slice(whole.length - rest.right.length));
      }),
      { seed, numRuns: 40 },
    );
  });

  it('is a new one of a later second where this process went back, as repeated steps have other numbers', async () => {
    const folder = await mkdtemp(join(root, 'rolled-back-'));
    const mirror = eventMirror(folder, VIEW);
    await mirror.agree([]);
    await mirror.add(records(1, 6));
    const before = await eventFile(folder);
    await mirror.agree(records(1, 4));
    await mirror.add([{ step: 5, loss: 9 }]);
    const [old, after] = [...(await eventFiles(folder))].sort();
    const [earlier, later] = [old, after].map((file) => Number(/tfevents\.(\d+)/.exec(file!)![1]));
    expect(later).toBeGreaterThan(earlier!);
    // Who reads the file before finds its end; it goes with the end of the run, or with its next start.
    expect([old, (await readFile(old!)).length]).toEqual([before, 0]);
    await mirror.agree([...records(1, 4), { step: 5, loss: 9 }]);
    expect(await eventFile(folder)).toBe(after);
    expect((await eventsIn(folder)).at(-1)).toMatchObject({ step: 5, values: [{ value: 9 }] });
    await writeFile(before, '');
    await mirror.conclude('done');
    expect(await eventFile(folder)).toBe(after);
  });

  it.each([
    ['one flipped bit', async (file: string) => flip(file, 150)],
    ['zeros at its end', async (file: string) => appendFile(await cut(file, 200), new Uint8Array(64))],
  ])('with %s is written anew from there, which is said in a line', async (_, spoil) => {
    const folder = await written(9, 'done');
    const expected = timeless(await eventsIn(folder));
    await spoil(await eventFile(folder));
    const mirror = eventMirror(folder, VIEW);
    const said = await mirror.agree(records(1, 9));
    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(/tfevents.*: damaged from byte \d+ on; it is written anew from metrics\.jsonl$/);
    await mirror.conclude('done');
    expect(timeless(await eventsIn(folder))).toEqual(expected);
  });

  it('whose beginning is damaged is set aside, and one that is gone is made anew', async () => {
    const folder = await written(9);
    const expected = timeless(await eventsIn(folder));
    await flip(await eventFile(folder), 3);
    const said = await eventMirror(folder, VIEW).agree(records(1, 9));
    expect(said).toEqual([expect.stringContaining('its beginning is damaged; it is now')]);
    expect(timeless(await eventsIn(folder))).toEqual(expected);
    expect((await readdir(folder)).filter((name) => name.startsWith('damaged.'))).toHaveLength(1);
    await rm(await eventFile(folder));
    const gone = eventMirror(folder, VIEW);
    expect([await gone.isMissing(), await gone.agree(records(1, 9))]).toEqual([true, []]);
    expect(timeless(await eventsIn(folder))).toEqual(expected);
  });

  it('leaves the files of other writers as they are', async () => {
    const folder = await mkdtemp(join(root, 'foreign-'));
    const foreign = join(folder, 'events.out.tfevents.1.other');
    // brain.Event:2 without a writer, as PyTorch begins its files.
    const version = encodeVersion(5).slice(0, 9 + 15);
    await writeFile(foreign, encodeTfRecords([version]));
    await eventMirror(folder, VIEW).agree(records(1, 2));
    expect(await readFile(foreign)).toEqual(Buffer.from(encodeTfRecords([version])));
    expect(await eventFiles(folder)).toHaveLength(2);
  });

  it('that is deleted while it is written is not begun without its version', async () => {
    const folder = await written(2);
    const mirror = eventMirror(folder, VIEW);
    await mirror.agree(records(1, 2));
    await rm(await eventFile(folder));
    await expect(mirror.add(records(3, 3))).rejects.toThrow('ENOENT');
    expect(await eventFiles(folder)).toEqual([]);
  });
});

async function flip(file: string, at: number): Promise<void> {
  const bytes = await readFile(file);
  bytes[at]! ^= 1;
  await writeFile(file, bytes);
}

async function cut(file: string, length: number): Promise<string> {
  await truncate(file, length);
  return file;
}
