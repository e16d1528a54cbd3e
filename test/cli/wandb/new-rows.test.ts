import { expect, it } from 'vitest';
import { linesDigest } from '../../../src/cli/wandb/log-lines.ts';
import { contentsOf, hasChanged, newRows, sentUpTo } from '../../../src/cli/wandb/new-rows.ts';
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
  readingOf: () => ({
    trained,
    label: (name) => name,
    entriesOf: ({ step, kind }) =>
      Promise.resolve([{ kind: 'scalars', step, values: { [String(kind)]: step } }]),
    maximumGradientNorm: null,
  }),
});
const END = { kind: 'stage-2' } as RunEnd;
const NAMES = ['a', 'b', 'c', 'd'];
const steps = (run: TrackedRun, after: number, damaged = false) => {
  const log = { ...logOf(classifierRecords(5)), ...(damaged && { damaged: {} as never }) };
  return newRows(log, run, after).map(({ step }) => step);
};

it('the last step is whole once the run is done, unless the log is damaged behind it', () => {
  expect(steps(runOf(null, NAMES), -1)).toEqual([1, 2, 3, 4]);
  expect(steps(runOf(END, NAMES), 3)).toEqual([4, 5]);
  expect(steps(runOf(END, NAMES), -1, true)).toEqual([1, 2, 3, 4]);
});

it('lists whose groups nobody can name wait, but not for ever', () => {
  expect(steps(runOf(null, null), -1)).toEqual([]);
  expect(steps(runOf(END, null), -1)).toEqual([1, 2, 3, 4, 5]);
});

it('a step with two records is one row', async () => {
  const run = runOf(null, NAMES);
  const rows = newRows(logOf(classifierRecords(3)), run, 1);
  expect(rows).toHaveLength(1);
  const contents = await contentsOf(rows[0]!, run.readingOf([]), { publishedNames: false, images: true });
  expect(contents).toEqual({ values: { training: 2, evaluation: 2 }, images: {} });
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
