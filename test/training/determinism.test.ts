import { beforeAll, describe, expect, it } from 'vitest';
import { cloneTensors, disposeTensors, flattenTensors, type TensorTree } from '../../src/tensor-tree.ts';
import { train } from '../../src/training/loop.ts';
import { useBackend } from '../support/backend.ts';
import { minimalStageOne, minimalStageTwo, type MinimalRun } from './minimal-runs.ts';

beforeAll(() => useBackend('wasm'));

const valuesOf = (tree: TensorTree): Record<string, number[]> =>
  Object.fromEntries(flattenTensors(tree).map(([path, tensor]) => [path, Array.from(tensor.dataSync())]));

const STEPS = 4;

/** State after all steps, with stops (through copies of the state) at the given steps. */
async function end<State extends TensorTree, Batch extends TensorTree>(
  { initial, step, batchAt }: MinimalRun<State, Batch>,
  stops: readonly number[] = [],
): Promise<Record<string, number[]>> {
  let state: State = initial;
  let stepsDone = 0;
  for (const until of [...stops, STEPS]) {
    let at = stepsDone;
    const run = await train({
      state,
      stepsDone,
      steps: STEPS,
      step,
      batchAt: (index) => (at++, batchAt(index)),
      stopRequested: () => at === until,
    });
    expect([run.stepsDone, run.interrupted]).toEqual([until, until < STEPS]);
    state = cloneTensors(run.state);
    disposeTensors(run.state);
    stepsDone = until;
  }
  const values = valuesOf(state);
  disposeTensors(state);
  return values;
}

const stageTwoOf = (seed: number) => minimalStageTwo('camel', seed);

const stageOneOf = (seed: number) => minimalStageOne(seed);

/** What a run begins with, and what it ends with for a seed and stops. */
function numbersOf<State extends TensorTree, Batch extends TensorTree>(
  run: (seed: number) => MinimalRun<State, Batch>,
) {
  return {
    start: () => {
      const { initial } = run(1);
      const values = valuesOf(initial);
      disposeTensors(initial);
      return values;
    },
    end: (seed: number, stops?: readonly number[]) => end(run(seed), stops),
  };
}

describe.each([
  ['CAMEL', numbersOf(stageTwoOf)],
  ['CycleGAN', numbersOf(stageOneOf)],
])('%s on wasm', (_, run) => {
  it('gives one seed one result, another seed another, and a stop changes nothing, bit for bit', async () => {
    const first = await run.end(1);
    const before = run.start();
    // it trains, and stays finite
    const weights = Object.keys(first).filter((path) => /kernel/.test(path));
    expect(weights.length).toBeGreaterThan(2);
    for (const path of weights) expect(first[path], path).not.toEqual(before[path]);
    for (const [path, values] of Object.entries(first))
      expect(values.every(Number.isFinite), path).toBe(true);

    expect(await run.end(1)).toEqual(first);
    expect(await run.end(1, [1])).toEqual(first);
    expect(await run.end(1, [2, 3])).toEqual(first);
    const other = await run.end(2);
    for (const path of weights) expect(other[path], path).not.toEqual(first[path]);
  });
});
