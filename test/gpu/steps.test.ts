/** Whole training steps on a GPU: the numbers of wasm, and memory that stays level. */
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { disposeTensors, type TensorTree } from '../../src/tensor-tree.ts';
import {
  minimalRecommendedStageOne,
  minimalStageOne,
  minimalStageTwo,
  type MinimalRun,
} from '../training/minimal-runs.ts';
import { computeOnTheGpu, expectSameOnBoth, onGpu, unavailable } from './both-backends.ts';

/** State and losses after one step. */
function afterOneStep<State extends TensorTree, Batch extends TensorTree>(
  run: MinimalRun<State, Batch>,
): TensorTree {
  const { state, losses } = run.step(run.initial, run.batchAt(0));
  return { state, losses };
}

/** Tensors and their bytes, on WebGPU those that the GPU holds in use, after each of a few steps. */
async function memoryOfSteps<State extends TensorTree, Batch extends TensorTree>(
  run: MinimalRun<State, Batch>,
  steps: number,
): Promise<string[]> {
  const levels: string[] = [];
  let state = run.initial;
  for (let index = 0; index < steps; index++) {
    const batch = run.batchAt(index);
    const after = run.step(state, batch);
    disposeTensors(batch);
    disposeTensors(state);
    disposeTensors(after.losses);
    state = after.state;
    await submitted();
    const { numTensors, numBytes, numBytesInGPU } = tf.memory() as tf.MemoryInfo & { numBytesInGPU?: number };
    levels.push(`${numTensors} tensors, ${numBytesInGPU ?? numBytes} bytes`);
  }
  disposeTensors(state);
  return levels;
}

/** Waits for what is under way; what only that used is given back then. */
async function submitted(): Promise<void> {
  const one = tf.tidy(() => tf.ones([1]).add(1));
  await one.data();
  one.dispose();
}

// A software adapter computes on the CPU, which others may use as well.
describe.skipIf(unavailable !== undefined)('on a GPU as on wasm', { timeout: 180_000 }, () => {
  computeOnTheGpu();

  it('a step of CAMEL', () =>
    expectSameOnBoth(() => afterOneStep(minimalStageTwo('camel')), { tolerance: 1e-4, leaves: 10 }));

  it('a step of CycleGAN with pool, dropout, averages and penalty', () =>
    expectSameOnBoth(() => afterOneStep(minimalStageOne()), { tolerance: 1e-4, leaves: 42 }));

  it('a step of CycleGAN as recommended', () =>
    expectSameOnBoth(() => afterOneStep(minimalRecommendedStageOne()), { tolerance: 1e-4, leaves: 38 }));

  it('steps of both leave memory level', async () => {
    await tf.setBackend(onGpu);
    for (const levels of [
      await memoryOfSteps(minimalStageTwo('camel'), 3),
      await memoryOfSteps(minimalStageOne(), 3),
    ]) {
      const [, second, third] = levels;
      expect(third).toBe(second);
    }
  });
});
