import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { disposeTensors, type TensorTree } from '../../src/tensor-tree.ts';
import { useBackend } from '../support/backend.ts';
import { useNativeBackend } from '../support/native.ts';
import {
  minimalRecommendedStageOne,
  minimalStageOne,
  minimalStageTwo,
  type Method,
  type MinimalRun,
} from './minimal-runs.ts';

const full = process.env['MODEL_PATCHING_FULL'] === '1';
if (!full)
  console.log(
    'Tensors are counted over steps of minimal networks only: the published 28×28 ones take seconds a step on wasm; set MODEL_PATCHING_FULL=1.',
  );

const native = await useNativeBackend('memory of compiled steps');
beforeAll(() => useBackend('wasm'));

/** Numbers of tensors after each step, over those before the first one. */
function tensorCounts<State extends TensorTree, Batch extends TensorTree>(
  { initial, step, batchAt }: MinimalRun<State, Batch>,
  steps: number,
): number[] {
  const before = tf.memory().numTensors;
  let state = initial;
  const counts: number[] = [];
  for (let index = 0; index < steps; index++) {
    const batch = batchAt(index);
    const next = step(state, batch);
    disposeTensors({ state, batch, losses: next.losses });
    state = next.state;
    counts.push(tf.memory().numTensors - before);
  }
  disposeTensors(state);
  return counts;
}

const METHODS = ['erm', 'dro', 'camel'] as const;

describe('no step leaves a tensor behind', () => {
  it.each(METHODS)('%s', (method: Method) => {
    expect(tensorCounts(minimalStageTwo(method), 5)).toEqual([0, 0, 0, 0, 0]);
  });

  it('CycleGAN with pools, dropout, averages and penalty', () => {
    expect(tensorCounts(minimalStageOne(), 5)).toEqual([0, 0, 0, 0, 0]);
  });

  it('CycleGAN as recommended', () => {
    expect(tensorCounts(minimalRecommendedStageOne(), 5)).toEqual([0, 0, 0, 0, 0]);
  });

  it.runIf(full)('all of them with the published 28×28 networks', { timeout: 600_000 }, () => {
    for (const method of METHODS)
      expect(tensorCounts(minimalStageTwo(method, 1, true), 3), method).toEqual([0, 0, 0]);
    expect(tensorCounts(minimalStageOne(1, true), 3)).toEqual([0, 0, 0]);
  });
});

describe('resident memory', () => {
  const program = fileURLToPath(new URL('resident-memory.ts', import.meta.url));

  /** Bytes and tensors after each third of the steps. */
  async function measured(
    kind: string,
    steps: number,
    how = 'eager',
  ): Promise<{ sizes: number[]; tensors: number[]; growth: number }> {
    const { stdout } = await promisify(execFile)(process.execPath, [
      '--conditions=source',
      '--expose-gc',
      // The young generation's own growing and shrinking is otherwise 6 % of the whole.
      '--max-semi-space-size=1',
      '--import',
      'tsx',
      program,
      kind,
      `${steps}`,
      how,
    ]);
    const { sizes, tensors } = JSON.parse(stdout.trim().split('\n').at(-1)!) as Record<
      'sizes' | 'tensors',
      number[]
    >;
    const megabytes = sizes.map((size) => (size / 2 ** 20).toFixed(1)).join(', ');
    console.log(`${kind}, ${how}: ${megabytes} MiB after each third of ${steps} steps`);
    return { sizes, tensors, growth: sizes[2]! / sizes[0]! - 1 };
  }

  it.each(['camel', 'cyclegan'])('of %s stays where it is over 300 steps', async (kind) => {
    const { tensors, growth } = await measured(kind, 300);
    expect(new Set(tensors).size).toBe(1);
    expect(Math.abs(growth)).toBeLessThan(0.05);
  });

  it.runIf(native)(
    'of compiled steps stays where it is over 2,100 of them',
    { timeout: 300_000 },
    async () => {
      const { tensors, growth } = await measured('camel', 2100, 'compiled');
      expect(new Set(tensors).size).toBe(1);
      expect(Math.abs(growth)).toBeLessThan(0.05);
    },
  );

  it('would show 64 KiB a step', async () => {
    expect((await measured('leak', 300)).growth).toBeGreaterThan(0.05);
  });
});
