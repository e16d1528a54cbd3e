/**
 * The quality gate's own classifiers, and what they say of a pair of generators. Both are trained on images that
 * neither stage 1 nor the test split has seen. The domain classifier is strict: half of its images are degraded
 * copies under their true domain, so that specks and blur do not pass for the other domain.
 */
import * as tf from '@tensorflow/tfjs';
import { imageBatch, type Images } from '../augmentation/images.ts';
import { concatenateImages } from '../augmentation/pairing.ts';
import { minusOneToOne } from '../augmentation/scaling.ts';
import {
  cycleError,
  flipRate,
  gateScore,
  labelPreservation,
  type DirectionalShare,
} from '../gan/quality-gate.ts';
import { degrade } from '../gan/strict-domain.ts';
import { groupBatches } from '../group-batches.ts';
import { groupTable } from '../groups.ts';
import { accuracy } from '../metrics/classification.ts';
import { frechetDistance } from '../metrics/frechet-distance.ts';
import { predictedClasses } from '../metrics/predictions.ts';
import { networkFromModel } from '../models/network-from-model.ts';
import type { Network, NetworkWeights } from '../models/network.ts';
import { groupBalanced } from '../objectives.ts';
import { adam } from '../optimizers/adam.ts';
import { foldKey, randomKey, type RandomKey } from '../random.ts';
import { disposeTensors } from '../tensor-tree.ts';
import { gatherExamples, gatherImages, imageTensor, type Examples } from './examples.ts';
import { forwardBatches } from './forward-batches.ts';
import { train } from './loop.ts';
import { robustStep } from './robust-step.ts';

/** A trained classifier: a network and the weights to run it with. */
export interface TrainedClassifier {
  readonly network: Network;
  readonly weights: NetworkWeights;
}

/** The gate's classifiers; the caller owns their weights, see {@link disposeGate}. */
export interface Gate {
  /** Strict: 0 for the source domain, 1 for the target domain. */
  readonly domain: TrainedClassifier;
  readonly label: TrainedClassifier;
  /** Share of held-out images that each classifies rightly; the strict one on real images and degraded copies. */
  readonly heldOutAccuracy: { readonly domain: number; readonly label: number };
}

/** How {@link trainGate} trains. */
export interface TrainGateOptions {
  /** Group-balanced images used neither by stage 1 nor in the test split, and as many to be held out. */
  readonly train: Examples;
  readonly heldOut: Examples;
  /** 0 or 1, the domain of each group. */
  readonly domainOf: readonly number[];
  /** Two untrained classifiers with logits out, inputs in [−1, 1]; `domain` has two outputs. */
  readonly networks: { readonly domain: Network; readonly label: Network };
  readonly steps: { readonly domain: number; readonly label: number };
  readonly batchSize: number;
  readonly learningRate: number;
  readonly seed: number;
  readonly pause?: () => Promise<void>;
  readonly stopRequested?: () => boolean;
  /** Called after every step; `done` counts the steps of both classifiers. */
  readonly onProgress?: (done: number) => void;
}

const degradedCopies = (images: Images<Float32Array>, key: RandomKey): Images<Float32Array> =>
  imageBatch(degrade(images.pixels, images.shape, key, { range: [-1, 1] }), images.shape);

/** Every second image degraded, under its own domain. */
function halfDegraded(images: Images<Float32Array>, key: RandomKey): Images<Float32Array> {
  const size = images.pixels.length / images.shape[0];
  const odd = Array.from({ length: Math.floor(images.shape[0] / 2) }, (_, i) => 2 * i + 1);
  const degraded = degradedCopies(gatherImages(images, odd), key);
  const pixels = images.pixels.slice();
  odd.forEach((index, i) => pixels.set(degraded.pixels.subarray(i * size, (i + 1) * size), index * size));
  return { pixels, shape: images.shape };
}

interface ClassifierTask {
  readonly name: 'domain' | 'label';
  readonly network: Network;
  readonly labelOf: (examples: Examples) => Int32Array;
  readonly prepare: (images: Images<Float32Array>, key: RandomKey) => Images<Float32Array>;
}

