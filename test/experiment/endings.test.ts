/** Stage 2 and its evaluation give their tensors and locks back however they end. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { evaluateRun } from '../../src/experiment/stage-two/evaluate.ts';
import { experimentToRun } from '../../src/experiment/run-settings.ts';
import { runStageTwo } from '../../src/experiment/stage-two/run-stage-two.ts';
import { useBackend } from '../support/backend.ts';
import { writeSmallMnist } from '../support/small-mnist.ts';

const configs = fileURLToPath(new URL('../../examples/configs/stage-2/mnist-correlation/', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'endings-'));
const context = { say: () => undefined, stopRequested: () => false };
const tiny = [
  ...['y0z0=40', 'y0z1=8', 'y1z0=8', 'y1z1=40'].map((count) => `data.sizes.${count}`),
  ...['data.testImages=5', 'network.width=0.1', 'training.batchSize=8'],
  ...['training.epochBatchSize=24', 'training.epochs=2', 'evaluation.select=worst-group'],
];

async function run(out: string, overrides: readonly string[] = [], method = 'gdro'): Promise<unknown> {
  const toRun = await experimentToRun(join(configs, `${method}.yaml`), 'stage-2', {
    overrides: [...tiny, ...overrides],
    roots: { DATA: scratch, RUNS: join(scratch, 'runs') },
  });
  return runStageTwo(toRun, { out, backend: { name: 'wasm', device: 'test' } }, context);
}

const whole = join(scratch, 'whole');
beforeAll(async () => {
  await useBackend('wasm');
  await writeSmallMnist(join(scratch, 'mnist'));
  await run(whole);
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

function copy(): string {
  const out = join(mkdtempSync(join(scratch, 'copy-')), 'out');
  cpSync(whole, out, { recursive: true });
  return out;
}

/** Puts a folder where a file is or will be, which then can neither be read nor written. */
function block(path: string): void {
  rmSync(path, { recursive: true, force: true });
  mkdirSync(join(path, 'in-the-way'), { recursive: true });
}

/** Flips a bit in the middle of a file. */
function damage(path: string): void {
  const bytes = readFileSync(path);
  bytes[bytes.length >> 1]! ^= 1;
  writeFileSync(path, bytes);
}

async function expectRefused(work: () => Promise<unknown>, message: string | RegExp, out: string) {
  const tensors = tf.memory().numTensors;
  await expect(work()).rejects.toThrow(message);
  expect(tf.memory().numTensors, 'tensors left behind').toBe(tensors);
  expect(readdirSync(join(out, '..'), { recursive: true })).not.toContain('out/lock');
}

const LAST = 'checkpoints/step-000000004.safetensors';

it.each<readonly [string, (out: string) => void, string | RegExp]>([
  ['the file of the run', (out) => block(join(out, 'run.json')), 'EISDIR'],
  ['the clock', (out) => block(join(out, 'elapsed.json')), 'EISDIR'],
  ['the list of damaged images', (out) => block(join(out, 'damaged.json')), 'EISDIR'],
  ['the log', (out) => block(join(out, 'metrics.jsonl')), 'EISDIR'],
  ['the newest checkpoint', (out) => block(join(out, LAST)), 'EISDIR'],
  [
    'the folder of checkpoints',
    (out) => {
      rmSync(join(out, 'checkpoints'), { recursive: true });
      writeFileSync(join(out, 'checkpoints'), '');
    },
    /EEXIST|ENOTDIR/,
  ],
  [
    'the best checkpoint',
    (out) => {
      damage(join(out, 'checkpoints/step-000000002.safetensors'));
      writeFileSync(join(out, 'best.json'), '{ "step": 2, "score": 9 }');
    },
    'step-000000002',
  ],
])('stage 2 when %s cannot be read or written', async (_, spoil, message) => {
  const out = copy();
  rmSync(join(out, 'run.json'));
  spoil(out);
  await expectRefused(() => run(out), message, out);
});

it('stage 2 in a folder that cannot be, and with other settings', async () => {
  const out = copy();
  writeFileSync(join(out, 'file'), '');
  await expectRefused(() => run(join(out, 'file', 'below')), /ENOTDIR/, out);
  await expectRefused(() => run(out, ['training.weightDecay=0.25']), 'training.weightDecay', out);
});

it('stage 2 when the file of its first weights is none', async () => {
  const out = copy();
  writeFileSync(join(out, 'weights.h5'), 'no weights');
  const path = JSON.stringify(join(out, 'weights.h5'));
  const network = `network={ kind: resnet50, width: 0.02, weights: { kind: file, path: ${path} } }`;
  const overrides = ['network={ kind: multilayer-perceptron }', network];
  await expectRefused(() => run(join(out, 'other'), overrides), 'weights.h5', out);
});

it('evaluation when the selected checkpoint is damaged, missing, or of another network', async () => {
  const out = copy();
  const evaluate = () => evaluateRun({ run: out, split: 'test' }, context);
  for (const name of readdirSync(join(out, 'checkpoints'))) damage(join(out, 'checkpoints', name));
  await expectRefused(evaluate, /step-00000000\d.safetensors/, out);
  for (const name of readdirSync(join(out, 'checkpoints'))) block(join(out, 'checkpoints', name));
  await expectRefused(evaluate, 'EISDIR', out);
  rmSync(join(out, 'checkpoints'), { recursive: true });
  await expectRefused(evaluate, 'expected the selected checkpoint', out);
});
