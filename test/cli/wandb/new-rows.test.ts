import { expect, it } from 'vitest';
import { linesDigest } from '../../../src/cli/wandb/log-lines.ts';
import { hasChanged, newRows, sentUpTo } from '../../../src/cli/wandb/new-rows.ts';
import type { ReplayOptions } from '../../../src/cli/wandb/replay-options.ts';
import type { RunEnd, TrackedRun } from '../../../src/cli/wandb/tracked-run.ts';
import { classifierRecords } from '../../support/run-folders.ts';

const logOf = (records: readonly { readonly step: number }[]) => ({
  records: records as never,
  lines: records.map((record) => JSON.stringify(record)),
  damaged: null,
});
const runOf = (end: RunEnd | null, trained: readonly string[] | null): TrackedRun => ({
  folder: '/no/such/run',
  name: 'run',
  group: 'stage-2',
  jobType: 'mnist',
  tags: [],
  config: {},
  end,
  groupsIn: () => ({ trained, label: (name) => name }),
});
const options: ReplayOptions = {
  project: 'p',
  mode: 'offline',
  publishedNames: false,
  images: true,
  checkpoints: 'none',
};
const END = { kind: 'stage-2' } as RunEnd;
const NAMES = ['a', 'b', 'c', 'd'];
const steps = async (run: TrackedRun, after: number, damaged = false) => {
  const log = { ...logOf(classifierRecords(5)), ...(damaged && { damaged: {} as never }) };
  return (await newRows(log, run, after, options)).map(({ step }) => step);
};

it('the last step is whole once the run is done, unless the log is damaged behind it', async () => {
  expect(await steps(runOf(null, NAMES), -1)).toEqual([1, 2, 3, 4]);
  expect(await steps(runOf(END, NAMES), 3)).toEqual([4, 5]);
  expect(await steps(runOf(END, NAMES), -1, true)).toEqual([1, 2, 3, 4]);
});

it('lists whose groups nobody can name wait, but not for ever', async () => {
  expect(await steps(runOf(null, null), -1)).toEqual([]);
  expect(await steps(runOf(END, null), -1)).toEqual([1, 2, 3, 4, 5]);
});

it('a step with two records is one row', async () => {
  const rows = await newRows(logOf(classifierRecords(3)), runOf(null, NAMES), 1, options);
  expect(rows).toHaveLength(1);
  expect(rows[0]!.values).toMatchObject({ 'training/loss': 1 / 4, 'validation/gap': 0.25 });
});

it('what was sent has changed only if the same lines are other ones', () => {
  const log = logOf(classifierRecords(5));
  const sent = sentUpTo(2, log);
  // Steps 1 and 2, and the evaluation after step 2.
  expect(sent).toEqual({ step: 2, lines: 3, digest: linesDigest(log.lines.slice(0, 3)), done: false });
  expect(hasChanged(sent, log)).toBe(false);
  expect(hasChanged(sent, logOf(classifierRecords(1)))).toBe(false);
  expect(hasChanged(sent, { ...log, lines: ['{}', ...log.lines.slice(1)] })).toBe(true);
  expect(sentUpTo(9, log, true)).toMatchObject({ lines: 7, done: true });
});
