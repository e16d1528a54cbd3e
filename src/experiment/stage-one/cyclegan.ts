/** The networks and the step of stage 1 as a configuration says. */
import type { StageOneExperiment } from '../../config/schema/stage-one.ts';
import type { CycleganState } from '../../gan/cyclegan-state.ts';
import { cycleganStep, type CycleganStep } from '../../gan/cyclegan-step.ts';
import type { Network } from '../../models/network.ts';
import { patchDiscriminator } from '../../models/patch-discriminator.ts';
import { publishedGenerator } from '../../models/published.ts';
import { resnetGenerator } from '../../models/resnet-generator.ts';
import { unetGenerator } from '../../models/unet-generator.ts';
import { adam } from '../../optimizers/adam.ts';
import { foldKey, randomKey } from '../../random/random.ts';
import { disposeTensors } from '../../tensor-tree.ts';
import { ProgramError } from '../../system/program.ts';
import type { PictureShape } from '../../streams/batch-stream.ts';

type Settings = Pick<StageOneExperiment, 'generator' | 'discriminator' | 'seed'>;

/** The four networks; dispose them when the work is done. */
export interface CycleganNetworks {
  readonly generators: { readonly toTarget: Network; readonly toSource: Network };
  readonly discriminators: { readonly source: Network; readonly target: Network };
  dispose(): void;
}

function generatorOf(
  { generator }: Settings,
  direction: 'toTarget' | 'toSource',
  inputShape: PictureShape,
  seed: number,
): Network {
  switch (generator.kind) {
    case 'published': {
      const { normalization, residual, dropout, width } = generator;
      return publishedGenerator(inputShape, { normalization, residual, dropout, width, seed });
    }
    case 'unet': {
      return unetGenerator({ ...generator, inputShape, noise: generator.noise[direction], seed });
    }
    case 'resnet': {
      const { blocks, filters, normalization, width } = generator;
      return resnetGenerator({ inputShape, blocks, filters, normalization, width, seed });
    }
  }
}

/**
 * The networks of an experiment, with seeded first weights.
 *
 * @throws ProgramError (exit code 2) if they cannot be built for images of this shape.
 */
export function cycleganNetworks(settings: Settings, shape: PictureShape): CycleganNetworks {
  const seedOf = (name: string): number => foldKey(randomKey(settings.seed), 'initial weights', name)[0];
  const built: Network[] = [];
  const kept = (network: Network): Network => (built.push(network), network);
  const dispose = (): void => built.forEach(({ model }) => model.dispose());
  const generator = (direction: 'toTarget' | 'toSource') =>
    kept(generatorOf(settings, direction, shape, seedOf(`generator ${direction}`)));
  const discriminator = (name: string) => {
    const seed = seedOf(`discriminator ${name}`);
    return kept(patchDiscriminator({ ...settings.discriminator, inputShape: shape, seed }));
  };
  try {
    const generators = { toTarget: generator('toTarget'), toSource: generator('toSource') };
    const discriminators = { source: discriminator('source'), target: discriminator('target') };
    return { generators, discriminators, dispose };
  } catch (error) {
    dispose();
    if (!(error instanceof RangeError)) throw error;
    throw new ProgramError(
      `networks of stage 1 for images of [${shape.join(', ')}]: ${error.message}; correct generator or discriminator in the configuration`,
      2,
    );
  }
}

/** The step of an experiment, and its state before step 0, owned by the caller. */
export function cycleganOf(
  experiment: StageOneExperiment,
  networks: CycleganNetworks,
  [height, width, channels]: PictureShape,
): { readonly step: CycleganStep['step']; readonly initial: CycleganState } {
  const { loss, optimizer, pool, movingAverageDecay } = experiment;
  const { generators, discriminators } = networks;
  const { init, step } = cycleganStep({
    generators,
    discriminators,
    adversarial: loss.adversarial,
    cycleWeight: loss.cycle,
    detachCycle: loss.cycle.detached,
    contentWeight: loss.content,
    identityWeight: loss.identity,
    ...(loss.penalty.kind !== 'none' && { penalty: { kind: loss.penalty.kind, scale: loss.penalty.scale } }),
    ...(movingAverageDecay !== null && { movingAverageDecay }),
    generatorOptimizer: adam(optimizer.generators),
    discriminatorOptimizer: adam(optimizer.discriminators),
  });
  const weights = {
    generators: { toTarget: generators.toTarget.weights(), toSource: generators.toSource.weights() },
    discriminators: { source: discriminators.source.weights(), target: discriminators.target.weights() },
  };
  const initial = init(weights, pool.capacity === 0 ? undefined : [pool.capacity, height, width, channels]);
  disposeTensors(weights);
  return { step, initial };
}
