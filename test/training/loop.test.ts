import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { foldKey, randomKey, uniform } from '../../src/random/random.ts';
import { cloneTensors, disposeTensors } from '../../src/tensor-tree.ts';
import {
  checkFiniteState,
  NonFiniteLossError,
  NonFiniteStateError,
  train,
  type LossRecord,
} from '../../src/training/loop.ts';
import { useBackend } from '../support/backend.ts';

beforeAll(() => useBackend('cpu'));

type State = { readonly weight: tf.Scalar; readonly slots: { readonly sum: tf.Tensor1D } };

const start = (): State => ({ weight: tf.scalar(1), slots: { sum: tf.zeros([2]) } });

type Batch = { readonly draw: tf.Tensor1D };

const batchAt = (index: number): Batch => ({ draw: tf.tensor1d(uniform(foldKey(randomKey(3), index), 2)) });

/** A step in which the numbers depend on the batch and on everything before. */
function step(
  state: State,
  { draw }: Batch,
): { state: State; losses: { loss: tf.Scalar; parts: tf.Tensor1D } } {
  return tf.tidy(() => {
    const sum: tf.Tensor1D = state.slots.sum.mul(0.9).add(draw);
    const weight = state.weight.mul(0.7).add(sum.sum()).sin().asScalar();
    return { state: { weight, slots: { sum } }, losses: { loss: weight.square(), parts: sum.mul(2) } };
  });
}

const numbersOf = ({ weight, slots }: State): number[] => [...weight.dataSync(), ...slots.sum.dataSync()];

/** Batches that name the losses: at the given places (counted from 1) these, otherwise the number of steps done. */
const lossesAt =
  (bad: Readonly<Record<number, number>>) =>
  (index: number): { loss: tf.Scalar; groups: tf.Tensor1D } => ({
    loss: tf.scalar(bad[index + 1] ?? index + 1),
    groups: tf.tensor1d([0.5, index]),
  });

/** A step whose losses are its batch. */
const echo = ({ weight }: { weight: tf.Scalar }, batch: ReturnType<ReturnType<typeof lossesAt>>) => ({
  state: { weight: weight.clone() },
  losses: cloneTensors(batch),
});

describe('order', () => {
  it('reads losses before anything recurring runs, and hands on each step once and in order', async () => {
    const events: string[] = [];
    const { state, stepsDone, interrupted } = await train({
      state: start(),
      stepsDone: 0,
      steps: 7,
      step,
      batchAt,
      readLossesEvery: 2,
      onLosses: (records) => void events.push(`losses ${records.map((record) => record.step).join()}`),
      recurring: [
        { every: 3, run: (_, at) => void events.push(`save ${at}`) },
        { every: 5, run: async (_, at) => void events.push(`measure ${at}`) },
      ],
    });
    disposeTensors(state);
    expect(events).toEqual([
      'losses 1,2',
      'losses 3',
      'save 3',
      'losses 4,5',
      'measure 5',
      'losses 6',
      'save 6',
      'losses 7',
      'save 7',
      'measure 7',
    ]);
    expect([stepsDone, interrupted]).toEqual([7, false]);
  });

  it('gives what recurs the state after the step, and waits for it', async () => {
    const seen: number[] = [];
    const end = await train({
      state: { weight: tf.scalar(0) },
      stepsDone: 0,
      steps: 4,
      batchAt: () => ({}),
      step: ({ weight }) => ({ state: { weight: weight.add(1) as tf.Scalar }, losses: {} }),
      recurring: [
        {
          every: 2,
          run: async ({ weight }, at) => {
            await new Promise((resolve) => setTimeout(resolve, 5));
            seen.push(at, weight.dataSync()[0]!);
          },
        },
      ],
    });
    disposeTensors(end.state);
    expect(seen).toEqual([2, 2, 4, 4]);
  });

  it('reads a scalar as a number and a vector as a list', async () => {
    const records: LossRecord[] = [];
    const end = await train({
      state: { weight: tf.scalar(0) },
      stepsDone: 4,
      steps: 5,
      step: echo,
      batchAt: lossesAt({}),
      onLosses: (more) => void records.push(...more),
    });
    disposeTensors(end.state);
    expect(records).toEqual([{ step: 5, losses: { loss: 5, groups: [0.5, 4] } }]);
  });

  it('does nothing and nothing recurs where all steps are done', async () => {
    let calls = 0;
    const count = () => void (calls += 1);
    const end = await train({
      state: start(),
      stepsDone: 3,
      steps: 3,
      step,
      batchAt,
      recurring: [{ every: 1, run: count }],
    });
    expect([end.stepsDone, end.interrupted, ...numbersOf(end.state)]).toEqual([3, false, 1, 0, 0]);
    expect(calls).toBe(0);
    disposeTensors(end.state);
  });
});

