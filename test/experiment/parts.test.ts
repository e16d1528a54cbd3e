import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { imagePipeline, imageScaling, type AugmentationStage } from '../../src/augmentation/pipelines.ts';
import { imageBatch } from '../../src/augmentation/images.ts';
import { randomKey } from '../../src/random/random.ts';
import { groupTable } from '../../src/groups.ts';
import { groupReport } from '../../src/metrics/group-report.ts';
import { stageTwoBudget } from '../../src/experiment/stage-two/budget.ts';
import { invarianceParts, methodParts } from '../../src/experiment/stage-two/methods.ts';
import { resnet50Stage } from '../../src/models/fine-tuning.ts';
import type { NetworkWeights } from '../../src/models/network.ts';
import { classifierOf, firstWeights } from '../../src/experiment/stage-two/networks.ts';
import { optimizerOf, learningRateOf } from '../../src/experiment/optimizers.ts';
import { selectionScore, splitsDuringTraining } from '../../src/experiment/stage-two/stage-two.ts';
import { saveWeights } from '../../src/weight-files/save-weights.ts';
import { useBackend } from '../support/backend.ts';

beforeAll(() => useBackend('cpu'));

const table = groupTable(['(Y=0)(Z=0)', '(Y=0)(Z=1)', '(Y=1)(Z=0)', '(Y=1)(Z=1)'], [99, 1, 4, 96]);

describe('learning rates', () => {
  const at = (
    schedule: Parameters<typeof learningRateOf>[0]['schedule'],
    steps: readonly number[],
    warmUpSteps = 0,
  ) => steps.map(learningRateOf({ schedule, warmUpSteps }, 1, 8));
  it('follow their course over the whole training, or over their own steps', () => {
    expect(at({ kind: 'constant' }, [0, 7])).toEqual([1, 1]);
    expect(at({ kind: 'linear', end: 0.5, steps: null }, [0, 4, 8])).toEqual([1, 0.75, 0.5]);
    expect(at({ kind: 'linear', end: 0, steps: 4 }, [1, 2, 8])).toEqual([0.75, 0.5, 0]);
    expect(at({ kind: 'linear-from-half', steps: null, clamped: true }, [4, 6, 10])).toEqual([1, 0.5, 0]);
    expect(at({ kind: 'linear-from-half', steps: null, clamped: false }, [10])).toEqual([-0.5]);
    expect(at({ kind: 'cosine', steps: null }, [0, 4])[1]).toBeCloseTo(0.5, 12);
    expect(at({ kind: 'quarters', steps: null }, [2, 3, 5, 7])).toEqual([1, 0.1, 0.01, 0.001]);
    expect(at({ kind: 'half-and-three-quarters', steps: null }, [4, 5, 7])).toEqual([1, 0.1, 0.01]);
    expect(at({ kind: 'piecewise', boundaries: [3], rates: [5, 6] }, [3, 4])).toEqual([5, 6]);
  });
  it('rise from zero during the warm-up', () => {
    expect(at({ kind: 'constant' }, [0, 1, 3, 4], 4)).toEqual([0.25, 0.5, 1, 1]);
  });
});

it('optimizers are of the kind and the decays that are set', () => {
  const weights = { w: tf.tensor1d([1]) };
  const gradients = { w: tf.tensor1d([4]) };
  const rate = tf.scalar(0.25);
  const course = { schedule: { kind: 'constant' }, warmUpSteps: 0 } as const;
  const first = (settings: Parameters<typeof optimizerOf>[0]): number => {
    const optimizer = optimizerOf(settings);
    const state = optimizer.init(weights);
    const after = optimizer.update(gradients, state, weights, rate);
    const value = after.weights['w']!.dataSync()[0]!;
    tf.dispose([state as never, after.weights, after.state as never]);
    return value;
  };
  // 1 + μ(−ηg) − ηg with Nesterov, 1 − ηg without, 1 − η in Adam's first step.
  expect(first({ kind: 'sgd', learningRate: 9, momentum: 0.5, nesterov: true, ...course })).toBe(-0.5);
  expect(first({ kind: 'sgd', learningRate: 9, momentum: 0.5, nesterov: false, ...course })).toBe(0);
  const adam = { kind: 'adam', learningRate: 9, beta1: 0.5, beta2: 0.9, epsilon: 1e-7, ...course } as const;
  expect(first(adam)).toBeCloseTo(0.75, 5);
  tf.dispose([weights, gradients, rate]);
});

