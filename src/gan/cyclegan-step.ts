/**
 * One step of CycleGAN (Zhu et al., "Unpaired image-to-image translation using cycle-consistent adversarial
 * networks", ICCV 2017) as published for model patching (Goel et al., ICLR 2021, stage 1): one update of both
 * generators together, then one of both discriminators together.
 *
 * The step is a pure function of state and batch. G is `toTarget` and F `toSource`; x are source and y target images.
 * Where classes are mixed, the generators, averaged if there are averages and with their moving statistics, first make
 * some of x and y: F of target and G of source images.
 *
 * Then, all in training mode and handing the moving statistics on in this order: G(x), F(G(x)), F(y), G(F(y)), F(x),
 * G(y), D_source(F(y)), D_target(G(x)). A cycle, identity or content loss whose weight is 0 is not computed.
 *
 * Then the discriminators as they were, on real images and on generated ones, those of the pools or of this step, of
 * which a mix of classes names some: D_source(real), D_target(real), D_source(generated), D_target(generated), and the
 * points of a gradient penalty. Whatever a discriminator sees, in either update, it sees through the batch's views.
 */
import * as tf from '@tensorflow/tfjs';
import type { Network, NetworkWeights } from '../models/network.ts';
import { adam } from '../optimizers/adam.ts';
import type { Optimizer } from '../optimizers/optimizer.ts';
import { cloneTensors, type TensorTree } from '../tensor-tree.ts';
import { adversarialLosses, type AdversarialKind } from './adversarial-losses.ts';
import { discriminatorPass, generatorInputs, generatorPass, joined, parted } from './cyclegan-passes.ts';
import type {
  CycleganBatch,
  CycleganLosses,
  CycleganState,
  PerDomain,
  PerGenerator,
} from './cyclegan-state.ts';
import type { GradientPenaltyOptions } from './gradient-penalty.ts';
import { historyPoolUpdate } from './history-pool.ts';
import { exponentialMovingAverage } from './moving-average.ts';

/** Options of {@link cycleganStep}; the defaults are those of the published MNIST configuration. */
export interface CycleganOptions {
  /** The structures; their weights come from the state. */
  readonly generators: PerGenerator<Pick<Network, 'forward'>>;
  /** The structures; one output per patch. */
  readonly discriminators: PerDomain<Pick<Network, 'forward'>>;
  /** The form of the game; `bce` unless given. */
  readonly adversarial?: AdversarialKind;
  /** λ of the cycle losses, one for both directions or one for each domain; 10 unless given. */
  readonly cycleWeight?: number | PerDomain<number>;
  /** Whether a cycle loss trains only the generator that translates back; false unless given. */
  readonly detachCycle?: boolean;
  /** λ of |G(x) − x| and |F(y) − y|, one for both directions or one for each domain; 0 unless given. */
  readonly contentWeight?: number | PerDomain<number>;
  /** λ of the identity losses, which enter with λ·½; 1 unless given. */
  readonly identityWeight?: number;
  /** A gradient penalty on both discriminators; none unless given. */
  readonly penalty?: Omit<GradientPenaltyOptions, 'draws'>;
  /** Decay of the moving averages of the generators' weights; no averages unless given. */
  readonly movingAverageDecay?: number;
  /** Over both generators; Adam with β₁ = ½ unless given. */
  readonly generatorOptimizer?: Optimizer<TensorTree>;
  /** Over both discriminators; Adam with β₁ = ½ unless given. */
  readonly discriminatorOptimizer?: Optimizer<TensorTree>;
  /** Whether the generated images are returned with the losses; false unless given. */
  readonly returnFakes?: boolean;
}

/** What {@link cycleganStep} returns. */
export interface CycleganStep {
  /**
   * The state before step 0: copies of the weights, and empty pools if they have a shape.
   *
   * @param weights Of the four networks.
   * @param poolShape `[capacity, height, width, channels]`; without it there are no pools, and discriminators see the
   *   images that are generated in the step.
   * @returns Owned by the caller.
   */
  init(
    weights: {
      readonly generators: PerGenerator<NetworkWeights>;
      readonly discriminators: PerDomain<NetworkWeights>;
    },
    poolShape?: readonly [number, number, number, number],
  ): CycleganState;
  /** One step. The arguments are left as they are; the caller owns the new state and the losses. */
  step(
    state: CycleganState,
    batch: CycleganBatch,
  ): { readonly state: CycleganState; readonly losses: CycleganLosses };
}

