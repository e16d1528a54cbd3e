/** The parts of a step that the published one lacks, on networks of one weight: what a hand computes. */
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { CycleganBatch, CycleganDraws } from '../../src/gan/cyclegan-state.ts';
import { cycleganStep, type CycleganOptions } from '../../src/gan/cyclegan-step.ts';
import type { NetworkWeights } from '../../src/models/network.ts';
import { sgd } from '../../src/optimizers/sgd.ts';
import { disposeTensors } from '../../src/tensor-tree.ts';
import { useBackend } from '../support/backend.ts';
import { expectClose } from '../support/fixture.ts';

type Network = CycleganOptions['generators']['toTarget'];

/** The image times one weight, and the plane of noise behind it, if there is one, added. */
const scaling: Network = {
  forward: (x, context) => ({
    output: tf.tidy(() => {
      const [batch, height, width, depth] = x.shape as [number, number, number, number];
      const image = x.slice([0, 0, 0, 0], [batch, height, width, 1]);
      const scaled = image.mul(context.weights!.trainable['scale']!);
      return depth === 1 ? scaled : scaled.add(x.slice([0, 0, 0, 1], [batch, height, width, 1]));
    }),
    statistics: {},
  }),
};

const weights = (scale: number): NetworkWeights => ({
  trainable: { scale: tf.scalar(scale) },
  statistics: {},
});

/** Images of two by two pixels of one value each. */
const plain = (...values: number[]): tf.Tensor4D =>
  tf.tensor4d(
    values.flatMap((value) => [value, value, value, value]),
    [values.length, 2, 2, 1],
  );

const rate = (): Pick<CycleganBatch, 'generatorLearningRate' | 'discriminatorLearningRate'> => ({
  generatorLearningRate: tf.scalar(1),
  discriminatorLearningRate: tf.scalar(1),
});

/** One step by plain gradients of a Wasserstein game: G doubles, F halves, the discriminators' weights are 1 and 3. */
function afterStep(options: Partial<CycleganOptions>, draws: CycleganDraws, averages = false) {
  tf.engine().startScope();
  try {
    const plainSgd = sgd({ momentum: 0 });
    const { init, step } = cycleganStep({
      generators: { toTarget: scaling, toSource: scaling },
      discriminators: { source: scaling, target: scaling },
      adversarial: 'wgan',
      cycleWeight: 0,
      identityWeight: 0,
      generatorOptimizer: plainSgd,
      discriminatorOptimizer: plainSgd,
      ...(averages && { movingAverageDecay: 0.5 }),
      ...options,
    });
    const state = init({
      generators: { toTarget: weights(2), toSource: weights(0.5) },
      discriminators: { source: weights(1), target: weights(3) },
    });
    const batch = { source: plain(0.25, 0.5), target: plain(0.5, 1), ...rate(), ...draws };
    const { state: next, losses } = step(state, batch);
    const value = (tensor: tf.Tensor): number => tensor.dataSync()[0]!;
    return {
      losses: Object.fromEntries(
        Object.entries(losses).map(([name, loss]) => [name, value(loss as tf.Scalar)]),
      ),
      toTarget: value(next.generators.toTarget.trainable['scale']!),
      toSource: value(next.generators.toSource.trainable['scale']!),
      source: value(next.discriminators.source.trainable['scale']!),
      target: value(next.discriminators.target.trainable['scale']!),
      averageToTarget: averages ? value(next.averages!.toTarget.trainable['scale']!) : null,
      hasPools: next.pools !== undefined,
    };
  } finally {
    tf.engine().endScope();
  }
}

