/**
 * The two differentiated passes of a CycleGAN step: the generators' loss with the discriminators held fixed (their
 * weights' gradients are not even computed), and the discriminators' loss on given images. Order of the passes and
 * the sums are documented at `cycleganStep`.
 */
import * as tf from '@tensorflow/tfjs';
import { valueAndGradients, type ValueAndGradients } from '../gradients.ts';
import { operation } from '../layers/operation.ts';
import type { Network, NetworkWeights } from '../models/network.ts';
import type { AdversarialLosses } from './adversarial-losses.ts';
import { cycleLoss, identityLoss } from './cycle-losses.ts';
import type {
  CycleganBatch,
  CycleganLosses,
  CycleganState,
  PerDomain,
  PerGenerator,
} from './cyclegan-state.ts';
import { gradientPenalty, type GradientPenaltyOptions } from './gradient-penalty.ts';

/** The parts of a step, options resolved. */
export interface CycleganParts {
  readonly generators: PerGenerator<Pick<Network, 'forward'>>;
  readonly discriminators: PerDomain<Pick<Network, 'forward'>>;
  readonly game: AdversarialLosses;
  readonly cycle: PerDomain<number>;
  /** The factor of the identity losses, ½ included. */
  readonly identity: number;
  readonly penalty: Omit<GradientPenaltyOptions, 'draws'> | undefined;
}

type GeneratorLosses = Pick<
  CycleganLosses,
  | 'generatorToTarget'
  | 'generatorToSource'
  | 'cycleSource'
  | 'cycleTarget'
  | 'identitySource'
  | 'identityTarget'
>;

type DiscriminatorLosses = Pick<
  CycleganLosses,
  'discriminatorSource' | 'discriminatorTarget' | 'penaltySource' | 'penaltyTarget'
>;

/** Loss, gradients of both generators, generated images, and all moving statistics after the pass. */
export function generatorPass(
  { generators, discriminators, game, cycle, identity }: CycleganParts,
  state: CycleganState,
  { source, target, masks }: CycleganBatch,
): ValueAndGradients<{
  losses: GeneratorLosses;
  fakes: PerDomain<tf.Tensor4D>;
  generators: PerGenerator<tf.NamedTensorMap>;
  discriminators: PerDomain<tf.NamedTensorMap>;
}> {
  return valueAndGradients(() => {
    const toTarget = threaded(generators.toTarget, state.generators.toTarget);
    const toSource = threaded(generators.toSource, state.generators.toSource);
    const judgeSource = threaded(discriminators.source, state.discriminators.source);
    const judgeTarget = threaded(discriminators.target, state.discriminators.target);

    const fakeTarget = toTarget.pass(source, masks?.toTarget.translation) as tf.Tensor4D;
    const cycleSource = weighted(cycle.source, () =>
      cycleLoss(source, toSource.pass(fakeTarget, masks?.toSource.cycle)),
    );
    const fakeSource = toSource.pass(target, masks?.toSource.translation) as tf.Tensor4D;
    const cycleTarget = weighted(cycle.target, () =>
      cycleLoss(target, toTarget.pass(fakeSource, masks?.toTarget.cycle)),
    );
    const identitySource = weighted(identity, () =>
      identityLoss(source, toSource.pass(source, masks?.toSource.identity)),
    );
    const identityTarget = weighted(identity, () =>
      identityLoss(target, toTarget.pass(target, masks?.toTarget.identity)),
    );
    const losses = {
      generatorToSource: game.generator(judgeSource.pass(fakeSource)),
      generatorToTarget: game.generator(judgeTarget.pass(fakeTarget)),
      cycleSource,
      cycleTarget,
      identitySource,
      identityTarget,
    };
    return {
      loss: total(losses),
      aux: {
        losses,
        fakes: { source: fakeSource, target: fakeTarget },
        generators: { toTarget: toTarget.statistics(), toSource: toSource.statistics() },
        discriminators: { source: judgeSource.statistics(), target: judgeTarget.statistics() },
      },
    };
  }, joined(state.generators));
}