/**
 * The CycleGAN step of four networks.
 *
 * Generators: g(D_target(G(x))) + g(D_source(F(y))) + λ_x|x − F(G(x))| + λ_y|y − G(F(y))|
 * + λ_i·½(|x − F(x)| + |y − G(y)|) + κ_x|G(x) − x| + κ_y|F(y) − y|, with means over all elements; g is the game's loss of
 * a generator. A detached cycle is |x − F(stop(G(x)))| and |y − G(stop(F(y)))|. Discriminators: the game's loss of each
 * on real and generated images, plus the penalties. See {@link adversarialLosses}, {@link cycleLoss},
 * {@link gradientPenalty}.
 *
 * @param options Networks, weights of the parts, optimizers.
 * @returns `init`, and the pure `step`; nothing random happens inside, see `cycleganDraws` of `model-patching/gan`.
 * @throws RangeError if a weight is negative or the decay is outside [0, 1]. The step throws an Error if the images'
 *   shapes differ, or if the batch has no penalty draws (but for `r1`) or the state no averages where the options need
 *   them.
 * @see Zhu et al., ICCV 2017, equation 3; Goel et al., ICLR 2021, section 3.1
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { cycleganStep } from 'model-patching';
 * import { cycleganDraws } from 'model-patching/gan';
 * import { disposeTensors } from 'model-patching/training';
 * import { randomKey } from 'model-patching/random';
 * const scaling = {
 *   forward: (x: tf.Tensor, context: { weights?: { trainable: tf.NamedTensorMap } }) => ({
 *     output: x.mul(context.weights!.trainable.scale!),
 *     statistics: {},
 *   }),
 * };
 * const weights = (scale: number) => ({ trainable: { scale: tf.scalar(scale) }, statistics: {} });
 * const { init, step } = cycleganStep({
 *   generators: { toTarget: scaling, toSource: scaling },
 *   discriminators: { source: scaling, target: scaling },
 * });
 * const initial = {
 *   generators: { toTarget: weights(2), toSource: weights(1) },
 *   discriminators: { source: weights(1), target: weights(1) },
 * };
 * const state = init(initial, [1, 2, 2, 1]);
 * const batch = {
 *   source: tf.fill<tf.Rank.R4>([1, 2, 2, 1], 0.5),
 *   target: tf.ones<tf.Rank.R4>([1, 2, 2, 1]),
 *   generatorLearningRate: tf.scalar(0.125),
 *   discriminatorLearningRate: tf.scalar(0.125),
 *   ...cycleganDraws({ key: randomKey(0), step: 0, shape: [1, 2, 2, 1], capacity: 1 }),
 * };
 * const after = step(state, batch);
 * if (after.losses.cycleSource.dataSync()[0] !== 5) throw new Error('10 · |0.5 − 2 · 0.5|');
 * if (after.state.pools!.target.dataSync()[0] !== 1) throw new Error('the pool holds 2 · 0.5');
 * disposeTensors(after.state);
 * [initial, state, batch, after.losses].forEach(disposeTensors);
 * ```
 */