describe('a loss that is not finite', () => {
  it.each([
    [3, NaN],
    [1, Infinity],
    [11, -Infinity],
  ])('at step %i (%d) ends the run there, with all parts named', async (bad, value) => {
    const logged: number[] = [];
    const saved: number[] = [];
    const before = tf.memory().numTensors;
    const run = train({
      state: { weight: tf.scalar(0) },
      stepsDone: 0,
      steps: 40,
      // A later one is worse, and is not what is reported.
      step: echo,
      batchAt: lossesAt({ [bad]: value, [bad + 1]: NaN }),
      onLosses: (records) => {
        expect(records.length).toBeGreaterThan(0);
        logged.push(...records.map((record) => record.step));
      },
      recurring: [{ every: 5, run: (_, at) => void saved.push(at) }],
    });
    const error: unknown = await run.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(NonFiniteLossError);
    const { message, record, name } = error as NonFiniteLossError;
    expect(message).toBe(
      `loss is not finite at step ${bad}: loss ${value}, groups [0.5, ${bad - 1}]; among the causes are ` +
        'too high a learning rate, inputs that are no numbers, and labels or groups out of range',
    );
    expect(record).toEqual({ step: bad, losses: { loss: value, groups: [0.5, bad - 1] } });
    expect(name).toBe('NonFiniteLossError');
    expect(logged).toEqual(Array.from({ length: bad - 1 }, (_, i) => i + 1));
    expect(saved.every((at) => at < bad)).toBe(true);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('is found in one entry of a vector, and is never saved', async () => {
    let saves = 0;
    const run = train({
      state: { weight: tf.scalar(0) },
      stepsDone: 0,
      steps: 2,
      step: echo,
      batchAt: (index) => ({ loss: tf.scalar(1), groups: tf.tensor1d([1, index === 1 ? NaN : 2, 3]) }),
      recurring: [{ every: 2, run: () => void (saves += 1) }],
    });
    await expect(run).rejects.toThrow('at step 2: loss 1, groups [1, NaN, 3]');
    expect(saves).toBe(0);
  });
});

describe('a stop', () => {
  it('ends the run after the step, with its losses handed on and what is due done', async () => {
    const events: string[] = [];
    let asked = 0;
    const end = await train({
      state: start(),
      stepsDone: 0,
      steps: 100,
      step,
      batchAt,
      onLosses: (records) => void events.push(`losses ${records.map((record) => record.step).join()}`),
      recurring: [{ every: 4, run: (_, at) => void events.push(`save ${at}`) }],
      stopRequested: () => ++asked === 4,
    });
    disposeTensors(end.state);
    expect([end.stepsDone, end.interrupted, asked]).toEqual([4, true, 4]);
    expect(events).toEqual(['losses 1,2,3,4', 'save 4']);
  });

  it('after the last step is no interruption', async () => {
    const end = await train({
      state: start(),
      stepsDone: 0,
      steps: 2,
      step,
      batchAt,
      stopRequested: () => false,
    });
    const late = await train({ ...end, steps: 3, step, batchAt, stopRequested: () => true });
    expect([late.stepsDone, late.interrupted]).toEqual([3, false]);
    disposeTensors(late.state);
  });
});

describe('tensors', () => {
  it('of every state and of all losses are disposed as it goes', async () => {
    const before = tf.memory().numTensors;
    const counts: number[] = [];
    const end = await train({
      state: start(),
      stepsDone: 0,
      steps: 30,
      step,
      batchAt,
      recurring: [{ every: 6, run: () => void counts.push(tf.memory().numTensors) }],
    });
    // The state, and the copy that is read.
    expect(counts).toEqual([before + 4, before + 4, before + 4, before + 4, before + 4]);
    expect(tf.memory().numTensors).toBe(before + 2);
    disposeTensors(end.state);
  });

  it.each(['step', 'batchAt', 'onLosses', 'run', 'pause', 'stopRequested'])(
    'are disposed when %s throws',
    async (what) => {
      const before = tf.memory().numTensors;
      let calls = 0;
      const fail = (name: string) => {
        if (name === what) throw new Error(`${name} failed`);
      };
      const run = train({
        state: start(),
        stepsDone: 0,
        steps: 9,
        readLossesEvery: 4,
        step: (state: State, batch: Batch) => {
          if (++calls === 3) fail('step');
          return step(state, batch);
        },
        batchAt: (index) => {
          if (index === 2) fail('batchAt');
          return batchAt(index);
        },
        onLosses: () => fail('onLosses'),
        recurring: [{ every: 3, run: () => fail('run') }],
        pause: async () => fail('pause'),
        stopRequested: () => (fail('stopRequested'), false),
      });
      await expect(run).rejects.toThrow(`${what} failed`);
      expect(tf.memory().numTensors).toBe(before);
    },
  );
});

describe('resumption', () => {
  it('at any steps gives the numbers of the run that did not stop, bit for bit', async () => {
    const STEPS = 12;
    const log: LossRecord[] = [];
    const whole = await train({
      state: start(),
      stepsDone: 0,
      steps: STEPS,
      step,
      batchAt,
      onLosses: (records) => void log.push(...records),
    });
    const expected = numbersOf(whole.state);
    disposeTensors(whole.state);
    expect(log.length).toBe(STEPS);
    const splits = fc.uniqueArray(fc.integer({ min: 1, max: STEPS - 1 }), { maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(splits, fc.integer({ min: 1, max: 7 }), async (stops, readLossesEvery) => {
        const pieces: LossRecord[] = [];
        let state = start();
        let stepsDone = 0;
        for (;;) {
          let at = stepsDone;
          const end: Awaited<ReturnType<typeof train<State, Batch>>> = await train({
            state,
            stepsDone,
            steps: STEPS,
            readLossesEvery,
            step,
            batchAt: (index) => (at++, batchAt(index)),
            onLosses: (records) => void pieces.push(...records),
            stopRequested: () => stops.includes(at),
          });
          ({ state, stepsDone } = end);
          if (!end.interrupted) break;
        }
        expect(numbersOf(state)).toEqual(expected);
        expect(pieces).toEqual(log);
        disposeTensors(state);
      }),
      { seed: 20, numRuns: 60 },
    );
  });
});

describe('numbers that are not finite, with a way back', () => {
  type Number = { readonly value: tf.Scalar };
  type By = { readonly by: tf.Scalar };
  const grow = ({ value }: Number, { by }: By) => ({
    state: { value: value.mul<tf.Scalar>(by) },
    losses: { loss: value.mul<tf.Scalar>(by) },
  });

  it('goes on from what it is given, with that step’s batch, and leaves no tensor', async () => {
    const tensors = tf.memory().numTensors;
    const saved: [number, number][] = [];
    const logged: number[] = [];
    const asked: [number, number][] = [];
    let factor = 1;
    const { state, stepsDone } = await train<Number, By>({
      state: { value: tf.scalar(1) },
      stepsDone: 0,
      steps: 6,
      step: grow,
      // Step 5 overflows unless the factor is a quarter.
      batchAt: (index) => ({ by: tf.scalar(index === 4 && factor > 0.25 ? 1e38 : 8 * factor) }),
      recurring: [{ every: 2, run: ({ value }, step) => void saved.push([step, value.dataSync()[0]!]) }],
      onLosses: (records) => void logged.push(...records.map(({ step }) => step)),
      recover: async (error, { value }) => {
        asked.push([error.record.step, value.dataSync()[0]!]);
        factor /= 2;
        return { step: 4, state: { value: tf.scalar(saved.at(-1)![1]) } };
      },
    });
    // 8⁴ overflows at step 5 twice; then twice a quarter of 8.
    expect(asked).toEqual([
      [5, Infinity],
      [5, Infinity],
    ]);
    expect(state.value.dataSync()[0]).toBe(8 ** 4 * 2 * 2);
    expect(stepsDone).toBe(6);
    expect(logged).toEqual([1, 2, 3, 4, 5, 6]);
    state.value.dispose();
    expect(tf.memory().numTensors).toBe(tensors);
  });

  it('gives up with the error where there is no way, or the way throws, and leaves no tensor', async () => {
    const run = (recover: () => Promise<null>) =>
      train<Number, By>({
        state: { value: tf.scalar(1) },
        stepsDone: 0,
        steps: 3,
        step: grow,
        batchAt: () => ({ by: tf.scalar(NaN) }),
        recover,
      });
    const tensors = tf.memory().numTensors;
    await expect(run(() => Promise.resolve(null))).rejects.toThrow('loss is not finite at step 1');
    await expect(run(() => Promise.reject(new Error('no disk')))).rejects.toThrow('no disk');
    expect(tf.memory().numTensors).toBe(tensors);
  });

  it('is asked of a state that what recurs finds not finite, and of no other fault', async () => {
    const found: string[] = [];
    const run = (fault: () => Error) =>
      train<Number, By>({
        state: { value: tf.scalar(1) },
        stepsDone: 0,
        steps: 1,
        step: ({ value }) => ({ state: { value: value.clone() }, losses: { loss: value.clone() } }),
        batchAt: () => ({ by: tf.scalar(1) }),
        recurring: [
          {
            every: 1,
            run: () => {
              throw fault();
            },
          },
        ],
        recover: async ({ name }) => (found.push(name), null),
      });
    await expect(run(() => new NonFiniteStateError({ step: 1, losses: {} }, 'a/b'))).rejects.toThrow(
      'a/b is not finite after step 1',
    );
    await expect(run(() => new Error('disk full'))).rejects.toThrow('disk full');
    expect(found).toEqual(['NonFiniteStateError']);
  });

  it('is told by the first tensor of a state that holds such a number', async () => {
    const state = { a: tf.tensor1d([1, 2]), n: tf.tensor1d([1], 'int32'), b: { c: tf.scalar(-Infinity) } };
    await expect(checkFiniteState(state, 9)).rejects.toThrow('b/c is not finite after step 9');
    await expect(checkFiniteState({ a: state.a, n: state.n }, 9)).resolves.toBeUndefined();
    disposeTensors(state);
  });
});

describe('an end before the steps are done', () => {
  const run = async (ended: () => boolean, events: string[] = []) => {
    const end = await train({
      state: start(),
      stepsDone: 2,
      steps: 9,
      step,
      batchAt,
      readLossesEvery: 100,
      onLosses: (records) => void events.push(`losses ${records.map((record) => record.step).join()}`),
      recurring: [{ every: 4, run: (_, at) => void events.push(`save ${at}`) }],
      ended,
    });
    disposeTensors(end.state);
    return end;
  };

  it('is in good order: losses are handed on, and it is no interruption', async () => {
    const events: string[] = [];
    const end = await run(() => events.includes('save 4'), events);
    expect(events).toEqual(['losses 3,4', 'save 4']);
    expect(end).toMatchObject({ stepsDone: 4, interrupted: false });
  });

  it('may have come before the first step', async () => {
    expect(await run(() => true)).toMatchObject({ stepsDone: 2, interrupted: false });
  });
});