async function trainClassifier(
  task: ClassifierTask,
  options: TrainGateOptions,
  before: number,
): Promise<NetworkWeights | null> {
  const { network } = task;
  const key = foldKey(randomKey(options.seed), 'gate', task.name);
  const indices = groupBatches(options.train.groups, { batchSize: options.batchSize, seed: options.seed });
  const { init, step } = robustStep({
    network,
    table: groupTable(['all'], [options.train.labels.length]),
    objective: groupBalanced(groupTable(['all'], [options.train.labels.length])),
    optimizer: adam(),
  });
  const initial = network.weights();
  const { state, interrupted } = await train({
    state: init(initial),
    stepsDone: 0,
    steps: options.steps[task.name],
    step: (current, index) =>
      tf.tidy(() => {
        const batch = gatherExamples(options.train, indices(index));
        const stepKey = foldKey(key, index);
        return step(current, {
          images: imageTensor(task.prepare(minusOneToOne(batch.images), foldKey(stepKey, 'degrade'))),
          labels: tf.tensor1d(task.labelOf(batch), 'int32'),
          groups: tf.zeros([batch.labels.length], 'int32'),
          learningRate: tf.scalar(options.learningRate),
          masks: network.masks(foldKey(stepKey, 'dropout'), batch.labels.length),
        });
      }),
    ...(options.pause && { pause: options.pause }),
    ...(options.stopRequested && { stopRequested: options.stopRequested }),
    onLosses: (records) => options.onProgress?.(before + records.at(-1)!.step),
  });
  disposeTensors(initial);
  if (interrupted) {
    disposeTensors(state);
    return null;
  }
  disposeTensors({ optimizer: state.optimizer, adversary: state.adversary });
  return { trainable: state.trainable, statistics: state.statistics };
}

async function classes(
  { network, weights }: TrainedClassifier,
  images: Images<Float32Array>,
  pause?: () => Promise<void>,
): Promise<Int32Array> {
  const { values } = await forwardBatches(images, {
    network,
    context: { mode: 'infer', weights },
    ...(pause && { pause }),
  });
  return predictedClasses(values, images.shape[0]);
}

/**
 * Trains the gate's two classifiers and tests them on held-out images.
 *
 * @returns The gate, whose weights the caller owns; null if a stop was requested.
 */
export async function trainGate(options: TrainGateOptions): Promise<Gate | null> {
  const { heldOut, domainOf, networks, seed, steps, pause } = options;
  const domainsOf = ({ groups }: Examples): Int32Array => groups.map((group) => domainOf[group]!);
  const domainTask = {
    name: 'domain',
    network: networks.domain,
    labelOf: domainsOf,
    prepare: halfDegraded,
  } as const;
  const domainWeights = await trainClassifier(domainTask, options, 0);
  if (domainWeights === null) return null;
  const labelTask = {
    name: 'label',
    network: networks.label,
    labelOf: ({ labels }: Examples) => labels,
    prepare: (images: Images<Float32Array>) => images,
  } as const;
  const labelWeights = await trainClassifier(labelTask, options, steps.domain);
  if (labelWeights === null) {
    disposeTensors(domainWeights);
    return null;
  }
  const domain = { network: networks.domain, weights: domainWeights };
  const label = { network: networks.label, weights: labelWeights };
  const real = minusOneToOne(heldOut.images);
  const degraded = degradedCopies(real, foldKey(randomKey(seed), 'gate', 'held out'));
  const domains = domainsOf(heldOut);
  const realAndDegraded = await classes(domain, concatenateImages([real, degraded]), pause);
  return {
    domain,
    label,
    heldOutAccuracy: {
      domain: accuracy(realAndDegraded, [...domains, ...domains]),
      label: accuracy(await classes(label, real, pause), heldOut.labels),
    },
  };
}