export function cycleganStep({
  generators,
  discriminators,
  adversarial = 'bce',
  cycleWeight = 10,
  detachCycle = false,
  contentWeight = 0,
  identityWeight = 1,
  penalty,
  movingAverageDecay,
  generatorOptimizer = adam({ beta1: 0.5 }),
  discriminatorOptimizer = adam({ beta1: 0.5 }),
  returnFakes = false,
}: CycleganOptions): CycleganStep {
  const [cycle, content] = [perDomain(cycleWeight), perDomain(contentWeight)];
  assertWeights({
    'cycleWeight.source': cycle.source,
    'cycleWeight.target': cycle.target,
    'contentWeight.source': content.source,
    'contentWeight.target': content.target,
    identityWeight,
  });
  if (movingAverageDecay !== undefined && !(movingAverageDecay >= 0 && movingAverageDecay <= 1))
    throw new RangeError(`movingAverageDecay: expected a number in [0, 1], received ${movingAverageDecay}`);
  const parts = {
    generators,
    discriminators,
    game: adversarialLosses(adversarial),
    cycle,
    identity: identityWeight / 2,
    content,
    detached: detachCycle,
    penalty,
  };

  return {
    init: (weights, poolShape) =>
      tf.tidy(() => ({
        generators: cloneTensors(weights.generators),
        discriminators: cloneTensors(weights.discriminators),
        generatorOptimizer: generatorOptimizer.init(joined(weights.generators)),
        discriminatorOptimizer: discriminatorOptimizer.init(joined(weights.discriminators)),
        ...(poolShape !== undefined && {
          pools: {
            source: tf.zeros<tf.Rank.R4>([...poolShape]),
            target: tf.zeros<tf.Rank.R4>([...poolShape]),
          },
        }),
        ...(movingAverageDecay !== undefined && { averages: cloneTensors(weights.generators) }),
      })),
    step(state, batch) {
      assertImages(batch);
      return tf.tidy(() => {
        const first = generatorPass(parts, state, generatorInputs(parts, state, batch), batch);
        const moved = generatorOptimizer.update(
          first.gradients,
          state.generatorOptimizer,
          joined(state.generators),
          batch.generatorLearningRate,
        );
        const nextGenerators = parted(moved.weights, first.aux.generators);
        const pools = pooled(state, first.aux.fakes, batch);
        const judges = withStatistics(state.discriminators, first.aux.discriminators);
        const second = discriminatorPass(parts, judges, batch, pools.shown);
        const judged = discriminatorOptimizer.update(
          second.gradients,
          state.discriminatorOptimizer,
          joined(state.discriminators),
          batch.discriminatorLearningRate,
        );
        return {
          state: {
            generators: nextGenerators,
            discriminators: parted(judged.weights, second.aux.discriminators),
            generatorOptimizer: moved.state,
            discriminatorOptimizer: judged.state,
            ...(pools.images !== undefined && { pools: pools.images }),
            ...averaged(state, nextGenerators, batch.movingAverageDecay ?? movingAverageDecay),
          },
          losses: {
            ...first.aux.losses,
            ...second.aux.losses,
            ...(returnFakes && { fakes: first.aux.fakes }),
          },
        };
      });
    },
  };
}

const perDomain = (weight: number | PerDomain<number>): PerDomain<number> =>
  typeof weight === 'number' ? { source: weight, target: weight } : weight;

/** The pools after the step, and the generated images that the discriminators see. */
function pooled(
  { pools }: CycleganState,
  fakes: PerDomain<tf.Tensor4D>,
  { pools: draws }: CycleganBatch,
): { readonly images?: PerDomain<tf.Tensor4D>; readonly shown: PerDomain<tf.Tensor4D> } {
  if (pools === undefined) return { shown: fakes };
  if (draws === undefined) throw new Error('batch.pools: expected draws for the pools, received none');
  const source = historyPoolUpdate(pools.source, fakes.source, draws.source);
  const target = historyPoolUpdate(pools.target, fakes.target, draws.target);
  return {
    images: { source: source.images, target: target.images },
    shown: { source: source.sample, target: target.sample },
  };
}

const withStatistics = (
  weights: PerDomain<NetworkWeights>,
  statistics: PerDomain<tf.NamedTensorMap>,
): PerDomain<NetworkWeights> => ({
  source: { trainable: weights.source.trainable, statistics: statistics.source },
  target: { trainable: weights.target.trainable, statistics: statistics.target },
});

function averaged(
  { averages }: CycleganState,
  generators: PerGenerator<NetworkWeights>,
  decay: number | tf.Scalar | undefined,
): Pick<CycleganState, 'averages'> {
  if (decay === undefined) return {};
  if (averages === undefined)
    throw new Error("state.averages: expected the generators' averages, received none");
  return { averages: exponentialMovingAverage(averages, generators, decay) };
}

function assertImages({ source, target }: CycleganBatch): void {
  if (source.rank !== 4 || !tf.util.arraysEqual(source.shape.slice(1), target.shape.slice(1)))
    throw new Error(
      `batch.target: expected the image shape of batch.source [${source.shape.join(', ')}], ` +
        `received [${target.shape.join(', ')}]; both are [batch, height, width, channels]`,
    );
}

function assertWeights(weights: Readonly<Record<string, number>>): void {
  for (const [name, weight] of Object.entries(weights))
    if (!(weight >= 0)) throw new RangeError(`${name}: expected a number ≥ 0, received ${weight}`);
}
