/**
 * This is graph mode for tfjs. A training step is traced on the native backend, written as a TensorFlow graph whose
 * variables are the state, and run by one call. It is to tfjs what `tf.function` is to TensorFlow in Python.
 *
 * A trace is a step run as ever whose results are thrown away. Every step that counts is run by the graph, the first
 * one too. So a run that was resumed computes the same bits as one that never stopped. The second step with
 * batches of some shapes is traced as well, and refused if it did something else. Other shapes (a last, smaller batch)
 * get a graph of their own; the state moves from one to the other.
 */
import type * as tf from '@tensorflow/tfjs';
import { cloneTensors, disposeTensors, flattenTensors, mapTensors, type TensorTree } from '../tensor-tree.ts';
import {
  NO_STATE,
  assertSameStructure,
  assertStepKeeps,
  eagerStep,
  type PureStep,
  type StepRunner,
} from '../training/step-runner.ts';
import { SOURCES, type TensorType } from './graph.ts';
import { copyTensors, currentNativeBackend, type NativeBackend } from './native-backend.ts';
import { openSession, type StepSession } from './session.ts';
import { trace, traceDifference, type Trace } from './trace.ts';

/**
 * Compiles a pure training step; on a backend other than `tensorflow` and `tensorflow-gpu` it is run as it is, with
 * the same meaning. `write` the first state, then `run`.
 *
 * What changes from step to step must be in the state or in the batch: learning rate, step number, random draws. A
 * value made on the host inside the step becomes a constant of the graph. It is checked that the first two steps agree
 * on it. What comes later is not. The function is called for these two only, and what it computes is thrown away.
 * State, batch and losses are trees of float32, int32 or bool tensors; names and shapes of the state stay the same.
 *
 * @param step Made of tfjs operations only; it reads no tensor back and leaves its arguments as they are.
 * @returns An object that holds the state; it has none before the first `write`.
 * @throws `run` and `read` throw an Error if there is no state or after `dispose`; `run` throws an Error if the step
 *   reads a tensor back, does other operations in its second call than in its first, changes the structure of the
 *   state, or runs an operation that cannot be put in a graph (the state is then that before this step, and can be
 *   read); `write` throws an Error if the state has not the structure of the one before.
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { disposeTensors } from 'model-patching/training';
 * import { compileStep } from 'model-patching/node';
 * type State = { slope: tf.Scalar };
 * type Batch = { x: tf.Tensor1D; y: tf.Tensor1D; learningRate: tf.Scalar };
 * const compiled = compileStep(({ slope }: State, { x, y, learningRate }: Batch) =>
 *   tf.tidy(() => {
 *     const error = (a: tf.Tensor) => x.mul(a).sub(y).square().mean<tf.Scalar>();
 *     const { value, grad } = tf.valueAndGrad(error)(slope);
 *     return { state: { slope: slope.sub<tf.Scalar>(grad.mul(learningRate)) }, losses: { loss: value } };
 *   }),
 * );
 * const batch = { x: tf.tensor1d([1, 2]), y: tf.tensor1d([3, 6]), learningRate: tf.scalar(0.1) };
 * const first = { slope: tf.scalar(0) };
 * compiled.write(first);
 * for (let step = 0; step < 30; step++) compiled.run(batch).loss.dispose();
 * const { slope } = await compiled.read();
 * if (Math.abs(slope.dataSync()[0]! - 3) > 1e-5) throw new Error('y = 3 x');
 * compiled.dispose();
 * disposeTensors({ first, slope, ...batch });
 * ```
 */
export function compileStep<S extends TensorTree, B extends TensorTree, L extends TensorTree>(
  step: PureStep<S, B, L>,
): StepRunner<S, B, L> {
  const backend = currentNativeBackend();
  return backend === null ? eagerStep(step) : graphStep(backend, step);
}

/** The graph of steps with batches of some shapes. */
interface Compilation<L> {
  readonly session: StepSession;
  /** Losses, of which only the names count. */
  readonly losses: L;
  /** That of the first step, until the second is found to be the same. */
  unconfirmed: Trace | null;
}

