import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { imageBatch, type Images } from '../../src/augmentation/images.ts';
import { minusOneToOne } from '../../src/augmentation/scaling.ts';
import { mnistCorrelation, type ImageForm } from '../../src/data/mnist-correlation-images.ts';
import { degrade } from '../../src/gan/strict-domain.ts';
import { groupBatches } from '../../src/group-batches.ts';
import { groupTable } from '../../src/groups.ts';
import { predictedClasses } from '../../src/metrics/predictions.ts';
import { multilayerPerceptron, smallCnn } from '../../src/models/small-classifiers.ts';
import { readMnist } from '../../src/streams/mnist-files.ts';
import { groupBalanced } from '../../src/objectives.ts';
import { adam } from '../../src/optimizers/adam.ts';
import { foldKey, randomIntegers, randomKey } from '../../src/random/random.ts';
import { disposeTensors, flattenTensors, mapTensors, type TensorTree } from '../../src/tensor-tree.ts';
import { gatherExamples, imageTensor, type Examples } from '../../src/training/examples.ts';
import { forwardBatches } from '../../src/training/forward-batches.ts';
import {
  disposeGate,
  trainGate,
  type Gate,
  type GateCheckpoints,
  type TrainGateOptions,
  type TrainedClassifier,
} from '../../src/training/gate.ts';
import {
  measureGenerators,
  translateImages,
  type TrainedGenerator,
} from '../../src/training/generator-measure.ts';
import { NonFiniteLossError, train } from '../../src/training/loop.ts';
import { robustStep } from '../../src/training/robust-step.ts';
import { useBackend } from '../support/backend.ts';

const SIZE = 784;
const DOMAIN_OF = [0, 1, 0, 1] as const;
const NO_WEIGHTS = { trainable: {}, statistics: {} };

/** A generator that is no network: a function of one image's pixels in [−1, 1]. */
const generator = (translate: (pixels: Float32Array, index: number) => Float32Array): TrainedGenerator => ({
  network: {
    forward: (x) => {
      const values = x.dataSync() as Float32Array;
      const size = x.size / x.shape[0]!;
      const output = Float32Array.from(values);
      for (let i = 0; i < x.shape[0]!; i++)
        output.set(translate(values.slice(i * size, (i + 1) * size), i), i * size);
      return { output: tf.tensor(output, x.shape), statistics: {} };
    },
  },
  weights: NO_WEIGHTS,
});

const identity = generator((pixels) => pixels);

/** Draws a dozen bright specks: what a generator finds before it finds the zigzag. */
const speckDrawing = generator((pixels, index) => {
  const specked = pixels.slice();
  for (const place of randomIntegers(foldKey(randomKey(5), index), 12, 0, SIZE)) specked[place] = 1;
  return specked;
});

/** Gives each known image's counterpart. */
function oracle(from: Images<Float32Array>, to: Images<Float32Array>): TrainedGenerator {
  const at = (images: Images<Float32Array>, i: number) => images.pixels.slice(i * SIZE, (i + 1) * SIZE);
  const known = new Map(Array.from({ length: from.shape[0] }, (_, i) => [at(from, i).join(), at(to, i)]));
  return generator((pixels) => known.get(pixels.join())!);
}

