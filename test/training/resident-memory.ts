/**
 * Prints the resident memory, in bytes, after one, two and three thirds of the steps of a minimal run; a child process of
 * its tests: `resident-memory.ts RUN STEPS [compiled]`.
 */
import { setImmediate } from 'node:timers/promises';
import * as tf from '@tensorflow/tfjs';
import type { TensorTree } from '../../src/tensor-tree.ts';
import { disposeTensors } from '../../src/tensor-tree.ts';
import { train } from '../../src/training/loop.ts';
import { compileStep } from '../../src/compile/compile-step.ts';
import { useBackend } from '../support/backend.ts';
import { useNativeBackend } from '../support/native.ts';
import { minimalStageOne, minimalStageTwo, type MinimalRun } from './minimal-runs.ts';

const [, , kind, count, how] = process.argv;
const steps = Number(count);
const compiled = how === 'compiled';
if (compiled) await useNativeBackend('memory of compiled steps');
else await useBackend('wasm');

async function residentMemory(): Promise<number> {
  if (globalThis.gc === undefined) throw new Error('run with --expose-gc');
  for (let i = 0; i < 4; i++) {
    globalThis.gc();
    await setImmediate();
  }
  return process.memoryUsage.rss();
}

async function measure<State extends TensorTree, Batch extends TensorTree>({
  initial,
  step,
  batchAt,
}: MinimalRun<State, Batch>): Promise<void> {
  const sizes: number[] = [];
  const tensors: number[] = [];
  const end = await train({
    state: initial,
    stepsDone: 0,
    steps,
    step,
    batchAt,
    ...(compiled && { compile: compileStep }),
    recurring: [
      {
        every: steps / 3,
        run: async () => {
          sizes.push(await residentMemory());
          tensors.push(tf.memory().numTensors);
        },
      },
    ],
    pause: () => setImmediate(),
  });
  disposeTensors(end.state);
  console.log(JSON.stringify({ sizes, tensors }));
}

/** A run that keeps 64 KiB a step, to show that it would be seen. */
function leakingRun(): MinimalRun<{ weight: tf.Scalar }, Record<string, never>> {
  return {
    initial: { weight: tf.scalar(0) },
    batchAt: () => ({}),
    step: ({ weight }) => {
      tf.keep(tf.ones([2 ** 14]));
      return { state: { weight: weight.clone() }, losses: {} };
    },
  };
}

if (kind === 'camel') await measure(minimalStageTwo('camel'));
else if (kind === 'cyclegan') await measure(minimalStageOne(1, false, false));
else await measure(leakingRun());
