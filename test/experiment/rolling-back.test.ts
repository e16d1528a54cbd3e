/** Rollbacks of a training in a run folder, with a step whose divergence can be computed by hand. */
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { either as E } from 'fp-ts';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { onNanOf, type OnNan } from '../../src/experiment/rolling-back.ts';
import { trainInRun, type Trained } from '../../src/experiment/train-in-run.ts';
import { openRun, type MetricsRecord } from '../../src/runs/run-directory.ts';
import { disposeTensors } from '../../src/tensor-tree.ts';
import { useBackend } from '../support/backend.ts';

const scratch = mkdtempSync(join(tmpdir(), 'rolling-back-'));
beforeAll(() => useBackend('cpu'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

type Weight = { readonly weight: tf.Scalar };
type Batch = { readonly rate: tf.Scalar };

/** Gradient descent on w²/2: w ← w(1 − rate). It grows by 10⁹ a step at a rate of 10⁹, and at one below 2 it falls. */
const step = ({ weight }: Weight, { rate }: Batch) =>
  tf.tidy(() => ({
    state: { weight: weight.sub<tf.Scalar>(weight.mul(rate)) },
    losses: { loss: weight.square().asScalar() },
  }));

interface Options {
  readonly onNan?: OnNan;
  /** The rate of a step, given what it is multiplied with. */
  readonly rateOf?: (index: number, factor: number) => number;
  readonly steps?: number;
  /** Asked after every step. */
  readonly stopRequested?: () => boolean;
  /** Called before every batch; what it throws kills the training. */
  readonly before?: (index: number) => void;
  readonly stopEarly?: (evaluations: readonly MetricsRecord[]) => string | null;
}

const ROLLBACK = { kind: 'rollback', times: 3 } as const;

async function training(folder: string, options: Options, said: string[] = []): Promise<Trained<Weight>> {
  const {
    onNan = ROLLBACK,
    rateOf = (_, factor) => 0.5 * factor,
    steps = 20,
    stopRequested = () => false,
  } = options;
  const opened = await openRun(folder, { a: 'run' });
  if (E.isLeft(opened)) throw new Error(opened.left.found);
  const run = opened.right;
  try {
    return await trainInRun<Weight, Batch>({
      label: 'descent',
      run,
      context: { say: (line) => void said.push(line), stopRequested },
      initial: { weight: tf.scalar(3) },
      steps,
      step,
      checkpointEvery: 4,
      evaluateEvery: 8,
      onNan,
      batchAt: (index, factor) => {
        options.before?.(index);
        return { rate: tf.scalar(rateOf(index, factor)) };
      },
      evaluate: async ({ weight }) => ({ record: { weight: (await weight.data())[0]! }, note: '' }),
      ...(options.stopEarly && { stopEarly: options.stopEarly }),
    });
  } finally {
    await run.close();
  }
}

async function weightOf(trained: Promise<Trained<Weight>>): Promise<number> {
  const { state } = await trained;
  const [weight] = await state.weight.data();
  disposeTensors(state);
  return weight!;
}

const newFolder = (): string => mkdtempSync(join(scratch, 'run-'));
const logOf = (folder: string): readonly MetricsRecord[] =>
  readFileSync(join(folder, 'metrics.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as MetricsRecord);

/** Files of a run but for the time that it took, and of its checkpoints the newest: a stop leaves one of its own. */
function contents(folder: string): Record<string, string> {
  const files = readdirSync(folder).filter((name) => /^(metrics|rollbacks|best|run)\.json/.test(name));
  const newest = join('checkpoints', readdirSync(join(folder, 'checkpoints')).sort().at(-1)!);
  const hash = (name: string) =>
    createHash('sha256')
      .update(readFileSync(join(folder, name)))
      .digest('hex');
  return Object.fromEntries([...files, newest].map((name) => [name, hash(name)]));
}

/** From step 9 on so high that w² overflows two steps later. */
const tooHigh = (index: number, factor: number): number => factor * (index < 9 ? 0.5 : 5e18);

/** Float32 as the step has it. */
function byHand(rates: readonly number[]): number {
  const f = Math.fround;
  return rates.reduce((weight, rate) => f(weight - f(weight * f(rate))), 3);
}

describe('numbers that are not finite', () => {
  it('end a run that is to stop, with its last checkpoint', async () => {
    const folder = newFolder();
    const tensors = tf.memory().numTensors;
    await expect(training(folder, { rateOf: tooHigh, onNan: { kind: 'stop' } })).rejects.toThrow(
      /^descent: loss is not finite at step 1\d: loss Infinity; .*; the last good checkpoint is .*step-000000008/,
    );
    expect(readdirSync(folder)).not.toContain('rollbacks.json');
    expect(tf.memory().numTensors).toBe(tensors);
  });

  it('end one that rolls back after so many times, each in the log, and again for the same command', async () => {
    const folder = newFolder();
    const tensors = tf.memory().numTensors;
    const again = () => training(folder, { rateOf: tooHigh, onNan: { kind: 'rollback', times: 2 } });
    await expect(again()).rejects.toThrow(/after 2 rollbacks; the last good checkpoint is .*step-000000008/);
    const rollbacks = () => logOf(folder).filter(({ kind }) => kind === 'rollback');
    expect(rollbacks()).toMatchObject([
      { step: 8, learningRateFactor: 0.5 },
      { step: 8, learningRateFactor: 0.25 },
    ]);
    await expect(again()).rejects.toThrow('after 2 rollbacks');
    expect(rollbacks()).toHaveLength(2);
    expect(tf.memory().numTensors).toBe(tensors);
  });

  it('before the first checkpoint lead back to the start', async () => {
    const said: string[] = [];
    const rateOf = (_: number, factor: number) => (factor === 1 ? NaN : 0.5 * factor);
    const weight = await weightOf(training(newFolder(), { rateOf, steps: 2 }, said));
    expect(weight).toBe(byHand([0.25, 0.25]));
    expect(said.join()).toContain(
      'back to step 0, and on from there with half the learning rate (rollback 1 of at most 3)',
    );
  });

  it('in a state alone, with finite losses before them, are in no checkpoint either', async () => {
    // The update of step 12, of which a checkpoint is due.
    const rateOf = (index: number) => (index === 11 ? NaN : 0.5);
    const folder = newFolder();
    await expect(training(folder, { rateOf, onNan: { kind: 'stop' } })).rejects.toThrow(
      /weight is not finite after step 12; .*step-000000008/,
    );
    expect(readdirSync(join(folder, 'checkpoints'))).not.toContain('step-000000012.safetensors');
  });
});

/** Step 11 is none until rates have been halved twice. */
const rateOf = (index: number, factor: number): number =>
  index === 10 && factor > 0.25 ? NaN : 0.5 * factor;

describe('a rollback', () => {
  it('goes on with half the rate from its checkpoint, as computed by hand, and is written down', async () => {
    const folder = newFolder();
    const weight = await weightOf(training(folder, { rateOf }));
    expect(weight).toBe(byHand([...Array<number>(8).fill(0.5), ...Array<number>(12).fill(0.125)]));
    const log = logOf(folder);
    expect(log.filter(({ kind }) => kind === 'training').map((record) => record.step)).toEqual(
      Array.from({ length: 20 }, (_, i) => i + 1),
    );
    expect(log.map((record) => record.step)).toEqual(
      [...log.map((record) => record.step)].sort((a, b) => a - b),
    );
    expect(log.filter(({ kind }) => kind === 'rollback')).toMatchObject([
      { step: 8, from: 12, learningRateFactor: 0.5, found: expect.stringContaining('at step 12') as string },
      { step: 8, from: 12, learningRateFactor: 0.25 },
    ]);
  });

  it('leaves the same files wherever the training is killed or stopped on its way', async () => {
    const whole = newFolder();
    let batches = 0;
    await weightOf(training(whole, { rateOf, before: () => void batches++ }));
    expect(batches).toBeGreaterThan(20);
    for (let at = 1; at <= batches; at += 2) {
      for (const way of ['killed', 'stopped'] as const) {
        const folder = newFolder();
        let calls = 0;
        let asked = 0;
        const attempt = () =>
          weightOf(
            training(folder, {
              rateOf,
              before: () => {
                if (way === 'killed' && ++calls === at) throw new Error('killed');
              },
              stopRequested: () => way === 'stopped' && ++asked === at,
            }),
          );
        const first = await attempt().catch((error: Error) => error.message);
        if (typeof first === 'string') {
          expect(first).toMatch(/^killed$|^stopped; run/);
          await attempt();
        }
        expect(contents(folder), `${way} at ${at}`).toEqual(contents(whole));
      }
    }
  });

  it('before a damaged checkpoint keeps its place when an older one is taken', async () => {
    const whole = newFolder();
    await weightOf(training(whole, { rateOf }));
    const folder = newFolder();
    // Killed at step 14, with checkpoints of steps 8 and 12; then at step 10, with those of 4 and 8.
    let killAt = 14;
    const before = (index: number) => {
      if (index === killAt && readdirSync(folder).includes('rollbacks.json')) throw new Error('killed');
    };
    await expect(training(folder, { rateOf, before })).rejects.toThrow('killed');
    for (const name of ['step-000000012', 'step-000000008']) {
      const path = join(folder, 'checkpoints', `${name}.safetensors`);
      const bytes = readFileSync(path);
      bytes[bytes.length - 1]! ^= 1;
      writeFileSync(path, bytes);
    }
    killAt = 99;
    const weight = await weightOf(training(folder, { rateOf, before }));
    expect(weight).toBe(byHand([...Array<number>(8).fill(0.5), ...Array<number>(12).fill(0.125)]));
    expect(contents(folder)).toEqual(contents(whole));
  });
});

describe('an early end', () => {
  /** The third evaluation is one too many. */
  const stopEarly = (evaluations: readonly MetricsRecord[]) =>
    evaluations.length >= 2 ? 'twice is enough' : null;

  it('comes after the evaluation that brings it, and is said', async () => {
    const said: string[] = [];
    const { state, step: end, stoppedEarly } = await training(newFolder(), { stopEarly }, said);
    disposeTensors(state);
    expect([end, stoppedEarly]).toEqual([16, 'twice is enough']);
    expect(said).toContain('descent: stopped early at step 16 of 20: twice is enough');
  });

  it('is found again by a training that was killed or stopped before, at or behind it', async () => {
    const whole = newFolder();
    await weightOf(training(whole, { stopEarly, rateOf }));
    for (let at = 1; at <= 30; at += 3) {
      const folder = newFolder();
      let asked = 0;
      const attempt = () =>
        weightOf(training(folder, { stopEarly, rateOf, stopRequested: () => ++asked === at }));
      await attempt().catch(() => undefined);
      await attempt();
      expect(contents(folder), `stopped at ${at}`).toEqual(contents(whole));
    }
  });

  it('is none where it falls on the last step', async () => {
    const { state, stoppedEarly } = await training(newFolder(), { stopEarly, steps: 16 });
    disposeTensors(state);
    expect(stoppedEarly).toBe(null);
  });
});

it('the command line has the last word on what is done', () => {
  const five = { kind: 'rollback', times: 5 } as const;
  expect(onNanOf(five, undefined)).toEqual(five);
  expect(onNanOf(five, 'rollback')).toEqual(five);
  expect(onNanOf(five, 'stop')).toEqual({ kind: 'stop' });
  expect(onNanOf({ kind: 'stop' }, 'rollback')).toEqual({ kind: 'rollback', times: 3 });
});