function graphStep<S extends TensorTree, B extends TensorTree, L extends TensorTree>(
  backend: NativeBackend,
  step: PureStep<S, B, L>,
): StepRunner<S, B, L> {
  const held = heldState<S>();
  const compilations = new Map<string, Compilation<L>>();
  const traced = (batch: B) => held.lend((state) => traceStep(backend, step, state, batch));

  const compile = (batch: B): Compilation<L> => {
    const { losses, trace } = traced(batch);
    const session = openSession(backend, {
      trace,
      state: tensorTypes(backend, held.structure()),
      batch: tensorTypes(backend, batch),
      types: backend.binding,
    });
    return { session, losses, unconfirmed: trace };
  };

  /** Compiles with the first batch of its shapes, confirms with the second. */
  const compilationFor = (batch: B): Compilation<L> => {
    const shapes = shapesOf(batch);
    const known = compilations.get(shapes);
    if (known === undefined) {
      const compilation = compile(batch);
      compilations.set(shapes, compilation);
      return compilation;
    }
    if (known.unconfirmed !== null) {
      assertSameTrace(known.unconfirmed, traced(batch).trace);
      known.unconfirmed = null;
    }
    return known;
  };

  return {
    run(batch) {
      const { session, losses } = compilationFor(batch);
      held.enter(session);
      return rebuild(losses, session.run(tensorsOf(batch)));
    },
    read: () => Promise.resolve().then(held.copies),
    write: held.write,
    dispose() {
      held.release();
      for (const { session } of compilations.values()) session.close();
      compilations.clear();
    },
  };
}

/** The state between two steps: in tensors as it was written, or in the session of the last step. */
function heldState<S extends TensorTree>() {
  /** `structure` is a state, of which only names, types and shapes count where there is a session. */
  let held: { readonly structure: S; readonly session: StepSession | null } | null = null;

  const present = () => {
    if (held === null) throw new Error(NO_STATE);
    return held;
  };
  const tensors = (): S => {
    const { structure, session } = present();
    return session === null ? structure : rebuild(structure, session.read());
  };
  const release = (): void => {
    if (held?.session === null) disposeTensors(held.structure);
    held = null;
  };

  return {
    release,
    structure: (): S => present().structure,
    /** What is read from a session for `f` is disposed of behind it. */
    lend<T>(f: (state: S) => T): T {
      const state = tensors();
      try {
        return f(state);
      } finally {
        if (present().session !== null) disposeTensors(state);
      }
    },
    copies(): S {
      const state = tensors();
      return present().session === null ? cloneTensors(state) : state;
    },
    write(state: S): void {
      if (held !== null) assertSameStructure('state', held.structure, state);
      const structure = cloneTensors(state);
      release();
      held = { structure, session: null };
    },
    enter(session: StepSession): void {
      const { structure, session: current } = present();
      if (current === session) return;
      const state = tensors();
      session.write(tensorsOf(state));
      disposeTensors(state);
      held = { structure, session };
    },
  };
}

/**
 * One step as ever, on copies so that no two inputs share their data, with its trace. Its results are disposed of; the
 * losses are for their names.
 */
function traceStep<S extends TensorTree, B extends TensorTree, L extends TensorTree>(
  backend: NativeBackend,
  step: PureStep<S, B, L>,
  state: S,
  batch: B,
): { losses: L; trace: Trace } {
  const stateCopies = copyTensors(backend, tensorsOf(state));
  const batchCopies = copyTensors(backend, tensorsOf(batch));
  const inputs = new Map([
    ...stateCopies.map((tensor, k) => [SOURCES.state(k), tensor] as const),
    ...batchCopies.map((tensor, k) => [SOURCES.batch(k), tensor] as const),
  ]);
  try {
    const traced = trace(backend, inputs, () => {
      const value = step(rebuild(state, stateCopies), rebuild(batch, batchCopies));
      assertStepKeeps(state, value);
      return { value, results: [...tensorsOf(value.state), ...tensorsOf(value.losses)] };
    });
    disposeTensors(traced.value);
    return { losses: traced.value.losses, trace: traced.trace };
  } finally {
    for (const tensor of inputs.values()) tensor.dispose();
  }
}

const shapesOf = (batch: TensorTree): string =>
  JSON.stringify(flattenTensors(batch).map(([path, { dtype, shape }]) => [path, dtype, shape]));

function assertSameTrace(first: Trace, second: Trace): void {
  const difference = traceDifference(first, second);
  if (difference !== null) {
    throw new Error(
      `the step cannot be compiled, its first two calls differ: ${difference}; ` +
        'what changes from step to step (learning rate, step number, random draws) has to be in the state or in ' +
        'the batch, and must not decide which operations are run',
    );
  }
}

const tensorsOf = (tree: TensorTree): tf.Tensor[] => flattenTensors(tree).map(([, tensor]) => tensor);

/** A tree of the structure of another one. */
function rebuild<T extends TensorTree>(structure: T, tensors: readonly tf.Tensor[]): T {
  let next = 0;
  return mapTensors(structure, () => tensors[next++]!);
}

function tensorTypes(backend: NativeBackend, tree: TensorTree): TensorType[] {
  const types: Readonly<Record<string, number>> = {
    float32: backend.binding.TF_FLOAT,
    int32: backend.binding.TF_INT32,
    bool: backend.binding.TF_BOOL,
  };
  return flattenTensors(tree).map(([path, { dtype, shape }]) => {
    const type = types[dtype];
    if (type === undefined) throw new Error(`${path}: expected float32, int32 or bool, received ${dtype}`);
    return { dtype: type, shape };
  });
}
