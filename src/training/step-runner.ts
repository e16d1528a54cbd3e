/**
 * How a pure training step is run again and again: something that holds the state and moves it on. {@link eagerStep}
 * is the plain way; `compileStep` of `model-patching/node` keeps the state inside a TensorFlow graph.
 */
import { cloneTensors, disposeTensors, flattenTensors, type TensorTree } from '../tensor-tree.ts';

/** A pure step: state and batch are left as they are, what it returns is owned by the caller. */
export type PureStep<S extends TensorTree, B extends TensorTree, L extends TensorTree> = (
  state: S,
  batch: B,
) => { readonly state: S; readonly losses: L };

/** A step with the state that it moves on; there is none before the first `write`. */
export interface StepRunner<S extends TensorTree, B extends TensorTree, L extends TensorTree> {
  /** One step. The batch is left as it is, the losses are owned by the caller. */
  run(batch: B): L;
  /** Copies of the state after the last step, owned by the caller. */
  read(): Promise<S>;
  /** The state before the next step; it is copied, and left as it is. */
  write(state: S): void;
  /** Frees the state and all else that is held. */
  dispose(): void;
}

/** A way to run steps: {@link eagerStep}, or `compileStep` of `model-patching/node`. */
export type CompileStep = <S extends TensorTree, B extends TensorTree, L extends TensorTree>(
  step: PureStep<S, B, L>,
) => StepRunner<S, B, L>;

/** What is said where there is no state. */
export const NO_STATE = 'there is no state: write one first (after dispose there is none)';

/**
 * Runs a step as it is, on any backend.
 *
 * @param step A pure step; names, types and shapes of its state stay the same.
 * @throws `run` and `read` throw an Error if there is no state, `write` and `run` if the new state has another
 *   structure than the one before.
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { disposeTensors, eagerStep } from 'model-patching/training';
 * const halving = eagerStep(({ weight }: { weight: tf.Scalar }, { by }: { by: tf.Scalar }) => ({
 *   state: { weight: weight.div<tf.Scalar>(by) },
 *   losses: { loss: weight.square() },
 * }));
 * const first = { weight: tf.scalar(8) };
 * const batch = { by: tf.scalar(2) };
 * halving.write(first);
 * disposeTensors([1, 2].map(() => halving.run(batch)) as never);
 * const { weight } = await halving.read();
 * if (weight.dataSync()[0] !== 2) throw new Error('8 halved twice');
 * halving.dispose();
 * disposeTensors({ first, batch, weight });
 * ```
 */
export function eagerStep<S extends TensorTree, B extends TensorTree, L extends TensorTree>(
  step: PureStep<S, B, L>,
): StepRunner<S, B, L> {
  let state: S | null = null;
  const present = (): S => {
    if (state === null) throw new Error(NO_STATE);
    return state;
  };
  const replace = (next: S | null): void => {
    if (state !== null) disposeTensors(state);
    state = next;
  };
  return {
    run(batch) {
      const next = step(present(), batch);
      assertStepKeeps(present(), next);
      replace(next.state);
      return next.losses;
    },
    read: () => Promise.resolve().then(() => cloneTensors(present())),
    write(given) {
      if (state !== null) assertSameStructure('state', state, given);
      replace(cloneTensors(given));
    },
    dispose: () => replace(null),
  };
}

/** Throws, and disposes what the step returned, if its state has not the structure of the one before. */
export function assertStepKeeps(
  before: TensorTree,
  returned: { readonly state: TensorTree; readonly losses: TensorTree },
): void {
  try {
    assertSameStructure('the state that the step returns', before, returned.state);
  } catch (error) {
    disposeTensors({ state: returned.state, losses: returned.losses });
    throw error;
  }
}

/** Throws if names, types or shapes differ, with the first difference. */
export function assertSameStructure(what: string, expected: TensorTree, received: TensorTree): void {
  const describe = (tree: TensorTree): string[] =>
    flattenTensors(tree).map(([path, { dtype, shape }]) => `${path}: ${dtype} [${shape.join(', ')}]`);
  const [before, after] = [describe(expected), describe(received)];
  for (let i = 0; i < Math.max(before.length, after.length); i++) {
    if (before[i] === after[i]) continue;
    throw new Error(
      `${what}: expected ${before[i] ?? 'no further tensor'}, as before, received ${after[i] ?? 'none'}`,
    );
  }
}
