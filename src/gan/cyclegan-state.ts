/**
 * What a CycleGAN step changes, what it takes in, and what it reports, as plain objects of tensors. There are two
 * domains, `source` and `target`; the generator `toTarget` translates source images, `toSource` target images;
 * each domain has a discriminator and a history pool of generated images of that domain.
 */
import * as tf from '@tensorflow/tfjs';
import type { Network, NetworkWeights } from '../models/network.ts';
import { foldKey, type RandomKey } from '../random/random.ts';
import type { TensorTree } from '../tensor-tree.ts';
import { penaltyDraws, type GradientPenaltyOptions, type PenaltyDraws } from './gradient-penalty.ts';
import { historyPoolDraws, type HistoryPoolDraws, type HistoryPoolRule } from './history-pool.ts';

/** One thing for each generator. */
export type PerGenerator<T> = { readonly toTarget: T; readonly toSource: T };

/** One thing for each domain. */
export type PerDomain<T> = { readonly source: T; readonly target: T };

/** Everything that a step changes. */
export type CycleganState = {
  readonly generators: PerGenerator<NetworkWeights>;
  readonly discriminators: PerDomain<NetworkWeights>;
  /** Of one optimizer over both generators' weights, named `toTarget/…` and `toSource/…`. */
  readonly generatorOptimizer: TensorTree;
  /** Of one optimizer over both discriminators' weights, named `source/…` and `target/…`. */
  readonly discriminatorOptimizer: TensorTree;
  /** Generated images of each domain, `[capacity, height, width, channels]`. */
  readonly pools: PerDomain<tf.Tensor4D>;
  /** Moving averages of the generators' weights, if they are asked for. */
  readonly averages?: PerGenerator<NetworkWeights>;
};

/** Dropout masks of a generator's three passes (see {@link Network.masks}). */
export type GeneratorMasks = {
  /** The translation of a real image. */
  readonly translation: tf.NamedTensorMap;
  /** The translation back of an image which the other generator made. */
  readonly cycle: tf.NamedTensorMap;
  /** The pass over images that are in the generator's target domain already. */
  readonly identity: tf.NamedTensorMap;
};

/** Everything random in a step. */
export type CycleganDraws = {
  readonly pools: PerDomain<HistoryPoolDraws>;
  /** Needed if the step has a gradient penalty. */
  readonly penalty?: PerDomain<PenaltyDraws>;
  /** Without them dropout is off. */
  readonly masks?: PerGenerator<GeneratorMasks>;
};

/** What a step takes in: images in [−1, 1], learning rates, and the draws. */
export type CycleganBatch = CycleganDraws & {
  /** `[batch, height, width, channels]`. */
  readonly source: tf.Tensor4D;
  /** `[batch, height, width, channels]`. */
  readonly target: tf.Tensor4D;
  readonly generatorLearningRate: tf.Scalar;
  readonly discriminatorLearningRate: tf.Scalar;
};

/** The parts of both losses as they enter their sums, weights and the identity's ½ included. */
export type CycleganLosses = {
  /** Adversarial loss of the generator that makes target images. */
  readonly generatorToTarget: tf.Scalar;
  /** Adversarial loss of the generator that makes source images. */
  readonly generatorToSource: tf.Scalar;
  /** Source → target → source. */
  readonly cycleSource: tf.Scalar;
  /** Target → source → target. */
  readonly cycleTarget: tf.Scalar;
  /** Source images through `toSource`. */
  readonly identitySource: tf.Scalar;
  /** Target images through `toTarget`. */
  readonly identityTarget: tf.Scalar;
  readonly discriminatorSource: tf.Scalar;
  readonly discriminatorTarget: tf.Scalar;
  readonly penaltySource: tf.Scalar;
  readonly penaltyTarget: tf.Scalar;
  /** The images generated in this step, before either update, if they are asked for. */
  readonly fakes?: PerDomain<tf.Tensor4D>;
};

/** What {@link cycleganDraws} needs to know. */
export interface CycleganDrawsOptions {
  /** Of the run, used for nothing but its draws. */
  readonly key: RandomKey;
  /** 0, 1, 2, …; every step has the same batch size. */
  readonly step: number;
  /** `[batch, height, width, channels]` of the images of both domains. */
  readonly shape: readonly [number, number, number, number];
  /** Capacity of each pool, at least the batch size. */
  readonly capacity: number;
  /** `reference` unless given. */
  readonly rule?: HistoryPoolRule;
  /** The kind of gradient penalty, if there is one. */
  readonly penalty?: GradientPenaltyOptions['kind'];
  /** The generators, if they have dropout. */
  readonly generators?: PerGenerator<Pick<Network, 'masks'>>;
}

/**
 * Everything random in step `step` of a run: a pure function of the key, the step and the sizes, so that a run
 * resumes with its step number alone and gives the same numbers on every backend.
 *
 * @param options Key, step, sizes and what is to be drawn.
 * @returns Tensors owned by the caller, to be spread into the step's batch.
 * @throws RangeError if a batch is larger than the pool.
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { cycleganDraws } from 'model-patching/gan';
 * import { randomKey } from 'model-patching/random';
 * const draws = cycleganDraws({ key: randomKey(1), step: 0, shape: [2, 8, 8, 1], capacity: 4 });
 * if (draws.pools.source.write.dataSync().join() !== '4,5,2,3') throw new Error('slots fill in order');
 * tf.dispose([draws.pools.source, draws.pools.target]);
 * ```
 */
export function cycleganDraws({
  key,
  step,
  shape,
  capacity,
  rule = 'reference',
  penalty,
  generators,
}: CycleganDrawsOptions): CycleganDraws {
  const batchSize = shape[0];
  const stepKey = (purpose: string, owner: string): RandomKey => foldKey(key, purpose, owner, step);
  const pool = (domain: string): HistoryPoolDraws => {
    const draws = historyPoolDraws({ key: foldKey(key, 'pool', domain), step, batchSize, capacity, rule });
    return { write: tf.tensor1d(draws.write, 'int32'), read: tf.tensor1d(draws.read, 'int32') };
  };
  const masks = (network: Pick<Network, 'masks'>, owner: string): GeneratorMasks => ({
    translation: network.masks(foldKey(stepKey('dropout', owner), 'translation'), batchSize),
    cycle: network.masks(foldKey(stepKey('dropout', owner), 'cycle'), batchSize),
    identity: network.masks(foldKey(stepKey('dropout', owner), 'identity'), batchSize),
  });
  return {
    pools: { source: pool('source'), target: pool('target') },
    ...(penalty !== undefined && {
      penalty: {
        source: penaltyDraws(stepKey('penalty', 'source'), shape, penalty),
        target: penaltyDraws(stepKey('penalty', 'target'), shape, penalty),
      },
    }),
    ...(generators !== undefined && {
      masks: {
        toTarget: masks(generators.toTarget, 'toTarget'),
        toSource: masks(generators.toSource, 'toSource'),
      },
    }),
  };
}