/** Loss, gradients of both discriminators, and their moving statistics after the pass. */
export function discriminatorPass(
  { discriminators, game, penalty }: CycleganParts,
  weights: PerDomain<NetworkWeights>,
  batch: CycleganBatch,
  fakes: PerDomain<tf.Tensor4D>,
): ValueAndGradients<{ losses: DiscriminatorLosses; discriminators: PerDomain<tf.NamedTensorMap> }> {
  const lasting: tf.Tensor[] = [];
  try {
    return valueAndGradients(() => {
      const judges = {
        source: threaded(discriminators.source, weights.source),
        target: threaded(discriminators.target, weights.target),
      };
      const slope = (domain: 'source' | 'target'): tf.Scalar => {
        if (penalty === undefined) return tf.scalar(0);
        const draws = batch.penalty?.[domain];
        if (draws === undefined) throw new Error(`batch.penalty.${domain}: expected draws, received none`);
        const judge = (x: tf.Tensor4D): tf.Tensor => judges[domain].pass(x, undefined, lasting);
        return gradientPenalty(judge, batch[domain], fakes[domain], { ...penalty, draws });
      };
      const realSource = judges.source.pass(batch.source);
      const realTarget = judges.target.pass(batch.target);
      const losses = {
        discriminatorSource: game.discriminator(realSource, judges.source.pass(fakes.source)),
        discriminatorTarget: game.discriminator(realTarget, judges.target.pass(fakes.target)),
        penaltySource: slope('source'),
        penaltyTarget: slope('target'),
      };
      const statistics = { source: judges.source.statistics(), target: judges.target.statistics() };
      return { loss: total(losses), aux: { losses, discriminators: statistics } };
    }, joined(weights));
  } finally {
    tf.dispose(lasting);
  }
}

/** A network in training mode that hands its moving statistics on from pass to pass. */
function threaded(network: Pick<Network, 'forward'>, { trainable, statistics }: NetworkWeights) {
  let present = statistics;
  return {
    /** With `lasting`, the statistics outlive a surrounding scope (a gradient inside the gradient) and are listed. */
    pass(x: tf.Tensor, masks?: tf.NamedTensorMap, lasting?: tf.Tensor[]): tf.Tensor {
      const { output, statistics: next } = network.forward(x, {
        mode: 'train',
        weights: { trainable, statistics: present },
        ...(masks !== undefined && { masks }),
      });
      if (lasting !== undefined) lasting.push(...Object.values(next).map((tensor) => tf.keep(tensor)));
      present = next;
      return output;
    },
    statistics: (): tf.NamedTensorMap => present,
  };
}

function weighted(weight: number, loss: () => tf.Scalar): tf.Scalar {
  if (weight === 0) return tf.scalar(0);
  const term = loss();
  return operation({ term }, () => ({
    output: term.mul(weight),
    held: [],
    gradients: (dy) => ({ term: () => dy.mul(weight) }),
  }));
}

const total = (losses: Readonly<Record<string, tf.Scalar>>): tf.Scalar =>
  operation(losses, () => ({
    output: tf.addN(Object.values(losses)),
    held: [],
    gradients: (dy) => Object.fromEntries(Object.keys(losses).map((name) => [name, () => dy])),
  }));

/** The trainable weights of several networks in one map, each under `<network>/<weight>`. */
export const joined = (networks: Readonly<Record<string, NetworkWeights>>): tf.NamedTensorMap =>
  Object.fromEntries(
    Object.entries(networks).flatMap(([network, { trainable }]) =>
      Object.entries(trainable).map(([name, tensor]) => [`${network}/${name}`, tensor]),
    ),
  );

/** The inverse of {@link joined}, with moving statistics. */
export const parted = <K extends string>(
  weights: tf.NamedTensorMap,
  statistics: Readonly<Record<K, tf.NamedTensorMap>>,
): Readonly<Record<K, NetworkWeights>> =>
  Object.fromEntries(
    Object.entries<tf.NamedTensorMap>(statistics).map(([network, present]) => {
      const own = Object.entries(weights).filter(([name]) => name.startsWith(`${network}/`));
      const trainable = Object.fromEntries(
        own.map(([name, tensor]) => [name.slice(network.length + 1), tensor]),
      );
      return [network, { trainable, statistics: present }];
    }),
  ) as Record<K, NetworkWeights>;
