/**
 * What a CycleGAN step changes, what it takes in, and what it reports, as plain objects of tensors. There are two
 * domains, `source` and `target`; the generator `toTarget` translates source images, `toSource` target images;
 * each domain has a discriminator and a history pool of generated images of that domain.
 */
import * as tf from '@tensorflow/tfjs';
import type { Network, NetworkWeights } from '../models/network.ts';
import { foldKey, normal, type RandomKey } from '../random/random.ts';
import type { TensorTree } from '../tensor-tree.ts';
import type { DomainMix } from './class-mix.ts';
import {
  discriminatorViews,
  type DiscriminatorView,
  type DiscriminatorViewOptions,
} from './discriminator-view.ts';
import { penaltyDraws, type PenaltyDraws, type PenaltyKind } from './gradient-penalty.ts';
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
  /** Generated images of each domain, `[capacity, height, width, channels]`; absent without history pools. */
  readonly pools?: PerDomain<tf.Tensor4D>;
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

/** Noise for a generator, standard normal, `[images, planes]`: one number a plane, the same at every pixel. */
export type GeneratorNoise = {
  /** As for {@link GeneratorMasks}. */
  readonly translation: tf.Tensor2D;
  readonly cycle: tf.Tensor2D;
  readonly identity: tf.Tensor2D;
  /** For the images that are translated beforehand, where there are any. */
  readonly back?: tf.Tensor2D;
};

/** Views of the images that a discriminator is shown: in the generators' update, and in its own. */
export type DiscriminatorViews = {
  readonly translation: DiscriminatorView;
  readonly real: DiscriminatorView;
  readonly generated: DiscriminatorView;
};

/** Everything random in a step. */
export type CycleganDraws = {
  /** Needed if the state has pools. */
  readonly pools?: PerDomain<HistoryPoolDraws>;
  /** Needed if the step has a gradient penalty; where it is `r1`, a step without them is one without the penalty. */
  readonly penalty?: PerDomain<PenaltyDraws>;
  /** Needed by generators that take noise. */
  readonly noise?: { readonly toTarget?: GeneratorNoise; readonly toSource?: GeneratorNoise };
  /** Without them discriminators see images as they are. */
  readonly views?: PerDomain<DiscriminatorViews>;
  /** Which images go where, if classes are scarce in a domain; without it all of them go through both networks. */
  readonly mix?: PerDomain<DomainMix>;
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
  /** In place of the step's own `movingAverageDecay`. */
  readonly movingAverageDecay?: tf.Scalar;
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
  /** What `toTarget` changes in a source image, if that has a weight. */
  readonly contentSource?: tf.Scalar;
  /** What `toSource` changes in a target image, if that has a weight. */
  readonly contentTarget?: tf.Scalar;
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
  /** Capacity of each pool, at least the batch size; no pools unless given. */
  readonly capacity?: number;
  /** `reference` unless given. */
  readonly rule?: HistoryPoolRule;
  /** The kind of gradient penalty, if there is one. */
  readonly penalty?: PenaltyKind;
  /** An `r1` penalty is taken in one of so many steps, and counts as many times; 1 unless given. */
  readonly penaltyEvery?: number;
  /** Planes of noise that each generator takes; 0 unless given. */
  readonly noise?: PerGenerator<number>;
  /** How what the discriminators see is changed; not at all unless given. */
  readonly views?: DiscriminatorViewOptions;
  /** Handed on, and noise for its translations is drawn. */
  readonly mix?: PerDomain<DomainMix> | null;
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
 * if (draws.pools!.source.write.dataSync().join() !== '4,5,2,3') throw new Error('slots fill in order');
 * tf.dispose([draws.pools!.source, draws.pools!.target]);
 * ```
 */
export function cycleganDraws({
  key,
  step,
  shape,
  capacity,
  rule = 'reference',
  penalty,
  penaltyEvery = 1,
  generators,
  noise,
  views,
  mix,
}: CycleganDrawsOptions): CycleganDraws {
  const batchSize = shape[0];
  const stepKey = (purpose: string, owner: string): RandomKey => foldKey(key, purpose, owner, step);
  const pool = (domain: string, capacity: number): HistoryPoolDraws => {
    const draws = historyPoolDraws({ key: foldKey(key, 'pool', domain), step, batchSize, capacity, rule });
    return { write: tf.tensor1d(draws.write, 'int32'), read: tf.tensor1d(draws.read, 'int32') };
  };
  const masks = (network: Pick<Network, 'masks'>, owner: string): GeneratorMasks => ({
    translation: network.masks(foldKey(stepKey('dropout', owner), 'translation'), batchSize),
    cycle: network.masks(foldKey(stepKey('dropout', owner), 'cycle'), batchSize),
    identity: network.masks(foldKey(stepKey('dropout', owner), 'identity'), batchSize),
  });
  const noiseOf = (planes: number, owner: string, back: number): GeneratorNoise => {
    const drawn = (purpose: string, images: number): tf.Tensor2D =>
      tf.tensor2d(normal(foldKey(stepKey('noise', owner), purpose), images * planes), [images, planes]);
    return {
      translation: drawn('translation', batchSize),
      cycle: drawn('cycle', batchSize),
      identity: drawn('identity', batchSize),
      ...(back > 0 && { back: drawn('back', back) }),
    };
  };
  const viewsOf = (options: DiscriminatorViewOptions, domain: string): DiscriminatorViews => {
    const drawn = (purpose: string): DiscriminatorView =>
      discriminatorViews(foldKey(stepKey('views', domain), purpose), shape, options);
    return { translation: drawn('translation'), real: drawn('real'), generated: drawn('generated') };
  };
  const penaltyIsDue = penalty !== undefined && (step + 1) % penaltyEvery === 0;
  const back = (domain: 'source' | 'target'): number => mix?.[domain].back.size ?? 0;
  return {
    ...(capacity !== undefined && {
      pools: { source: pool('source', capacity), target: pool('target', capacity) },
    }),
    ...(penaltyIsDue && {
      penalty: {
        source: penaltyDraws(stepKey('penalty', 'source'), shape, penalty, penaltyEvery),
        target: penaltyDraws(stepKey('penalty', 'target'), shape, penalty, penaltyEvery),
      },
    }),
    ...(noise !== undefined && {
      noise: {
        ...(noise.toTarget > 0 && { toTarget: noiseOf(noise.toTarget, 'toTarget', back('target')) }),
        ...(noise.toSource > 0 && { toSource: noiseOf(noise.toSource, 'toSource', back('source')) }),
      },
    }),
    ...(views !== undefined && {
      views: { source: viewsOf(views, 'source'), target: viewsOf(views, 'target') },
    }),
    ...(mix && { mix }),
    ...(generators !== undefined && {
      masks: {
        toTarget: masks(generators.toTarget, 'toTarget'),
        toSource: masks(generators.toSource, 'toSource'),
      },
    }),
  };
}