describe('on MNIST-Correlation', { timeout: 300_000 }, () => {
  let gate: Gate;
  let plain: TrainedClassifier;
  let heldOut: { readonly own: Examples; readonly clean: Examples; readonly corrupted: Examples };
  const domainNetwork = (seed: number) => smallCnn({ inputShape: [28, 28, 1], classes: 2, width: 0.2, seed });

  /** The gate's domain classifier, but that no image is degraded. */
  async function trainPlain(options: TrainGateOptions): Promise<TrainedClassifier> {
    const network = domainNetwork(1);
    const table = groupTable(['all'], [1]);
    const robust = robustStep({ network, table, objective: groupBalanced(table), optimizer: adam() });
    const own = network.weights();
    const first = robust.init(own);
    disposeTensors(own);
    const indices = groupBatches(options.train.groups, { batchSize: options.batchSize, seed: 1 });
    const { state } = await train({
      state: first,
      stepsDone: 0,
      steps: options.steps.domain,
      step: robust.step,
      batchAt: (index) => {
        const batch = gatherExamples(options.train, indices(index));
        return {
          images: imageTensor(minusOneToOne(batch.images)),
          labels: tf.tensor1d(
            batch.groups.map((group) => group % 2),
            'int32',
          ),
          groups: tf.tensor1d(new Int32Array(batch.groups.length)),
          learningRate: tf.scalar(options.learningRate),
          masks: network.masks(foldKey(randomKey(1), index), batch.groups.length),
        };
      },
    });
    disposeTensors({ optimizer: state.optimizer });
    return { network, weights: { trainable: state.trainable, statistics: state.statistics } };
  }

  beforeAll(async () => {
    await useBackend('wasm');
    const mnist = await readMnist(fileURLToPath(new URL('../../examples/data/mnist', import.meta.url)));
    if (mnist._tag === 'Left') throw new Error(mnist.left.found);
    const data = mnistCorrelation({ mnist: mnist.right, gateTrainingCount: 500, gateHeldOutCount: 50 });
    if (data._tag === 'Left') throw new Error(data.left.found);
    const examples = (part: 'gateTrain' | 'gateHeldOut', form?: ImageForm): Examples => {
      const { images, labels, groups } = data.right.images(part, form);
      return { images: imageBatch(images, [labels.length, 28, 28, 1]), labels, groups };
    };
    heldOut = {
      own: examples('gateHeldOut'),
      clean: examples('gateHeldOut', 'clean'),
      corrupted: examples('gateHeldOut', 'corrupted'),
    };
    const options: TrainGateOptions = {
      train: examples('gateTrain'),
      heldOut: heldOut.own,
      domainOf: DOMAIN_OF,
      networks: {
        domain: domainNetwork(1),
        label: multilayerPerceptron({ inputShape: [28, 28, 1], classes: 2, seed: 2 }),
      },
      steps: { domain: 140, label: 300 },
      batchSize: 48,
      learningRate: 0.003,
      seed: 1,
    };
    gate = (await trainGate(options))!;
    plain = await trainPlain(options);
    const { domain, label } = gate.heldOutAccuracy;
    console.log(`held out: strict domain ${domain}, label ${label}`);
  }, 300_000);

  async function domains({ network, weights }: TrainedClassifier, images: Images<Float32Array>) {
    const { values } = await forwardBatches(images, { network, context: { mode: 'infer', weights } });
    return predictedClasses(values, images.shape[0]);
  }

  const share = (values: Int32Array, value: number): number =>
    values.filter((other) => other === value).length / values.length;

  /** Originals of one domain, with the true counterparts. */
  const ofDomain = (domain: 0 | 1): Examples => {
    const { own } = heldOut;
    return gatherExamples(
      own,
      Array.from(own.groups.keys()).filter((i) => own.groups[i]! % 2 === domain),
    );
  };

  const measure = (
    toTarget: TrainedGenerator,
    toSource: TrainedGenerator,
    domain: TrainedClassifier = gate.domain,
  ) =>
    measureGenerators(
      { domain, label: gate.label },
      { toTarget, toSource },
      { source: ofDomain(0), target: ofDomain(1) },
    );

  it('the strict classifier gives zigzags to zigzag and clean images with specks to clean', async () => {
    const [clean, corrupted] = [heldOut.clean, heldOut.corrupted].map(({ images }) => minusOneToOne(images));
    const { pixels, shape } = clean!;
    const specked = imageBatch(degrade(pixels, shape, randomKey(9), { range: [-1, 1] }), shape);
    const rates = {
      clean: share(await domains(gate.domain, clean!), 0),
      zigzag: share(await domains(gate.domain, corrupted!), 1),
      specked: share(await domains(gate.domain, specked), 0),
      speckedByPlain: share(await domains(plain, specked), 0),
    };
    console.log(rates);
    expect(rates.clean).toBeGreaterThan(0.9);
    expect(rates.zigzag).toBeGreaterThan(0.9);
    expect(rates.specked).toBeGreaterThan(0.88);
    expect(gate.heldOutAccuracy.domain).toBeGreaterThan(0.87);
    expect(gate.heldOutAccuracy.label).toBeGreaterThan(0.75);
  });

  it('generators that change nothing flip nothing, and score nothing', async () => {
    const { flipRate, labelPreservation, cycleError, score, frechetDistance } = await measure(
      identity,
      identity,
    );
    expect(Math.max(flipRate.toTarget, flipRate.toSource)).toBeLessThan(0.1);
    expect(cycleError).toBe(0);
    expect(Math.min(labelPreservation.toTarget, labelPreservation.toSource)).toBeGreaterThan(0.75);
    expect(score).toBeLessThan(0.1);
    expect(frechetDistance.toTarget).toBeGreaterThan(0);
  });

  it('generators that give the true counterparts flip all, and are nearer to the domain aimed at', async () => {
    const [clean, corrupted] = [heldOut.clean, heldOut.corrupted].map(({ images }) => minusOneToOne(images));
    const before = tf.memory().numTensors;
    const perfect = await measure(oracle(clean!, corrupted!), oracle(corrupted!, clean!));
    expect(tf.memory().numTensors).toBe(before);
    const none = await measure(identity, identity);
    console.log('true counterparts', perfect);
    const { flipRate, labelPreservation, frechetDistance } = perfect;
    expect(Math.min(flipRate.toTarget, flipRate.toSource)).toBeGreaterThan(0.9);
    expect(Math.min(labelPreservation.toTarget, labelPreservation.toSource)).toBeGreaterThan(0.75);
    expect(perfect.cycleError).toBe(0);
    expect(perfect.score).toBeGreaterThan(0.7);
    for (const direction of ['toTarget', 'toSource'] as const)
      expect(frechetDistance[direction]).toBeLessThan(none.frechetDistance[direction] / 2);
  });

  it('a generator that draws specks does not pass, though it fools a plain classifier', async () => {
    const strict = await measure(speckDrawing, identity);
    const fooled = await measure(speckDrawing, identity, plain);
    console.log(
      `specks to zigzag: flip rate ${strict.flipRate.toTarget} by the strict classifier, ${fooled.flipRate.toTarget} by the plain one`,
    );
    expect(strict.flipRate.toTarget).toBeLessThan(0.15);
    expect(strict.score).toBeLessThan(0.1);
    expect(fooled.flipRate.toTarget).toBeGreaterThan(0.5);
  });

  it('cannot be measured on images of another size', async () => {
    const half = generator((pixels) => pixels);
    const network = { forward: () => ({ output: tf.zeros([100, 14, 14, 1]), statistics: {} }) };
    await expect(measure({ ...half, network }, identity)).rejects.toThrow('pixels: expected');
  });
});

