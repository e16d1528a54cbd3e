/**
 * Graph mode for tfjs: a training step is traced on the native backend, written as a TensorFlow graph whose variables
 * are the state, and from then on run by one call. It is to tfjs what `tf.function` is to TensorFlow in Python.
 *
 * The first two steps with batches of some shapes run as ever and are traced; only if both did the same are the
 * following ones run by the graph. Other shapes (a last, smaller batch) get a graph of their own; the state moves
 * from one to the other.
 */
import type * as tf from '@tensorflow/tfjs';
import {
  cloneTensors,
  disposeTensors,
  flattenTensors,
  mapTensors,
  type TensorTree,
} from '../../tensor-tree.ts';
import {
  NO_STATE,
  assertSameStructure,
  assertStepKeeps,
  eagerStep,
  type PureStep,
  type StepRunner,
} from '../../training/step-runner.ts';
import { SOURCES, type TensorType } from './graph.ts';
import { copyTensors, currentNativeBackend, type NativeBackend } from './native-backend.ts';
import { openSession, type StepSession } from './session.ts';
import { trace, traceDifference, type Trace } from './trace.ts';

/**
 * Compiles a pure training step; on a backend other than `tensorflow` and `tensorflow-gpu` it is run as it is, with
 * the same meaning. `write` the first state, then `run`.
 *
 * What changes from step to step must be in the state or in the batch: learning rate, step number, random draws. A
 * value made on the host inside the step becomes a constant of the graph; that the first two steps agree on it is
 * checked, what comes later is not. State, batch and losses are trees of float32, int32 or bool tensors; names and
 * shapes of the state stay the same.
 *
 * @param step Made of tfjs operations only; it reads no tensor back and leaves its arguments as they are.
 * @returns An object that holds the state; it has none before the first `write`.
 * @throws `run` and `read` throw an Error if there is no state or after `dispose`; `run` throws an Error if the step
 *   reads a tensor back, does other operations in its second call than in its first, changes the structure of the
 *   state, or runs an operation that cannot be put in a graph (the state is then that after the last step that was
 *   run, and can be read); `write` throws an Error if the state has not the structure of the one before.
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { disposeTensors } from 'model-patching';
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

/** What is known of steps with batches of some shapes. */
interface Compilation<L> {
  /** Of the first one. */
  readonly trace: Trace;
  /** Its losses, for their structure. */
  readonly losses: L;
  session: StepSession | null;
}

function graphStep<S extends TensorTree, B extends TensorTree, L extends TensorTree>(
  backend: NativeBackend,
  step: PureStep<S, B, L>,
): StepRunner<S, B, L> {
  const compilations = new Map<string, Compilation<L>>();
  /** In tensors, or in a session; `structure` is a state, of which only names, types and shapes count. */
  let held: { readonly structure: S; readonly session: StepSession | null } | null = null;

  const present = () => {
    if (held === null) throw new Error(NO_STATE);
    return held;
  };
  const stateTensors = (): S => {
    const { structure, session } = present();
    return session === null ? structure : rebuild(structure, session.read());
  };
  const hold = (structure: S, session: StepSession | null): void => {
    if (held !== null && held.session === null && held.structure !== structure)
      disposeTensors(held.structure);
    held = { structure, session };
  };

  const tracedStep = (batch: B): { losses: L; trace: Trace } => {
    const state = stateTensors();
    const traced = traceStep(backend, step, state, batch);
    if (present().session !== null) disposeTensors(state);
    hold(traced.state, null);
    return traced;
  };

  const enter = (session: StepSession): void => {
    const { structure, session: current } = present();
    if (current === session) return;
    const tensors = stateTensors();
    session.write(tensorsOf(tensors));
    disposeTensors(tensors);
    held = { structure, session };
  };

  const close = (): void => {
    for (const { session } of compilations.values()) session?.close();
    compilations.clear();
  };

  return {
    run(batch) {
      const shapes = JSON.stringify(
        flattenTensors(batch).map(([path, { dtype, shape }]) => [path, dtype, shape]),
      );
      const known = compilations.get(shapes);
      if (known === undefined) {
        const { losses, trace: first } = tracedStep(batch);
        compilations.set(shapes, { trace: first, losses, session: null });
        return losses;
      }
      if (known.session === null) {
        const { losses, trace: second } = tracedStep(batch);
        try {
          assertSameTrace(known.trace, second);
          known.session = openSession(backend, {
            trace: second,
            state: tensorTypes(backend, present().structure),
            batch: tensorTypes(backend, batch),
            types: backend.binding,
          });
        } catch (error) {
          disposeTensors(losses);
          throw error;
        }
        return losses;
      }
      enter(known.session);
      return rebuild(known.losses, known.session.run(tensorsOf(batch)));
    },
    read: () =>
      Promise.resolve().then(() => {
        const state = stateTensors();
        return present().session === null ? cloneTensors(state) : state;
      }),
    write(state) {
      if (held !== null) assertSameStructure('state', held.structure, state);
      hold(cloneTensors(state), null);
    },
    dispose() {
      if (held?.session === null) disposeTensors(held.structure);
      held = null;
      close();
    },
  };
}

/** One step as ever, on copies so that no two inputs share their data, with its trace. */
function traceStep<S extends TensorTree, B extends TensorTree, L extends TensorTree>(
  backend: NativeBackend,
  step: PureStep<S, B, L>,
  state: S,
  batch: B,
): { state: S; losses: L; trace: Trace } {
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
    return { ...traced.value, trace: traced.trace };
  } finally {
    for (const tensor of inputs.values()) tensor.dispose();
  }
}

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
