import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { camelConsistency } from '../../src/consistency.ts';
import { cycleganDraws } from '../../src/gan/cyclegan-state.ts';
import { cycleganStep } from '../../src/gan/cyclegan-step.ts';
import { groupDro } from '../../src/group-dro.ts';
import { groupTable } from '../../src/groups.ts';
import { publishedDiscriminator, publishedGenerator } from '../../src/models/published.ts';
import { smallCnn } from '../../src/models/small-classifiers.ts';
import { sgd } from '../../src/optimizers/sgd.ts';
import { foldKey, randomKey, uniform } from '../../src/random/random.ts';
import { robustStep } from '../../src/training/robust-step.ts';
import { useBackend } from '../support/backend.ts';

beforeAll(() => useBackend('wasm'));

const images = (name: string, shape: [number, number, number, number]): tf.Tensor4D =>
  tf.tensor4d(uniform(foldKey(randomKey(1), name), tf.util.sizeFromShape(shape)), shape);

/** Kernel calls made by `f`, whatever the backend makes of them; its tensors are disposed. */
function kernelCalls(f: () => tf.TensorContainer): number {
  const calls = vi.spyOn(tf.engine(), 'runKernel');
  try {
    tf.tidy(f);
    return calls.mock.calls.length;
  } finally {
    calls.mockRestore();
  }
}

// A call costs time whatever it computes, and a compiled step as much memory: these numbers are to fall, not to rise.
describe('kernel calls of a step', () => {
  it('CycleGAN with the published digit networks, optimizers and moving averages included: at most 1455', () => {
    const network = { width: 1 / 4 };
    const generators = {
      toTarget: publishedGenerator([28, 28, 1], network),
      toSource: publishedGenerator([28, 28, 1], network),
    };
    const discriminators = {
      source: publishedDiscriminator([28, 28, 1], network),
      target: publishedDiscriminator([28, 28, 1], network),
    };
    const shape: [number, number, number, number] = [2, 28, 28, 1];
    tf.tidy(() => {
      const { init, step } = cycleganStep({ generators, discriminators, movingAverageDecay: 0.99 });
      const state = init(
        {
          generators: { toTarget: generators.toTarget.weights(), toSource: generators.toSource.weights() },
          discriminators: {
            source: discriminators.source.weights(),
            target: discriminators.target.weights(),
          },
        },
        [2, 28, 28, 1],
      );
      const batch = {
        source: images('source', shape),
        target: images('target', shape),
        generatorLearningRate: tf.scalar(1e-3),
        discriminatorLearningRate: tf.scalar(1e-3),
        ...cycleganDraws({ key: randomKey(0), step: 0, shape, capacity: 2 }),
      };
      const calls = kernelCalls(() => step(state, batch));
      expect(calls).toBeGreaterThan(1000);
      expect(calls).toBeLessThanOrEqual(1455);
    });
    [...Object.values(generators), ...Object.values(discriminators)].forEach(({ model }) => model.dispose());
  });

  it('CAMEL with the small classifier, labels and groups guarded (475 without): at most 516', () => {
    const network = smallCnn({ inputShape: [28, 28, 1], classes: 2, width: 1 / 8 });
    const table = groupTable(['(Y=0)(Z=0)', '(Y=0)(Z=1)', '(Y=1)(Z=0)', '(Y=1)(Z=1)'], [9, 1, 1, 9]);
    tf.tidy(() => {
      const { init, step } = robustStep({
        network,
        table,
        objective: groupDro(table, { adjustment: 1, classConditional: true }),
        optimizer: sgd(),
        weightDecay: 5e-4,
        consistency: { divergence: camelConsistency, weight: 5 },
      });
      const state = init(network.weights());
      const batch = {
        images: images('originals and translations', [12, 28, 28, 1]),
        labels: tf.tensor1d([0, 0, 1, 1], 'int32'),
        groups: tf.tensor1d([0, 1, 2, 3], 'int32'),
        learningRate: tf.scalar(1e-3),
        masks: network.masks(randomKey(2), 12),
      };
      const calls = kernelCalls(() => step(state, batch));
      expect(calls).toBeGreaterThan(200);
      expect(calls).toBeLessThanOrEqual(516);
    });
    network.model.dispose();
  });
});