describe('trainGate on tiny images', () => {
  beforeAll(() => useBackend('cpu'));

  /** Dark and bright images of two pixels; the class is which pixel is brighter. */
  function tinyOptions(): TrainGateOptions {
    const groups = Int32Array.from({ length: 24 }, (_, i) => i % 4);
    const pixels = Uint8Array.from(
      [...groups].flatMap((g) => [0, 1].map((i) => (g % 2) * 180 + (i === g >> 1 ? 70 : 0))),
    );
    const examples = {
      images: imageBatch(pixels, [24, 1, 2, 1]),
      labels: groups.map((group) => group >> 1),
      groups,
    };
    const network = (seed: number) =>
      multilayerPerceptron({ inputShape: [1, 2, 1], classes: 2, hidden: [4], seed });
    return {
      train: examples,
      heldOut: examples,
      domainOf: DOMAIN_OF,
      networks: { domain: network(1), label: network(2) },
      steps: { domain: 12, label: 7 },
      batchSize: 8,
      learningRate: 0.02,
      seed: 1,
    };
  }

  it('is the same for the same seed, keeps nothing but the weights, and tells its progress', async () => {
    const options = tinyOptions();
    const progress: number[] = [];
    const before = tf.memory().numTensors;
    const one = (await trainGate({ ...options, onProgress: (done) => void progress.push(done) }))!;
    expect(tf.memory().numTensors).toBe(before + 8);
    expect(progress.at(-1)).toBe(19);
    expect([...progress].sort((a, b) => a - b)).toEqual(progress);
    const two = (await trainGate(options))!;
    const other = (await trainGate({ ...options, seed: 2 }))!;
    const kernel = ({ domain }: Gate) => Array.from(domain.weights.trainable['hidden1/kernel']!.dataSync());
    expect(kernel(two)).toEqual(kernel(one));
    expect(kernel(other)).not.toEqual(kernel(one));
    [one, two, other].forEach(disposeGate);
    expect(tf.memory().numTensors).toBe(before);
  });

  it.each([3, 15])('is null and keeps nothing when a stop is requested after %i steps', async (stop) => {
    const options = tinyOptions();
    const before = tf.memory().numTensors;
    let asked = 0;
    expect(await trainGate({ ...options, stopRequested: () => ++asked >= stop })).toBeNull();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('goes on from the states that were kept, with the same bits', async () => {
    const options = tinyOptions();
    const before = tf.memory().numTensors;
    const whole = (await trainGate(options))!;
    const kept: { name: string; step: number; state: TensorTree }[] = [];
    const checkpoints: GateCheckpoints = {
      every: 5,
      newest: <State extends TensorTree>(classifier: string, expected: State) => {
        const found = kept.filter(({ name }) => name === classifier).at(-1);
        if (found === undefined) return Promise.resolve(null);
        const byName = new Map(flattenTensors(found.state));
        const state = mapTensors(expected, (_, name) => byName.get(name)!.clone());
        return Promise.resolve({ step: found.step, state });
      },
      write: (name, step, state) => {
        kept.push({ name, step, state: mapTensors(state, (tensor) => tensor.clone()) });
        return Promise.resolve();
      },
    };
    let asked = 0;
    const stopRequested = () => ++asked % 7 === 0;
    let parts: Gate | null = null;
    let calls = 0;
    while (parts === null) {
      calls += 1;
      parts = await trainGate({ ...options, checkpoints, stopRequested });
    }
    expect(calls).toBe(3);
    expect(kept.map(({ name, step }) => `${name} ${step}`)).toEqual([
      'domain 5',
      'domain 7',
      'domain 10',
      'domain 12',
      'label 3',
      'label 5',
      'label 7',
    ]);
    const numbers = ({ domain, label }: Gate) =>
      flattenTensors({ domain: domain.weights, label: label.weights }).map(([name, tensor]) => [
        name,
        ...tensor.dataSync(),
      ]);
    expect(numbers(parts)).toEqual(numbers(whole));
    expect(parts.heldOutAccuracy).toEqual(whole.heldOutAccuracy);
    [whole, parts].forEach(disposeGate);
    kept.forEach(({ state }) => disposeTensors(state));
    expect(tf.memory().numTensors).toBe(before);
  });

  it('names a loss that is not finite, and keeps nothing', async () => {
    const options = tinyOptions();
    const before = tf.memory().numTensors;
    const failed = trainGate({ ...options, learningRate: NaN, onProgress: () => undefined });
    await expect(failed).rejects.toBeInstanceOf(NonFiniteLossError);
    await expect(failed).rejects.toThrow('at step 2');
    expect(tf.memory().numTensors).toBe(before);
  });

  it('learns from the groups of one class, whatever their numbers, as if they were all', async () => {
    const options = tinyOptions();
    const { images, labels, groups } = options.train;
    const ofOne = [...groups.keys()].filter((i) => groups[i]! >= 2);
    const train = {
      images: imageBatch(
        Uint8Array.from(ofOne.flatMap((i) => [...images.pixels.subarray(2 * i, 2 * i + 2)])),
        [ofOne.length, 1, 2, 1],
      ),
      labels: Int32Array.from(ofOne, (i) => labels[i]!),
      groups: Int32Array.from(ofOne, (i) => groups[i]!),
    };
    const renumbered = { ...train, groups: train.groups.map((group) => group - 2) };
    const kernels: number[][] = [];
    for (const [examples, domainOf] of [
      [train, [-1, -1, 0, 1]],
      [renumbered, [0, 1]],
    ] as const) {
      const gate = (await trainGate({ ...options, train: examples, heldOut: examples, domainOf }))!;
      kernels.push(Array.from(gate.domain.weights.trainable['hidden1/kernel']!.dataSync()));
      disposeGate(gate);
    }
    expect(kernels[0]).toEqual(kernels[1]);
  });

  it('refuses groups without a domain', async () => {
    await expect(trainGate({ ...tinyOptions(), domainOf: [0, 1, 0] })).rejects.toThrow(
      'domainOf: expected 0 or 1 for group 3 of train, received undefined',
    );
  });

  it('refuses labels that are no class, held out as well', async () => {
    const options = tinyOptions();
    for (const name of ['train', 'heldOut'] as const) {
      const labels = options[name].labels.map((label, i) => (i === 1 ? 2 : label));
      await expect(trainGate({ ...options, [name]: { ...options[name], labels } })).rejects.toThrow(
        `${name}.labels[1]: expected an integer in [0, 2), received 2`,
      );
    }
  });

  it('translates in batches, in order', async () => {
    const images = imageBatch(
      Float32Array.from({ length: 230 }, (_, i) => i / 230),
      [230, 1, 1, 1],
    );
    const { pixels } = await translateImages(
      images,
      generator((values) => values.map((value) => -value)),
    );
    expect(pixels).toEqual(images.pixels.map((value) => -value));
  });
});
