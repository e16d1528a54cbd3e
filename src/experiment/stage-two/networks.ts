/** The classifier of an experiment and its first weights. */
import type * as tf from '@tensorflow/tfjs';
import type { StageTwoExperiment } from '../../config/schema/stage-two.ts';
import { freezeLayers, frozenInResnet50 } from '../../models/fine-tuning.ts';
import type { Network, NetworkWeights } from '../../models/network.ts';
import { resnet50 } from '../../models/resnet50.ts';
import { multilayerPerceptron, smallCnn } from '../../models/small-classifiers.ts';
import { foldKey, randomKey } from '../../random/random.ts';
import { orExit, ProgramError } from '../../system/program.ts';
import { describeWeightReport, loadWeights } from '../../weight-files/load-weights.ts';
import type { ExperimentImages } from '../images/experiment-images.ts';

type NetworkSettings = StageTwoExperiment['network'];

/** What the data and the experiment say of a classifier. */
export interface ClassifierShape {
  readonly inputShape: readonly [number, number, number];
  readonly classes: number;
  /** Of the experiment. */
  readonly seed: number;
}

/** What an experiment on its data says of its classifier. */
export const classifierShape = (
  { seed }: Pick<StageTwoExperiment, 'seed'>,
  { shape, classes }: Pick<ExperimentImages, 'shape' | 'classes'>,
): ClassifierShape => ({ inputShape: shape, classes: classes.length, seed });

/** The settings count the stem as a stage, and 0 freezes nothing. */
const fineTuned = (network: Network, frozenStages: number): Network =>
  frozenStages === 0 ? network : freezeLayers(network, frozenInResnet50(frozenStages - 1));

function built(settings: NetworkSettings, { inputShape, classes, seed }: ClassifierShape): Network {
  const weightSeed = foldKey(randomKey(seed), 'initial weights', 'classifier')[0];
  const common = { inputShape, classes, seed: weightSeed };
  switch (settings.kind) {
    case 'small-cnn':
      return smallCnn({ ...common, width: settings.width });
    case 'multilayer-perceptron':
      return multilayerPerceptron({ ...common, hidden: settings.hidden });
    case 'resnet50':
      return fineTuned(
        resnet50({
          ...common,
          width: settings.width,
          variant: settings.variant,
          ...(settings.batchNormalizationMomentum !== null && {
            batchNormalizationMomentum: settings.batchNormalizationMomentum,
          }),
        }),
        settings.frozenStages,
      );
  }
}

/**
 * The classifier, with random first weights that depend on the seed only.
 *
 * @param settings Which one.
 * @param shape Of its images, and its number of classes.
 * @throws ProgramError (exit code 2) if it cannot be built for images of this shape.
 */
export function classifierOf(settings: NetworkSettings, shape: ClassifierShape): Network {
  try {
    return built(settings, shape);
  } catch (error) {
    // The layers of tfjs throw errors of no kind of their own.
    if (!(error instanceof Error) || error instanceof TypeError) throw error;
    throw new ProgramError(
      `${settings.kind} for images of [${shape.inputShape.join(', ')}]: ${error.message.split('\n')[0]}; correct network in the configuration`,
      2,
    );
  }
}

const isHead = (name: string): boolean => name.startsWith('logits/');

/** `from` where the head is concerned, `weights` elsewhere; what is left over is disposed. */
function withHeadOf(weights: NetworkWeights, from: NetworkWeights): NetworkWeights {
  const pick = (loaded: tf.NamedTensorMap, own: tf.NamedTensorMap): tf.NamedTensorMap =>
    Object.fromEntries(
      Object.entries(loaded).map(([name, tensor]) => {
        const [kept, left] = isHead(name) ? [own[name]!, tensor] : [tensor, own[name]!];
        left.dispose();
        return [name, kept];
      }),
    );
  return {
    trainable: pick(weights.trainable, from.trainable),
    statistics: pick(weights.statistics, from.statistics),
  };
}

/**
 * The first weights of a classifier: its own, or those of a file.
 *
 * @param network From {@link classifierOf}.
 * @param settings Which file, and whether its head is taken too.
 * @param say Told what was and was not loaded.
 * @returns Owned by the caller.
 * @throws ProgramError (exit code 2) if the file is missing or damaged, or holds weights of another network.
 */
export async function firstWeights(
  network: Network,
  settings: NetworkSettings,
  say: (line: string) => void,
): Promise<NetworkWeights> {
  if (settings.kind !== 'resnet50' || settings.weights.kind === 'random') return network.weights();
  const { path, head } = settings.weights;
  const { weights, report } = orExit(await loadWeights(path, network, head ? {} : { optional: isHead }));
  describeWeightReport(report).forEach((line) => say(`${path}: ${line}`));
  return head ? weights : withHeadOf(weights, network.weights());
}