describe.each(['wasm', 'cpu'] as const)('a step on %s', (backend) => {
  beforeAll(() => useBackend(backend));

  it('without pools shows the discriminators the images of the step', () => {
    const { losses, source, target, hasPools } = afterStep({}, {});
    // Mean source 0.375, G of it 0.75; mean target 0.75, F of it 0.375; ½(D(fake) − D(real)).
    expectClose(losses['discriminatorTarget']!, 0.5 * 3 * (0.75 - 0.75), 1e-6);
    expectClose(losses['discriminatorSource']!, 0.5 * (0.375 - 0.375), 1e-6);
    expectClose([source, target], [1, 3], 1e-6);
    expect(hasPools).toBe(false);
  });

  it('with a content weight keeps translations near their images', () => {
    const { losses, toTarget, toSource } = afterStep({ contentWeight: { source: 2, target: 4 } }, {});
    // |2x − x| and |y/2 − y|; each generator also has the slope of its game, −3 · 0.375 and −0.75.
    expectClose(losses['contentSource']!, 2 * 0.375, 1e-6);
    expectClose(losses['contentTarget']!, 4 * 0.375, 1e-6);
    expectClose(toTarget, 2 + 3 * 0.375 - 2 * 0.375, 1e-5);
    expectClose(toSource, 0.5 + 0.75 + 4 * 0.75, 1e-5);
  });

  it('with a detached cycle trains the generator of the second half alone', () => {
    const cycle = { cycleWeight: { source: 8, target: 0 } };
    // G triples through a noise of 1, so that F(G(x)) is off: x − (2x + 1)/2 = −½.
    const noise = {
      toTarget: {
        translation: tf.ones<tf.Rank.R2>([2, 1]),
        cycle: tf.ones<tf.Rank.R2>([2, 1]),
        identity: tf.ones<tf.Rank.R2>([2, 1]),
      },
    };
    const both = afterStep(cycle, { noise });
    const detached = afterStep({ ...cycle, detachCycle: true }, { noise });
    disposeTensors(noise as never);
    expectClose([both.losses['cycleSource']!, detached.losses['cycleSource']!], [4, 4], 1e-5);
    // ∂/∂f of 8 · mean|x − f(2x + 1)| is 8 · (2 · 0.375 + 1); ∂/∂g is 8 · ½ · 0.375.
    const slope = 8 * 1.75;
    expectClose([both.toSource, detached.toSource], [0.5 + 0.75 - slope, 0.5 + 0.75 - slope], 1e-4);
    expectClose(both.toTarget, 2 + 3 * 0.375 - 8 * 0.5 * 0.375, 1e-5);
    expectClose(detached.toTarget, 2 + 3 * 0.375, 1e-5);
  });

  it('shows the discriminators views in both updates', () => {
    const black = { rows: tf.zeros<tf.Rank.R3>([2, 2, 2]), columns: tf.zeros<tf.Rank.R3>([2, 2, 2]) };
    const same = {
      rows: tf.tile(tf.eye(2).expandDims<tf.Tensor3D>(0), [2, 1, 1]),
      columns: tf.tile(tf.eye(2).expandDims<tf.Tensor3D>(0), [2, 1, 1]),
    };
    const views = {
      source: { translation: black, real: same, generated: same },
      target: { translation: same, real: black, generated: same },
    };
    const { losses, toSource } = afterStep({}, { views });
    tf.dispose([black.rows, black.columns, same.rows, same.columns]);
    // What is black is −1: D_source gives F's images −1 and F no slope; D_target sees −1 for real images.
    expectClose(losses['generatorToSource']!, 1, 1e-6);
    expectClose(toSource, 0.5, 1e-6);
    expectClose(losses['discriminatorTarget']!, 0.5 * 3 * (0.75 + 1), 1e-5);
  });

  it('mixes classes: translates translations, and shows each discriminator what it is told to', () => {
    const index = (...list: number[]): tf.Tensor1D => tf.tensor1d(list, 'int32');
    const mix = {
      // Target image 1 (value 1) becomes a source image by F: ½; with source image 0 it is translated.
      source: { back: index(1), input: index(0, 2), real: index(1, 1), generated: index(0, 0) },
      target: { back: index(), input: index(0, 1), real: index(0, 1), generated: index(1, 1) },
    };
    const { losses } = afterStep({ contentWeight: 1 }, { mix });
    tf.dispose([mix.source, mix.target]);
    // Inputs of G: ¼ and ½, of F: ½ and 1.
    expectClose(losses['contentSource']!, 0.375, 1e-6);
    // D_source: real ½, ½; generated: F's image of ½, twice. D_target: real ½, 1; generated: G's image of ½, twice.
    expectClose(losses['discriminatorSource']!, 0.5 * (0.25 - 0.5), 1e-6);
    expectClose(losses['discriminatorTarget']!, 0.5 * 3 * (1 - 0.75), 1e-6);
  });

  it('averages by the decay of the batch, if that has one', () => {
    const own = afterStep({}, {}, true);
    expectClose(own.averageToTarget!, (2 + own.toTarget) / 2, 1e-5);
    const decay = tf.scalar(0.75);
    const given = afterStep({}, { movingAverageDecay: decay } as CycleganDraws, true);
    decay.dispose();
    expectClose(given.averageToTarget!, 2 + 0.25 * (given.toTarget - 2), 1e-5);
  });

  it('has the R1 penalty in steps that bring its draws', () => {
    const penalty = { penalty: { kind: 'r1', scale: 2 } } as const;
    const times = tf.scalar(3);
    const due = afterStep(penalty, { penalty: { source: { times }, target: { times } } });
    times.dispose();
    // The mean of four outputs has the slope ¼ of the weight at each pixel: λ/2 · 3 · 4 · (w/4)².
    expectClose([due.losses['penaltySource']!, due.losses['penaltyTarget']!], [0.75, 0.75 * 9], 1e-5);
    expectClose(afterStep(penalty, {}).losses['penaltyTarget']!, 0, 1e-9);
  });
});
