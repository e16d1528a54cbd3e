/** A stop in the middle of an evaluation: the steps are kept, and the evaluation is done when the run goes on. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { trainInRun } from '../../src/experiment/train-in-run.ts';
import { openRun } from '../../src/runs/run-directory.ts';
import { orExit } from '../../src/system/program.ts';
import { interrupted } from '../../src/system/interruption.ts';
import { useBackend } from '../support/backend.ts';

const scratch = mkdtempSync(join(tmpdir(), 'train-in-run-'));
beforeAll(async () => {
  await useBackend('wasm');
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
});
afterAll(() => {
  vi.restoreAllMocks();
  rmSync(scratch, { recursive: true });
});

/** Halves a weight six times, and evaluates after every second step. */
async function train(folder: string, evaluated: (step: number) => void): Promise<number> {
  const run = orExit(await openRun(join(scratch, folder), { seed: 1 }));
  try {
    const end = await trainInRun<{ weight: tf.Scalar }, { by: tf.Scalar }>({
      label: 'halves',
      run,
      context: { say: () => undefined, stopRequested: () => false },
      initial: { weight: tf.scalar(64) },
      steps: 6,
      step: ({ weight }, { by }) => ({
        state: { weight: weight.div(by) },
        losses: { loss: weight.square() },
      }),
      batchAt: () => ({ by: tf.scalar(2) }),
      checkpointEvery: 3,
      evaluateEvery: 2,
      evaluate: async ({ weight }, step) => {
        evaluated(step);
        const [score] = await weight.data();
        return { record: { score }, score: -score!, note: '' };
      },
    });
    const [weight] = await end.weight.data();
    end.weight.dispose();
    return weight!;
  } finally {
    await run.close();
  }
}

const fileOf = (folder: string, file: string): string => readFileSync(join(scratch, folder, file), 'latin1');

it.each([2, 4, 6])('in the evaluation after step %i leaves nothing out', async (stopAt) => {
  const before = tf.memory().numTensors;
  expect(await train(`whole-${stopAt}`, () => undefined)).toBe(1);
  const steps: number[] = [];
  let stops = 0;
  const evaluated = (step: number): void => {
    steps.push(step);
    if (step === stopAt && stops++ < 2) throw interrupted();
  };
  for (let i = 0; i < 2; i++)
    await expect(train(`stopped-${stopAt}`, evaluated)).rejects.toMatchObject({ exitCode: 75 });
  expect(await train(`stopped-${stopAt}`, evaluated)).toBe(1);
  // No step was trained twice, and only the evaluation that was stopped was begun again.
  expect(steps).toEqual([2, 4, 6].flatMap((step) => (step === stopAt ? [step, step, step] : [step])));
  for (const file of ['metrics.jsonl', 'best.json', 'checkpoints/step-000000006.safetensors'])
    expect(fileOf(`stopped-${stopAt}`, file), file).toBe(fileOf(`whole-${stopAt}`, file));
  expect(tf.memory().numTensors).toBe(before);
});