describe('pipelines', () => {
  const augmentations = (stages: readonly AugmentationStage[]) => imagePipeline({ augmentations: stages });
  const images = imageBatch(Uint8Array.of(0, 51, 255), [1, 1, 3, 1]);
  it('scale bytes as they are asked to', () => {
    const scaled = (range: 'zero-one' | 'minusone-one' | 'none') =>
      Array.from(imageScaling({ kind: 'BasicImagePreprocessing', range })(images).pixels);
    expect(scaled('zero-one')).toEqual([0, Math.fround(0.2), 1]);
    expect(scaled('minusone-one')).toEqual([-1, Math.fround(Math.fround(0.4) - 1), 1]);
    expect(scaled('none')).toEqual([0, 51, 255]);
    const colour = imageBatch(Uint8Array.of(255, 255, 255), [1, 1, 1, 3]);
    const [red] = imageScaling({ kind: 'ImageNetPreprocessing' })(colour).pixels;
    expect(red).toBeCloseTo((1 - 0.485) / 0.229, 5);
  });
  it('augment in order, with draws of the key', () => {
    const mirror = augmentations([{ kind: 'fliplr', probability: 1 }]);
    expect(Array.from(mirror(images, randomKey(1)).pixels)).toEqual([255, 51, 0]);
    const twice = augmentations([
      { kind: 'fliplr', probability: 1 },
      { kind: 'fliplr', probability: 1 },
    ]);
    expect(Array.from(twice(images, randomKey(1)).pixels)).toEqual([0, 51, 255]);
    expect(augmentations([])(images, randomKey(1))).toBe(images);
    const all = augmentations([
      { kind: 'rotr', degrees: 45 },
      { kind: 'pad:crop', padding: 2, offsets: 'all' },
      { kind: 'crop', fraction: 0.1 },
      { kind: 'cutout', size: 2 },
    ]);
    const picture = imageBatch(
      Uint8Array.from({ length: 64 }, (_, i) => 4 * i),
      [1, 8, 8, 1],
    );
    expect(all(picture, randomKey(3))).toEqual(all(picture, randomKey(3)));
    expect(all(picture, randomKey(3))).not.toEqual(all(picture, randomKey(4)));
  });
});

describe('methods', () => {
  const adversary = { stepSize: 1, adjustment: 2, classConditional: false, gradient: 'stopped' } as const;
  const losses = () => ({ means: tf.tensor1d([1, 0, 0, 3]), counts: tf.tensor1d([2, 1, 1, 1]) });
  const value = (parts: ReturnType<typeof methodParts>): number =>
    tf.tidy(() => parts.objective.loss(parts.objective.init(), losses()).dataSync()[0]!);

  it('ERM weighs examples, or groups alike', () => {
    const natural = methodParts({ kind: 'erm', sampling: 'natural' }, table);
    expect([natural.balanced, value(natural)]).toEqual([false, 1]);
    const balanced = methodParts({ kind: 'erm', sampling: 'balanced' }, table);
    expect([balanced.balanced, value(balanced)]).toEqual([true, 1]);
    expect(balanced.consistency).toBeUndefined();
  });
  it('group DRO has the adversary that is set: a = L + C/√n, softmax over all groups', () => {
    const parts = methodParts({ kind: 'group-dro', adversary }, table);
    const logits = [1 + 2 / Math.sqrt(99), 2, 1, 3 + 2 / Math.sqrt(96)].map(Math.exp);
    const sum = logits.reduce((a, b) => a + b);
    expect(value(parts)).toBeCloseTo((logits[0]! * 1 + logits[3]! * 3) / sum, 5);
  });
  it('CAMEL adds consistency, and groups of translations where they are trained on', () => {
    const camel = (trainOn: 'original' | 'both') =>
      methodParts(
        {
          kind: 'camel',
          adversary: { ...adversary, classConditional: true },
          consistency: { kind: 'camel', weight: 5, reduction: 'mean' },
          trainOn,
          translations: {} as never,
        },
        table,
      );
    expect(camel('original').table).toEqual(table);
    expect(camel('original').consistency).toMatchObject({ weight: 5, reduction: 'mean' });
    const both = camel('both').table;
    expect(both.names.slice(0, 3)).toEqual(['(Y=0)(Z=0)', '(Y=0)(Z=0)(A-F)', '(Y=0)(Z=0)(A-G)']);
    expect(both.trainingCounts.slice(0, 6)).toEqual([99, 99, 99, 1, 1, 1]);
  });
  it('the invariance penalty sets in after its annealing', () => {
    expect(invarianceParts({ kind: 'none' })).toBeUndefined();
    const parts = invarianceParts({ kind: 'irm', form: 'irmv1', weight: 7, annealSteps: 2 })!;
    expect([0, 1, 2, 9].map(parts.weightAt)).toEqual([0, 0, 7, 7]);
  });
});

