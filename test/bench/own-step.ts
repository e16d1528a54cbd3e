/** A step of this package as it is timed: from its own state, over one batch, with fresh random draws for every step. */
import * as tf from '@tensorflow/tfjs';
import { disposeTensors, mapTensors, type TensorTree } from '../../src/tensor-tree.ts';
import type { CompileStep, StepRunner } from '../../src/training/step-runner.ts';

/** A branch of a state or a batch. */
export type Branch = Readonly<Record<string, TensorTree>>;

/** A pure step with what it needs. All tensors are owned by it. */
export interface OwnStep {
  readonly initial: Branch;
  /** Everything in a batch that is not drawn. */
  readonly batch: Branch;
  /** Dropout masks and the like of step `index`, made on the host; part of the time of a step, as it is elsewhere. */
  draw(index: number): Branch;
  readonly step: (state: Branch, batch: Branch) => { readonly state: Branch; readonly losses: Branch };
  /** The numbers that every implementation has to agree on. */
  compared(losses: Branch): readonly tf.Tensor[];
  dispose(): void;
}

/** An implementation of a step that is run beside others. */
export interface Contender {
  /** Losses of the first `count` steps from the initial weights, with dropout off. Called once, before all else. */
  firstLosses(count: number): Promise<number[]>;
  /** One step, done when this resolves. */
  step(): Promise<void>;
  dispose(): void;
}

const sum = async (tensors: readonly tf.Tensor[]): Promise<number> => {
  const values = await Promise.all(tensors.map((tensor) => tensor.data()));
  return values.reduce((total, [value]) => total + value!, 0);
};

/** Draws that change nothing: every mask lets all pass. */
const withoutDropout = (draws: Branch): Branch =>
  mapTensors(draws, (tensor, path) => {
    if (!path.includes('mask')) return tensor;
    const ones = tf.onesLike(tensor);
    tensor.dispose();
    return ones;
  });

/** A way to run a step. */
export type Runner = StepRunner<Branch, Branch, Branch>;

/** A contender that is run by `compile`: as it is called, or as one graph. */
export function contender(
  { initial, batch, draw, step, compared }: OwnStep,
  compile: CompileStep,
): Contender {
  const runner: Runner = compile(step);
  runner.write(initial);
  let index = 0;
  const advance = async (draws: Branch, read: (losses: Branch) => Promise<number>): Promise<number> => {
    const losses = runner.run({ ...batch, ...draws });
    const value = await read(losses);
    disposeTensors(draws);
    disposeTensors(losses);
    return value;
  };
  return {
    async firstLosses(count) {
      const values: number[] = [];
      for (let i = 0; i < count; i++)
        values.push(await advance(withoutDropout(draw(i)), (losses) => sum(compared(losses))));
      runner.write(initial);
      return values;
    },
    // One number is read, which on an asynchronous device is how to know that a step is done.
    step: async () => void (await advance(draw(index++), (losses) => sum(compared(losses).slice(0, 1)))),
    dispose: () => runner.dispose(),
  };
}