/** Disposes the weights of a gate. */
export function disposeGate({ domain, label }: Pick<Gate, 'domain' | 'label'>): void {
  disposeTensors({ domain: domain.weights, label: label.weights });
}

/** A generator and the weights to run it with. */
export interface TrainedGenerator {
  readonly network: Pick<Network, 'forward'>;
  readonly weights: NetworkWeights;
}

/** What the gate says of a pair of generators. */
export interface GateMeasure {
  /** Share of translations that the strict domain classifier gives to the domain aimed at. */
  readonly flipRate: DirectionalShare;
  /** Share of translations whose class the label classifier keeps. */
  readonly labelPreservation: DirectionalShare;
  /** Fréchet distance of the domain classifier's last features to those of real images of the domain aimed at. */
  readonly frechetDistance: DirectionalShare;
  /** Mean |original − there and back| over both directions, in units of [0, 1]. */
  readonly cycleError: number;
  /** min flip rate · min label preservation. */
  readonly score: number;
}

/** Translated images in [−1, 1]. */
export async function translateImages(
  images: Images<Float32Array>,
  { network, weights }: TrainedGenerator,
  pause?: () => Promise<void>,
): Promise<Images<Float32Array>> {
  const { values } = await forwardBatches(images, {
    network,
    context: { mode: 'infer', weights },
    ...(pause && { pause }),
  });
  return imageBatch(values, images.shape);
}

async function features(
  { network, weights }: TrainedClassifier,
  images: Images<Float32Array>,
  pause?: () => Promise<void>,
): Promise<Float32Array[]> {
  const { model } = network;
  const last = model.layers.at(-1)!;
  const hidden = networkFromModel(
    tf.model({ inputs: model.inputs, outputs: last.input as tf.SymbolicTensor }),
  );
  const { values } = await forwardBatches(images, {
    network: hidden,
    context: { mode: 'infer', weights },
    ...(pause && { pause }),
  });
  const width = values.length / images.shape[0];
  return Array.from({ length: images.shape[0] }, (_, i) => values.subarray(i * width, (i + 1) * width));
}

/**
 * Measures a pair of generators on fixed images.
 *
 * @param gate The trained classifiers.
 * @param generators G (`toTarget`) and F (`toSource`).
 * @param images Real images of the source and of the target domain, with their classes.
 */
export async function measureGenerators(
  gate: Pick<Gate, 'domain' | 'label'>,
  generators: { readonly toTarget: TrainedGenerator; readonly toSource: TrainedGenerator },
  images: { readonly source: Examples; readonly target: Examples },
  pause?: () => Promise<void>,
): Promise<GateMeasure> {
  const direction = async (
    there: TrainedGenerator,
    back: TrainedGenerator,
    from: Examples,
    to: Examples,
    domain: number,
  ) => {
    const original = minusOneToOne(from.images);
    const translated = await translateImages(original, there, pause);
    const cycled = await translateImages(translated, back, pause);
    return {
      flipRate: flipRate(await classes(gate.domain, translated, pause), domain),
      labelPreservation: labelPreservation(await classes(gate.label, translated, pause), from.labels),
      frechetDistance: frechetDistance(
        await features(gate.domain, translated, pause),
        await features(gate.domain, minusOneToOne(to.images), pause),
      ),
      cycleError: cycleError(original.pixels, cycled.pixels, [-1, 1]),
    };
  };
  const { toTarget: g, toSource: f } = generators;
  const toTarget = await direction(g, f, images.source, images.target, 1);
  const toSource = await direction(f, g, images.target, images.source, 0);
  const both = (name: 'flipRate' | 'labelPreservation' | 'frechetDistance'): DirectionalShare => ({
    toTarget: toTarget[name],
    toSource: toSource[name],
  });
  const shares = { flipRate: both('flipRate'), labelPreservation: both('labelPreservation') };
  return {
    ...shares,
    frechetDistance: both('frechetDistance'),
    cycleError: (toTarget.cycleError + toSource.cycleError) / 2,
    score: gateScore(shares),
  };
}