describe('budget', () => {
  const settings = {
    training: { epochs: 3, steps: null, batchSize: 16, accumulate: 1, epochBatchSize: 64 },
    evaluation: { every: { epochs: 2 } },
    checkpoints: { every: { epochs: 1 } },
  };
  const budget = (training: object) =>
    stageTwoBudget({ ...settings, training: { ...settings.training, ...training } } as never, table);
  it('counts whole batches of the training images', () => {
    expect(budget({})).toEqual({ stepsPerEpoch: 3, steps: 9, evaluateEvery: 6, checkpointEvery: 3 });
    expect(budget({ epochBatchSize: null }).stepsPerEpoch).toBe(12);
    expect(budget({ epochBatchSize: null, batchSize: 4, accumulate: 4 }).stepsPerEpoch).toBe(12);
    expect(budget({ epochBatchSize: 64, accumulate: 4 }).stepsPerEpoch).toBe(3);
    expect(budget({ epochBatchSize: 1000 })).toMatchObject({ stepsPerEpoch: 1, steps: 3 });
    expect(budget({ steps: 4 }).steps).toBe(4);
  });
});

describe('selection', () => {
  const reportOf = (worst: number, groupAverage: number) =>
    ({ worstGroup: { name: 'a', accuracy: worst }, average: null, groupAverage }) as never;
  it('scores what it selects by, and evaluates what it needs', () => {
    expect(selectionScore('worst-group', reportOf(0.2, 0.6))).toBeCloseTo(0.2, 5);
    // of equal worst groups the higher average over groups, but never before a better worst group
    const scoreOf = (worst: number, groupAverage: number) =>
      selectionScore('worst-group', reportOf(worst, groupAverage))!;
    expect(scoreOf(0, 0.6)).toBeGreaterThan(scoreOf(0, 0.5));
    expect(scoreOf(1 / 1e5, 0.25)).toBeGreaterThan(scoreOf(0, 1));
    expect(selectionScore('average', reportOf(0.2, 0.6))).toBe(0.6);
    expect(selectionScore('last', reportOf(0.2, 0.6))).toBeUndefined();
    // Without (Y=0)(Z=1): accuracies 1/2 and 1 are left, weighted 99 and 4 in the average.
    const lacking = groupReport({ predictions: [0, 1, 1], labels: [0, 0, 1], groups: [0, 0, 2], table });
    expect(lacking.worstGroup).toBeNull();
    expect(selectionScore('worst-group', lacking)).toBeCloseTo(0.5 + 1e-6 * 0.75, 12);
    expect(selectionScore('average', lacking)).toBeCloseTo((99 / 2 + 4) / 103, 12);
    const all = { splits: ['validation', 'test'], select: 'average' } as never;
    expect(splitsDuringTraining(all, ['train', 'test'])).toEqual(['test']);
    expect(splitsDuringTraining({ splits: ['test'], select: 'average' } as never)).toEqual([
      'validation',
      'test',
    ]);
    expect(splitsDuringTraining({ splits: ['test'], select: 'last' } as never)).toEqual(['test']);
  });
});

