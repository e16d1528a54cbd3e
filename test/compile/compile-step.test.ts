import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { compileStep } from '../../src/compile/compile-step.ts';
import { gpuBackend, useNativeBackend } from '../support/native.ts';

const native = await useNativeBackend('what compileStep does on the native backend');

type State = { readonly weight: tf.Tensor1D };
type Batch = { readonly x: tf.Tensor2D; readonly rate: tf.Scalar };

const step = ({ weight }: State, { x, rate }: Batch) =>
  tf.tidy(() => {
    const { value, grad } = tf.valueAndGrad((w: tf.Tensor) => x.mul(w).sum(1).square().mean<tf.Scalar>())(
      weight,
    );
    return { state: { weight: weight.sub<tf.Tensor1D>(grad.mul(rate)) }, losses: { loss: value } };
  });

const batchOf = (index: number, rows = 2): Batch => ({
  x: tf.tensor2d(
    Array.from({ length: 2 * rows }, (_, i) => Math.sin(i + 5 * index)),
    [rows, 2],
  ),
  rate: tf.scalar(0.1 / (index + 1)),
});

const initial = (): State => ({ weight: tf.tensor1d([1, -2]) });

/** The same in float64. */
function reference(rows: readonly number[]): { weight: number[]; losses: number[] } {
  let weight = [1, -2];
  const losses = rows.map((count, index) => {
    const x = Array.from({ length: count }, (_, r) =>
      [0, 1].map((c) => Math.fround(Math.sin(2 * r + c + 5 * index))),
    );
    const products = x.map((row) => row[0]! * weight[0]! + row[1]! * weight[1]!);
    const gradient = [0, 1].map((c) =>
      x.reduce((sum, row, r) => sum + (2 * row[c]! * products[r]!) / count, 0),
    );
    const loss = products.reduce((sum, p) => sum + (p * p) / count, 0);
    weight = weight.map((w, c) => w - (0.1 / (index + 1)) * gradient[c]!);
    return loss;
  });
  return { weight, losses };
}

function runAll(compiled: ReturnType<typeof compileStep<State, Batch, { loss: tf.Scalar }>>, rows: number[]) {
  return rows.map((count, index) => {
    const batch = batchOf(index, count);
    const { loss } = compiled.run(batch);
    const value = loss.dataSync()[0]!;
    tf.dispose([loss, batch.x, batch.rate]);
    return value;
  });
}

