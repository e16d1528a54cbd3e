/** Runs beside stage 1: which they are, and that another process leaves the bits of this one. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { either as E } from 'fp-ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runsBeside, trainBeside } from '../../../src/experiment/study/beside.ts';
import { readStudy } from '../../../src/experiment/study/read-study.ts';
import { studyRuns, type SeedRuns } from '../../../src/experiment/study/study-experiments.ts';
import { runStageOne } from '../../../src/experiment/stage-one/run-stage-one.ts';
import { runStageTwo } from '../../../src/experiment/stage-two/run-stage-two.ts';
import { useBackend } from '../../support/backend.ts';
import { writeSmallMnist } from '../../support/small-mnist.ts';
import { STUDY, TINY } from '../../support/tiny-study.ts';

const scratch = mkdtempSync(join(tmpdir(), 'beside-'));
const backend = { name: 'wasm', device: 'test' } as const;
const SOURCE = ['--conditions=source', '--import', 'tsx'];

async function runsOf(out: string, set: readonly string[] = []): Promise<SeedRuns> {
  const read = await readStudy(STUDY, [...TINY, ...set]);
  if (E.isLeft(read)) throw new Error(JSON.stringify(read.left));
  const selection = { out: join(scratch, out), roots: { DATA: scratch }, seeds: [1], methods: null };
  return studyRuns(read.right, selection, STUDY)[0]!;
}

const checkpointsIn = (folder: string): readonly [string, string][] =>
  readdirSync(join(folder, 'checkpoints'))
    .sort()
    .map((file) => [file, readFileSync(join(folder, 'checkpoints', file)).toString('base64')]);

beforeAll(async () => {
  await useBackend('wasm');
  writeSmallMnist(join(scratch, 'mnist'));
});
afterAll(() => rmSync(scratch, { recursive: true }));

describe('runs beside stage 1', () => {
  it('are those that need no translations, where they are worth a process and there is a core for it', async () => {
    const names = (runs: SeedRuns, on: 'wasm' | 'tensorflow' = 'wasm', processors = 2): readonly string[] =>
      runsBeside(runs, { backend: { name: on, device: 'test' } }, processors).map(({ name }) => name);
    const long = await runsOf('long', ['stage-2.training.steps=250']);
    expect(names(long)).toEqual(['erm', 'group-dro']);
    expect(names(long, 'tensorflow')).toEqual([]);
    expect(names(long, 'wasm', 1)).toEqual([]);
    expect(names({ ...long, stageOne: [] })).toEqual([]);
    expect(names(await runsOf('short', ['stage-2.training.steps=249']))).toEqual([]);
  });

  it('leave the bits of this process, and say that they are done', { timeout: 120_000 }, async () => {
    const [erm] = (await runsOf('there')).methods;
    const lines: string[] = [];
    const say = (line: string): void => void lines.push(line);
    const asked = { say, stopRequested: () => false };
    await trainBeside({ runs: [erm!], options: { backend, labels: {} } }, asked, SOURCE).ended();
    expect(lines).toEqual(['beside stage 1, in another process: erm', 'seed-1/erm: done beside stage 1']);
    const [here] = (await runsOf('here')).methods;
    const context = { say: () => undefined, stopRequested: () => false };
    await runStageTwo(here!.toRun, { out: here!.out, backend }, context);
    expect(checkpointsIn(erm!.out)).toEqual(checkpointsIn(here!.out));
    expect(checkpointsIn(erm!.out).length).toBeGreaterThan(0);
  });

  it('end when they are told to, and go on here', { timeout: 120_000 }, async () => {
    const long = ['stage-2.training={ steps: 100000, batchSize: 8 }'];
    const [erm] = (await runsOf('stopped', long)).methods;
    // A stop is asked for here, once the run has begun there.
    const asked = { say: () => undefined, stopRequested: () => existsSync(join(erm!.out, 'checkpoints')) };
    await trainBeside({ runs: [erm!], options: { backend, labels: {} } }, asked, SOURCE).ended();
    const run = JSON.parse(readFileSync(join(erm!.out, 'run.json'), 'utf8')) as { outcome?: unknown };
    expect(run.outcome).toBeUndefined();
    expect(checkpointsIn(erm!.out).length).toBeGreaterThan(0);
  });

  it('that fail there are left to this process', { timeout: 120_000 }, async () => {
    const { methods } = await runsOf('failed');
    const broken = { ...methods[0]!, out: join(STUDY, 'a file is no folder', 'erm') };
    const lines: string[] = [];
    const task = { runs: [broken], options: { backend, labels: {} } };
    const asked = { say: (line: string) => void lines.push(line), stopRequested: () => false };
    await trainBeside(task, asked, SOURCE).ended();
    expect(lines).toHaveLength(1);
  });

  it(
    'make way for the gate of stage 1, which has the bits of this process',
    { timeout: 120_000 },
    async () => {
      const lines: string[] = [];
      const quiet = { say: () => undefined, stopRequested: () => false };
      const there = await runsOf('gate there', ['stage-2.training={ steps: 100000, batchSize: 8 }']);
      const [one] = there.stageOne;
      const task = { runs: [there.methods[0]!], options: { backend, labels: {} } };
      const beside = trainBeside(task, { ...quiet, say: (line) => void lines.push(line) }, SOURCE);
      const outcome = await runStageOne(
        one!.toRun,
        { out: one!.out, backend, gateBeside: beside.gateOf(one!) },
        quiet,
      );
      beside.stop();
      await beside.ended();
      expect(lines).toContain('seed-1/stage-1: the gate is trained beside it');
      const [alone] = (await runsOf('gate here')).stageOne;
      const expected = await runStageOne(alone!.toRun, { out: alone!.out, backend }, quiet);
      expect({ ...outcome, seconds: 0 }).toEqual({ ...expected, seconds: 0 });
      expect(checkpointsIn(one!.out)).toEqual(checkpointsIn(alone!.out));
      // The names of event files have the second in which they were begun.
      const namesIn = (folder: string) =>
        readdirSync(folder)
          .map((name) => name.replace(/tfevents\.\d+/, 'tfevents'))
          .sort();
      expect(namesIn(one!.out)).toEqual(namesIn(alone!.out));
    },
  );

  it('leave the gate to this process where they end before it is trained', { timeout: 120_000 }, async () => {
    const quiet = { say: () => undefined, stopRequested: () => false };
    const { stageOne, methods } = await runsOf('gate left');
    const broken = { ...methods[0]!, out: join(STUDY, 'a file is no folder', 'erm') };
    const beside = trainBeside({ runs: [broken], options: { backend, labels: {} } }, quiet, SOURCE);
    await beside.ended();
    const [one] = stageOne;
    const outcome = await runStageOne(
      one!.toRun,
      { out: one!.out, backend, gateBeside: beside.gateOf(one!) },
      quiet,
    );
    expect(outcome.gateAccuracy).not.toBeNull();
  });
});