describe('networks', () => {
  it('does not train frozen stages', () => {
    const shape = { inputShape: [32, 32, 3], classes: 2, seed: 1 } as const;
    const settings = {
      kind: 'resnet50',
      variant: 'pre-activation',
      batchNormalizationMomentum: null,
      width: 1 / 64,
      weights: { kind: 'random' },
    } as const;
    const network = classifierOf({ ...settings, frozenStages: 2 }, shape);
    const { trainable, statistics } = network.weights();
    expect(Object.keys(trainable).filter((name) => resnet50Stage(name) <= 1)).toEqual([]);
    expect(Object.keys(statistics)).toContain('conv0/kernel');
    expect(Object.keys(trainable)).toContain('stage2_unit1_conv1/kernel');
    tf.dispose([trainable, statistics]);
    network.model.dispose();
  });
  it('keeps as much of its moving statistics as is set', () => {
    const settings = {
      kind: 'resnet50',
      variant: 'pre-activation',
      batchNormalizationMomentum: 0.75,
      width: 1 / 64,
      frozenStages: 0,
      weights: { kind: 'random' },
    } as const;
    const { model } = classifierOf(settings, { inputShape: [32, 32, 3], classes: 2, seed: 1 });
    expect(model.getLayer('bn_data').getConfig()['momentum']).toBe(0.75);
    model.dispose();
  });
  it('begins with the weights of a file, its head only on request', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'weights-'));
    const path = join(folder, 'weights.h5');
    const settings = (head: boolean, file = path) =>
      ({
        kind: 'resnet50',
        variant: 'pre-activation',
        batchNormalizationMomentum: null,
        width: 1 / 64,
        frozenStages: 0,
        weights: { kind: 'file', path: file, head },
      }) as const;
    const classifier = (classes: number, seed: number) =>
      classifierOf(settings(false), { inputShape: [32, 32, 3], classes, seed });
    const [stored, two, three] = [classifier(3, 1), classifier(2, 2), classifier(3, 2)];
    await saveWeights(path, stored);
    const said: string[] = [];
    const say = (line: string): void => void said.push(line);
    const values = ({ trainable }: NetworkWeights, name: string) => trainable[name]!.dataSync().join();
    const [first, own, whole, headless] = [stored.weights(), two.weights(), three.weights(), three.weights()];
    const loaded = {
      two: await firstWeights(two, settings(false), say),
      whole: await firstWeights(three, settings(true), say),
      headless: await firstWeights(three, settings(false), say),
    };
    for (const weights of Object.values(loaded))
      expect(values(weights, 'conv0/kernel')).toBe(values(first, 'conv0/kernel'));
    expect(values(loaded.two, 'logits/kernel')).toBe(values(own, 'logits/kernel'));
    expect(values(loaded.headless, 'logits/kernel')).toBe(values(headless, 'logits/kernel'));
    expect(values(loaded.whole, 'logits/kernel')).toBe(values(first, 'logits/kernel'));
    expect(said[0]).toMatch(/weights\.h5: \d+ of \d+ weights loaded from hdf5/);
    await expect(firstWeights(two, settings(true), say)).rejects.toMatchObject({ exitCode: 2 });
    await expect(firstWeights(two, settings(true, `${path}.gone`), say)).rejects.toThrow(
      /expected a file of weights/,
    );
    for (const weights of [first, own, whole, headless, ...Object.values(loaded)])
      tf.dispose([weights.trainable, weights.statistics]);
    [stored, two, three].forEach(({ model }) => model.dispose());
    expect(tf.memory().numTensors).toBe(0);
    rmSync(folder, { recursive: true });
  });
  it('that cannot be built for the images is a fault of the configuration', () => {
    const shape = { inputShape: [8000, 8000, 3], classes: 2, seed: 1 } as const;
    expect(() => classifierOf({ kind: 'multilayer-perceptron', hidden: [100_000] }, shape)).toThrow(
      expect.objectContaining({
        exitCode: 2,
        message: expect.stringMatching(
          /^multilayer-perceptron for images of \[8000, 8000, 3\]: .+; correct network in the configuration$/,
        ) as string,
      }),
    );
  });
  it('gives the same weights for the same seed', () => {
    const weights = [1, 1, 2].map((seed) => {
      const network = classifierOf(
        { kind: 'multilayer-perceptron', hidden: [2] },
        { inputShape: [2, 2, 1], classes: 2, seed },
      );
      const { trainable } = network.weights();
      const values = trainable['hidden1/kernel']!.dataSync().join();
      tf.dispose(trainable);
      network.model.dispose();
      return values;
    });
    expect(weights[0]).toBe(weights[1]);
    expect(weights[0]).not.toBe(weights[2]);
  });
});
