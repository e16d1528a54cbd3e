/**
 * The two differentiated passes of a CycleGAN step: the generators' loss with the discriminators held fixed (their
 * weights' gradients are not even computed), and the discriminators' loss on given images. Order of the passes and
 * the sums are documented at `cycleganStep`.
 */
import * as tf from '@tensorflow/tfjs';
import { valueAndGradients, type ValueAndGradients } from '../gradients.ts';
import { operation, unrecorded } from '../layers/operation.ts';
import type { Network, NetworkWeights } from '../models/network.ts';
import type { AdversarialLosses } from './adversarial-losses.ts';
import { cycleLoss, identityLoss } from './cycle-losses.ts';
import type {
  CycleganBatch,
  CycleganLosses,
  CycleganState,
  GeneratorMasks,
  GeneratorNoise,
  PerDomain,
  PerGenerator,
} from './cyclegan-state.ts';
import { discriminatorView, type DiscriminatorView } from './discriminator-view.ts';
import { gradientPenalty, type GradientPenaltyOptions } from './gradient-penalty.ts';

/** The parts of a step, options resolved. */
export interface CycleganParts {
  readonly generators: PerGenerator<Pick<Network, 'forward'>>;
  readonly discriminators: PerDomain<Pick<Network, 'forward'>>;
  readonly game: AdversarialLosses;
  readonly cycle: PerDomain<number>;
  /** The factor of the identity losses, ½ included. */
  readonly identity: number;
  /** The factors of |G(x) − x| and |F(y) − y|. */
  readonly content: PerDomain<number>;
  /** Whether a cycle loss trains the generator of its second half alone. */
  readonly detached: boolean;
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
  | 'contentSource'
  | 'contentTarget'
>;

type DiscriminatorLosses = Pick<
  CycleganLosses,
  'discriminatorSource' | 'discriminatorTarget' | 'penaltySource' | 'penaltyTarget'
>;

/** What the generators translate: the real images, or where classes are mixed some of these and translations. */
export function generatorInputs(
  { generators }: Pick<CycleganParts, 'generators'>,
  { averages, ...state }: CycleganState,
  { source, target, mix, noise }: CycleganBatch,
): PerDomain<tf.Tensor4D> {
  if (mix === undefined) return { source, target };
  const translating = averages ?? state.generators;
  const mixed = (domain: 'source' | 'target'): tf.Tensor4D => {
    const [own, other, to] =
      domain === 'source' ? ([source, target, 'toSource'] as const) : ([target, source, 'toTarget'] as const);
    const { back, input } = mix[domain];
    if (back.size === 0) return tf.gather(own, input);
    const images = withNoise(tf.gather(other, back), noise?.[to]?.back);
    const { output } = generators[to].forward(images, { mode: 'infer', weights: translating[to] });
    return tf.gather(tf.concat([own, output.clipByValue(-1, 1) as tf.Tensor4D]), input);
  };
  return { source: mixed('source'), target: mixed('target') };
}

/** Loss, gradients of both generators, generated images, and all moving statistics after the pass. */
export function generatorPass(
  { generators, discriminators, game, cycle, identity, content, detached }: CycleganParts,
  state: CycleganState,
  { source, target }: PerDomain<tf.Tensor4D>,
  { masks, noise, views }: CycleganBatch,
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

    type Pass = keyof GeneratorMasks;
    const translated = (x: tf.Tensor, pass: Pass): tf.Tensor4D =>
      toTarget.pass(withNoise(x, noise?.toTarget?.[pass]), masks?.toTarget[pass]) as tf.Tensor4D;
    const translatedBack = (x: tf.Tensor, pass: Pass): tf.Tensor4D =>
      toSource.pass(withNoise(x, noise?.toSource?.[pass]), masks?.toSource[pass]) as tf.Tensor4D;
    const halfWay = (x: tf.Tensor4D): tf.Tensor4D => (detached ? unrecorded(() => x.clone()) : x);

    const fakeTarget = translated(source, 'translation');
    const cycleSource = weighted(cycle.source, () =>
      cycleLoss(source, translatedBack(halfWay(fakeTarget), 'cycle')),
    );
    const fakeSource = translatedBack(target, 'translation');
    const cycleTarget = weighted(cycle.target, () =>
      cycleLoss(target, translated(halfWay(fakeSource), 'cycle')),
    );
    const identitySource = weighted(identity, () => identityLoss(source, translatedBack(source, 'identity')));
    const identityTarget = weighted(identity, () => identityLoss(target, translated(target, 'identity')));
    const losses = {
      generatorToSource: game.generator(judgeSource.pass(seen(fakeSource, views?.source.translation))),
      generatorToTarget: game.generator(judgeTarget.pass(seen(fakeTarget, views?.target.translation))),
      cycleSource,
      cycleTarget,
      identitySource,
      identityTarget,
      ...(content.source > 0 && {
        contentSource: weighted(content.source, () => cycleLoss(source, fakeTarget)),
      }),
      ...(content.target > 0 && {
        contentTarget: weighted(content.target, () => cycleLoss(target, fakeSource)),
      }),
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
  generated: PerDomain<tf.Tensor4D>,
): ValueAndGradients<{ losses: DiscriminatorLosses; discriminators: PerDomain<tf.NamedTensorMap> }> {
  const lasting: tf.Tensor[] = [];
  const { mix, views } = batch;
  const shown = (domain: 'source' | 'target', kind: 'real' | 'generated', images: tf.Tensor4D): tf.Tensor4D =>
    seen(mix === undefined ? images : tf.gather(images, mix[domain][kind]), views?.[domain][kind]);
  const bothShown = (kind: 'real' | 'generated', images: PerDomain<tf.Tensor4D>): PerDomain<tf.Tensor4D> => ({
    source: shown('source', kind, images.source),
    target: shown('target', kind, images.target),
  });
  const [reals, fakes] = [bothShown('real', batch), bothShown('generated', generated)];
  try {
    return valueAndGradients(() => {
      const judges = {
        source: threaded(discriminators.source, weights.source),
        target: threaded(discriminators.target, weights.target),
      };
      const slope = (domain: 'source' | 'target'): tf.Scalar => {
        const draws = batch.penalty?.[domain];
        if (penalty === undefined || (draws === undefined && penalty.kind === 'r1')) return tf.scalar(0);
        if (draws === undefined) throw new Error(`batch.penalty.${domain}: expected draws, received none`);
        const judge = (x: tf.Tensor4D): tf.Tensor => judges[domain].pass(x, undefined, lasting);
        return gradientPenalty(judge, reals[domain], fakes[domain], { ...penalty, draws });
      };
      const realSource = judges.source.pass(reals.source);
      const realTarget = judges.target.pass(reals.target);
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

/** Images with planes of noise behind their channels. */
function withNoise<T extends tf.Tensor>(images: T, noise: GeneratorNoise['translation'] | undefined): T {
  if (noise === undefined) return images;
  const [batch, height, width, channels] = images.shape as [number, number, number, number];
  const planes = noise.shape[1];
  return operation({ images }, () => ({
    output: tf.concat([images, noise.reshape([batch, 1, 1, planes]).tile([1, height, width, 1])], 3) as T,
    held: [],
    gradients: (dy) => ({ images: () => dy.slice([0, 0, 0, 0], [batch, height, width, channels]) }),
  }));
}

const seen = (images: tf.Tensor4D, view: DiscriminatorView | undefined): tf.Tensor4D =>
  view === undefined ? images : discriminatorView(images, view);

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
