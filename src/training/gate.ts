/** The quality gate's own classifiers, trained on images that neither stage 1 nor the test split has seen. */
import { concatenateImages } from '../augmentation/pairing.ts';
import { minusOneToOne } from '../augmentation/scaling.ts';
import { accuracy } from '../metrics/classification.ts';
import { checkIndices } from '../metrics/predictions.ts';
import type { NetworkWeights } from '../models/network.ts';
import { foldKey, randomKey } from '../random/random.ts';
import { disposeTensors } from '../tensor-tree.ts';
import { checkExamples } from './examples.ts';
import {
  classes,
  degradedCopies,
  domainTask,
  labelTask,
  trainClassifier,
  type TrainGateOptions,
  type TrainedClassifier,
} from './gate-classifiers.ts';

export type { GateCheckpoints, TrainGateOptions, TrainedClassifier } from './gate-classifiers.ts';

/** The gate's classifiers; the caller owns their weights, see {@link disposeGate}. */
export interface Gate {
  /** Strict: 0 for the source domain, 1 for the target domain. */
  readonly domain: TrainedClassifier;
  readonly label: TrainedClassifier;
  /** Share of held-out images that each classifies rightly; the strict one on real images and degraded copies. */
  readonly heldOutAccuracy: { readonly domain: number; readonly label: number };
}

function checkImages({ train, heldOut, domainOf, networks }: TrainGateOptions): void {
  const labelCount = networks.label.model.outputs[0]!.shape.at(-1)!;
  for (const [name, examples] of Object.entries({ train, heldOut })) {
    checkExamples(examples);
    const group = examples.groups.find((g) => domainOf[g] !== 0 && domainOf[g] !== 1);
    if (group !== undefined) {
      throw new RangeError(
        `domainOf: expected 0 or 1 for group ${group} of ${name}, received ${domainOf[group]}`,
      );
    }
    checkIndices(examples.labels, labelCount, `${name}.labels`);
  }
}

/**
 * Trains the gate's two classifiers and tests them on held-out images.
 *
 * Both by Adam on group-balanced batches; a batch, the damage to its images and its dropout masks are found by the
 * seed and the step number alone, so that one that goes on from a kept state ends with the same weights.
 *
 * @param options Images, networks, budgets.
 * @returns The gate, whose weights the caller owns; null if a stop was requested.
 * @throws RangeError if an image lacks a label or a group, a label is no class, a group has no domain, or a batch is smaller than the number
 *   of groups. NonFiniteLossError if a loss is not finite.
 * @example
 * ```ts
 * import { multilayerPerceptron } from 'model-patching';
 * import { imageBatch } from 'model-patching/augmentation';
 * import { disposeGate, trainGate } from 'model-patching/training';
 * // Dark and bright images; the class is whether the left or the right half is brighter.
 * const image = (g: number) => [0, 1, 2, 3].map((i) => (g % 2) * 200 + ((i % 2 === 1) === g > 1 ? 55 : 0));
 * const groups = Int32Array.from({ length: 32 }, (_, i) => i % 4);
 * const examples = {
 *   images: imageBatch(Uint8Array.from([...groups].flatMap(image)), [32, 2, 2, 1]),
 *   labels: groups.map((group) => group >> 1),
 *   groups,
 * };
 * const network = (seed: number) => multilayerPerceptron({ inputShape: [2, 2, 1], classes: 2, hidden: [8], seed });
 * const networks = { domain: network(1), label: network(2) };
 * const gate = await trainGate({
 *   train: examples,
 *   heldOut: examples,
 *   domainOf: [0, 1, 0, 1],
 *   networks,
 *   steps: { domain: 60, label: 60 },
 *   batchSize: 16,
 *   learningRate: 0.05,
 *   seed: 1,
 * });
 * if (gate!.heldOutAccuracy.label !== 1) throw new Error('the halves are told apart');
 * disposeGate(gate!);
 * [networks.domain, networks.label].forEach(({ model }) => model.dispose());
 * ```
 */
export async function trainGate(options: TrainGateOptions): Promise<Gate | null> {
  const { heldOut, domainOf, networks, seed, steps, pause } = options;
  checkImages(options);
  const domainWeights = await trainClassifier(domainTask(networks.domain, domainOf), options, 0);
  if (domainWeights === null) return null;
  const domain = { network: networks.domain, weights: domainWeights };
  let labelWeights: NetworkWeights | null = null;
  try {
    labelWeights = await trainClassifier(labelTask(networks.label), options, steps.domain);
    if (labelWeights === null) {
      disposeTensors(domainWeights);
      return null;
    }
    const label = { network: networks.label, weights: labelWeights };
    const real = minusOneToOne(heldOut.images);
    const degraded = degradedCopies(real, foldKey(randomKey(seed), 'gate', 'held out'));
    const domains = heldOut.groups.map((group) => domainOf[group]!);
    const realAndDegraded = await classes(domain, concatenateImages([real, degraded]), pause);
    return {
      domain,
      label,
      heldOutAccuracy: {
        domain: accuracy(realAndDegraded, [...domains, ...domains]),
        label: accuracy(await classes(label, real, pause), heldOut.labels),
      },
    };
  } catch (error) {
    disposeTensors({ domainWeights, ...(labelWeights && { labelWeights }) });
    throw error;
  }
}

/**
 * Disposes the weights of a gate; its networks stay the caller's.
 *
 * @param gate What {@link trainGate} returned.
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { multilayerPerceptron } from 'model-patching';
 * import { disposeGate } from 'model-patching/training';
 * const network = multilayerPerceptron({ inputShape: [2, 2, 1], classes: 2, hidden: [8], seed: 1 });
 * const before = tf.memory().numTensors;
 * const [domain, label] = [1, 2].map(() => ({ network, weights: network.weights() }));
 * disposeGate({ domain: domain!, label: label! });
 * if (tf.memory().numTensors !== before) throw new Error('no weights left expected');
 * network.model.dispose();
 * ```
 */
export function disposeGate({ domain, label }: Pick<Gate, 'domain' | 'label'>): void {
  disposeTensors({ domain: domain.weights, label: label.weights });
}
