import { expect, it } from 'vitest';
import { followLog, type LogMirror } from '../../src/runs/log-mirrors.ts';
import type { MetricsRecord } from '../../src/runs/run-log.ts';

/** A mirror that notes what it is told, and fails while `broken`. */
function noting() {
  const held = { steps: [] as number[], broken: false, told: [] as unknown[] };
  const working = <A>(work: () => A): Promise<A> =>
    held.broken ? Promise.reject(new Error('no room\nat all')) : Promise.resolve(work());
  const mirror: LogMirror<string> = {
    name: 'a log',
    isMissing: () => Promise.resolve(false),
    agree: (records) =>
      working(() => {
        held.steps = records.map(({ step }) => step);
        return held.steps.length > 3 ? ['a log: mended'] : [];
      }),
    add: (records) =>
      working(() => {
        held.told.push(...records);
        held.steps.push(...records.map(({ step }) => step));
      }),
    conclude: (outcome) => working(() => void held.told.push(outcome)),
  };
  return { held, mirror };
}

it('a mirror that fails is said once, left alone, and made anew at the next checkpoint', async () => {
  const log: MetricsRecord[] = [];
  const said: string[] = [];
  const { held, mirror } = noting();
  const other = noting();
  const followers = followLog(
    () => Promise.resolve(log),
    [mirror, other.mirror],
    (line) => said.push(line),
  );
  const add = async (step: number): Promise<void> => {
    log.push({ step });
    await followers.add([{ step }]);
  };
  await followers.agree();
  await add(1);
  held.broken = true;
  await add(2);
  await followers.catchUp();
  await add(3);
  expect(said).toEqual(['a log: no room; the run goes on, and metrics.jsonl has all of it']);
  held.broken = false;
  await add(4);
  expect(held.steps).toEqual([1]);
  await followers.catchUp();
  await add(5);
  expect(said.slice(1)).toEqual(['a log: mended']);
  expect([held.steps, other.held.steps]).toEqual([
    [1, 2, 3, 4, 5],
    [1, 2, 3, 4, 5],
  ]);
  held.broken = true;
  await add(6);
  held.broken = false;
  await followers.conclude('done');
  expect([held.steps.at(-1), held.told.at(-1)]).toEqual([6, 'done']);
});

it('mirrors are told what the file says: null for a number that is none', async () => {
  const { held, mirror } = noting();
  const followers = followLog(
    () => Promise.resolve([]),
    [mirror],
    () => undefined,
  );
  await followers.add([{ step: 1, loss: Number.NaN, absent: undefined }]);
  expect(held.told).toEqual([{ step: 1, loss: null }]);
});