describe.skipIf(!native)('a compiled step', () => {
  const closeTo = (received: ArrayLike<number>, expected: readonly number[]): void => {
    expect(received.length).toBe(expected.length);
    expected.forEach((value, i) => expect(received[i]).toBeCloseTo(value, 5));
  };

  it('computes what the step does, with every batch and rate that it is given', async () => {
    const compiled = compileStep(step);
    const first = initial();
    compiled.write(first);
    const rows = Array<number>(12).fill(2);
    const expected = reference(rows);
    closeTo(runAll(compiled, rows), expected.losses);
    const { weight } = await compiled.read();
    closeTo(weight.dataSync(), expected.weight);
    compiled.dispose();
    tf.dispose([first.weight, weight]);
  });

  it('has a graph for each shape of the batch, and one state', async () => {
    const compiled = compileStep(step);
    const first = initial();
    compiled.write(first);
    // three of four rows and a smaller one, as at the end of each pass over the data
    const rows = [4, 4, 4, 3, 4, 4, 4, 3, 4, 4, 4, 3, 4, 4, 4, 3];
    const expected = reference(rows);
    closeTo(runAll(compiled, rows), expected.losses);
    const { weight } = await compiled.read();
    closeTo(weight.dataSync(), expected.weight);
    compiled.dispose();
    tf.dispose([first.weight, weight]);
  });

  it('is one call of the binding from the third step on', () => {
    const compiled = compileStep(step);
    const first = initial();
    compiled.write(first);
    const backend = tf.backend() as unknown as {
      binding: { executeOp: unknown; runSavedModel: unknown };
    };
    const { binding } = backend;
    const calls: string[] = [];
    const counted = (name: 'executeOp' | 'runSavedModel') => ({
      value: (...arguments_: unknown[]) => {
        calls.push(name);
        return (binding[name] as (...given: unknown[]) => unknown)(...arguments_);
      },
    });
    backend.binding = Object.create(binding, {
      executeOp: counted('executeOp'),
      runSavedModel: counted('runSavedModel'),
    }) as typeof binding;
    const perStep: string[][] = [];
    for (let index = 0; index < 5; index++) {
      calls.length = 0;
      runAll(compiled, [2]);
      perStep.push([...calls]);
    }
    backend.binding = binding;
    // the first is traced and moves the state into the graph, the second takes it out to be traced as well
    const graphs = perStep.map((step) => step.filter((name) => name === 'runSavedModel').length);
    expect(graphs).toEqual([2, 2, 1, 1, 1]);
    const kernels = perStep.map((step) => step.filter((name) => name === 'executeOp').length);
    expect(kernels[0]).toBeGreaterThan(10);
    expect(kernels[1]).toBeGreaterThan(10);
    expect(kernels.slice(2)).toEqual([0, 0, 0]);
    compiled.dispose();
    first.weight.dispose();
  });

  it('goes on from a state that was read and written elsewhere, with the same bits', async () => {
    const rows = Array<number>(9).fill(2);
    const whole = compileStep(step);
    const first = initial();
    whole.write(first);
    const losses = runAll(whole, rows);
    const again = compileStep(step);
    again.write(first);
    const pieces: number[] = [];
    const resumed = compileStep(step);
    for (let index = 0; index < rows.length; index++) {
      const runner = index < 5 ? again : resumed;
      if (index === 5) {
        const state = await again.read();
        resumed.write(state);
        state.weight.dispose();
      }
      const batch = batchOf(index);
      const { loss } = runner.run(batch);
      pieces.push(loss.dataSync()[0]!);
      tf.dispose([loss, batch.x, batch.rate]);
    }
    expect(pieces).toEqual(losses);
    [whole, again, resumed].forEach((runner) => runner.dispose());
    first.weight.dispose();
  });

  it('keeps no tensor but its state, and frees it', async () => {
    const before = tf.memory().numTensors;
    const compiled = compileStep(step);
    const first = initial();
    compiled.write(first);
    const counts = Array.from({ length: 6 }, () => {
      runAll(compiled, [2]);
      return tf.memory().numTensors - before;
    });
    // the first state of the caller
    expect(counts).toEqual([1, 1, 1, 1, 1, 1]);
    const { weight } = await compiled.read();
    tf.dispose([first.weight, weight]);
    compiled.dispose();
    expect(tf.memory().numTensors).toBe(before);
    const batch = batchOf(0);
    expect(() => compiled.run(batch)).toThrow('there is no state: write one first');
    await expect(compiled.read()).rejects.toThrow('there is no state');
    tf.dispose([batch.x, batch.rate]);
  });

  it('shares nothing with another one', async () => {
    const [one, two] = [compileStep(step), compileStep(step)];
    const states = [initial(), { weight: tf.tensor1d([0, 0]) }];
    one.write(states[0]!);
    two.write(states[1]!);
    for (let i = 0; i < 4; i++) {
      runAll(one, [2]);
      runAll(two, [2]);
    }
    const { weight } = await two.read();
    expect([...weight.dataSync()]).toEqual([0, 0]);
    one.dispose();
    two.dispose();
    tf.dispose([weight, ...states.map((state) => state.weight)]);
  });

  it('takes constants of the host and tensors made before as they are, and gathers by indices of its batch', async () => {
    const table = tf.tensor1d([10, 20, 30]);
    const compiled = compileStep(({ sum }: { sum: tf.Scalar }, { indices }: { indices: tf.Tensor1D }) =>
      tf.tidy(() => ({
        state: { sum: sum.add<tf.Scalar>(table.gather(indices).sum()).add<tf.Scalar>(tf.scalar(0.5)) },
        losses: { flags: indices.greater(1), picked: table.gather(indices) },
      })),
    );
    const state = { sum: tf.scalar(0) };
    compiled.write(state);
    const seen = [
      [0, 1],
      [2, 2],
      [1, 0],
      [2, 0],
      [0, 0],
    ].map((values) => {
      const batch = { indices: tf.tensor1d(values, 'int32') };
      const { flags, picked } = compiled.run(batch);
      const read = [...picked.dataSync(), ...flags.dataSync()];
      tf.dispose([batch.indices, flags, picked]);
      return read;
    });
    expect(seen).toEqual([
      [10, 20, 0, 0],
      [30, 30, 1, 1],
      [20, 10, 0, 0],
      [30, 10, 1, 0],
      [10, 10, 0, 0],
    ]);
    const { sum } = await compiled.read();
    expect(sum.dataSync()[0]).toBe(182.5);
    const wrong = { indices: tf.tensor1d([0, 3], 'int32') };
    if (gpuBackend === 'tensorflow-gpu') {
      // By TensorFlow's documentation an index out of range is an error on the processor only; on a GPU it reads as 0
      // (not run there yet).
      const { flags, picked } = compiled.run(wrong);
      expect([...picked.dataSync()]).toEqual([10, 0]);
      tf.dispose([flags, picked]);
    } else expect(() => compiled.run(wrong)).toThrow(/indices\[1\] = 3 is not in \[0, 3\)/);
    compiled.dispose();
    tf.dispose([table, state.sum, sum, wrong.indices]);
  });

  it('runs every operation of a step through its state, whether or not it depends on it', async () => {
    // state that is handed through, swapped, shared and replaced by the batch
    type Pair = { a: tf.Scalar; b: tf.Scalar; c: tf.Scalar; d: tf.Scalar };
    const compiled = compileStep(({ a, b, c }: Pair, { x }: { x: tf.Scalar }) => ({
      state: { a: b.clone(), b: a.clone(), c: c.clone(), d: x.clone() },
      losses: { a: a.clone() },
    }));
    const one = tf.scalar(1);
    // `a` and `c` share their data
    const state = { a: one, b: tf.scalar(2), c: one.clone(), d: tf.scalar(0) };
    compiled.write(state);
    const losses = [5, 6, 7, 8, 9].map((value) => {
      const x = tf.scalar(value);
      const { a } = compiled.run({ x });
      const [read] = a.dataSync();
      tf.dispose([x, a]);
      return read;
    });
    expect(losses).toEqual([1, 2, 1, 2, 1]);
    const end = await compiled.read();
    expect([end.a, end.b, end.c, end.d].map((tensor) => tensor.dataSync()[0])).toEqual([2, 1, 1, 9]);
    compiled.dispose();
    tf.dispose([...Object.values(state), ...Object.values(end)]);
  });

  describe('refuses a step', () => {
    /** The error of the first `calls` calls. */
    function errorOf(
      body: (state: { w: tf.Scalar }, x: tf.Tensor1D, call: number) => tf.Tensor,
      calls = 3,
    ): string {
      let call = 0;
      const compiled = compileStep((state: { w: tf.Scalar }, { x }: { x: tf.Tensor1D }) =>
        tf.tidy(() => ({ state: { w: body(state, x, call++) as tf.Scalar }, losses: { loss: x.sum() } })),
      );
      const before = tf.memory().numTensors;
      const state = { w: tf.scalar(1) };
      const x = tf.tensor1d([1, 2, 3]);
      compiled.write(state);
      try {
        for (let i = 0; i < calls; i++) compiled.run({ x }).loss.dispose();
        return 'none';
      } catch (error) {
        return (error as Error).message;
      } finally {
        compiled.dispose();
        tf.dispose([state.w, x]);
        expect(tf.memory().numTensors).toBe(before);
      }
    }

    it.each<[string, Parameters<typeof errorOf>[0], RegExp]>([
      ['that reads a tensor back', ({ w }, x) => w.mul(x.dataSync()[0]!), /reads a tensor back/],
      [
        'that reads one back and does not wait for it',
        ({ w }, x) => (void x.data().catch(() => undefined), w.clone()),
        /reads a tensor back/,
      ],
      [
        'whose operations depend on a counter',
        ({ w }, _, call) => (call === 0 ? w.add(1) : w.mul(2)),
        /first two calls differ: operation 0: Add\(.*\).* in one step, Mul\(.*\).* in the next/,
      ],
      [
        'that does more at its second call',
        ({ w }, _, call) => (call === 0 ? w.add(1) : w.add(1).abs()),
        /operation \d: .* in one step, .* in the next/,
      ],
      [
        'with a rate of the host that falls',
        ({ w }, _, call) => w.mul(1 / (1 + call)),
        /a value of shape \[\] made on the host for operation 0 \(Mul\); what changes from step to step/,
      ],
      [
        'with random numbers of the host',
        ({ w }) => w.add(tf.randomUniform([3]).sum()),
        /made on the host|operation \d/,
      ],
      [
        'whose state changes its shape',
        ({ w }) => w.reshape([1]),
        /the state that the step returns: expected w: float32 \[\], as before, received w: float32 \[1\]/,
      ],
      [
        'whose state changes its type',
        ({ w }) => w.toInt(),
        /expected w: float32 \[\], as before, received w: int32 \[\]/,
      ],
    ])('%s', (_, body, message) => {
      expect(errorOf(body)).toMatch(message);
    });

    it('none of these', () => {
      expect(errorOf(({ w }, x) => w.add(x.sum()))).toBe('none');
    });

    it('leaves the state before it', async () => {
      let call = 0;
      const compiled = compileStep(({ w }: { w: tf.Scalar }, { x }: { x: tf.Scalar }) => ({
        state: { w: call++ === 0 ? w.add<tf.Scalar>(x) : w.mul<tf.Scalar>(x) },
        losses: {},
      }));
      const [w, x] = [tf.scalar(2), tf.scalar(3)];
      compiled.write({ w });
      compiled.run({ x });
      expect(() => compiled.run({ x })).toThrow('cannot be compiled');
      const end = await compiled.read();
      expect(end.w.dataSync()[0]).toBe(5);
      compiled.dispose();
      tf.dispose([w, x, end.w]);
    });
  });

  it('refuses a state of another structure', () => {
    const compiled = compileStep(step);
    const [one, two] = [tf.tensor1d([1, 2]), tf.tensor1d([1, 2, 3])];
    compiled.write({ weight: one });
    expect(() => compiled.write({ weight: two })).toThrow(
      'state: expected weight: float32 [2], as before, received weight: float32 [3]',
    );
    compiled.dispose();
    tf.dispose([one, two]);
  });
});

describe('on another backend', () => {
  it('the step is run as it is, with the same meaning', async () => {
    const current = tf.getBackend() as string | undefined;
    await tf.setBackend('cpu');
    const before = tf.memory().numTensors;
    const compiled = compileStep(step);
    const first = initial();
    compiled.write(first);
    const rows = [4, 3, 4, 4];
    const expected = reference(rows);
    runAll(compiled, rows).forEach((loss, i) => expect(loss).toBeCloseTo(expected.losses[i]!, 5));
    const { weight } = await compiled.read();
    [...weight.dataSync()].forEach((w, i) => expect(w).toBeCloseTo(expected.weight[i]!, 5));
    const other = tf.tensor1d([1, 2, 3]);
    expect(() => compiled.write({ weight: other })).toThrow('received weight: float32 [3]');
    compiled.dispose();
    tf.dispose([first.weight, weight, other]);
    const batch = batchOf(0);
    expect(() => compiled.run(batch)).toThrow('there is no state');
    tf.dispose([batch.x, batch.rate]);
    expect(tf.memory().numTensors).toBe(before);
    if (current !== undefined) await tf.setBackend(current);
  });
});
