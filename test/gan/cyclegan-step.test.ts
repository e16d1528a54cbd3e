import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import type { AdversarialKind } from '../../src/gan/adversarial-losses.ts';
import { cycleganDraws, type CycleganBatch, type CycleganState } from '../../src/gan/cyclegan-state.ts';
import { cycleganStep } from '../../src/gan/cyclegan-step.ts';
import type { NetworkWeights } from '../../src/models/network.ts';
import { adam } from '../../src/optimizers/adam.ts';
import { normal, foldKey, randomKey } from '../../src/random/random.ts';
import { disposeTensors, flattenTensors } from '../../src/tensor-tree.ts';
import { useBackend } from '../support/backend.ts';
import { expectClose, readFixture, toTensor, type FixtureTensor } from '../support/fixture.ts';
import {
  asWeights,
  discriminatorNames,
  generatorNames,
  smallDiscriminator,
  smallGenerator,
  type SmallNorm,
} from './small-networks.ts';

type FourNetworks = Readonly<
  Record<'generatorG' | 'generatorF' | 'discriminatorX' | 'discriminatorY', readonly FixtureTensor[]>
>;

interface StepCase {
  readonly what: string;
  readonly title: string;
  readonly ganLoss: AdversarialKind;
  readonly norm: SmallNorm;
  readonly gradientPenalty: 'none' | 'wgan-gp' | 'dragan';
  readonly gradientPenaltyScale: number;
  readonly cycleScaleX: number;
  readonly cycleScaleY: number;
  readonly identityScale: number;
  readonly batch: number;
  readonly optimizers: Readonly<
    Record<'generators' | 'discriminators', { adam: number; beta1: number; beta2: number; epsilon: number }>
  >;
  readonly initialWeights: FourNetworks;
  readonly steps: readonly {
    readonly x: FixtureTensor;
    readonly y: FixtureTensor;
    readonly generator: Readonly<Record<string, number>>;
    readonly discriminator: Readonly<Record<string, number>>;
    readonly fakeX: FixtureTensor;
    readonly fakeY: FixtureTensor;
    readonly uniformDraws?: readonly FixtureTensor[];
    readonly weightsAfter: FourNetworks;
  }[];
}

const cases = readFixture<StepCase>('train-step').cases.filter(({ what }) => what === 'cyclegan');

function stepOf(fixture: StepCase, extra: Partial<Parameters<typeof cycleganStep>[0]> = {}) {
  const { norm, gradientPenalty: kind, gradientPenaltyScale: scale } = fixture;
  return cycleganStep({
    generators: { toTarget: smallGenerator(norm), toSource: smallGenerator(norm) },
    discriminators: { source: smallDiscriminator(norm), target: smallDiscriminator(norm) },
    adversarial: fixture.ganLoss,
    cycleWeight: { source: fixture.cycleScaleX, target: fixture.cycleScaleY },
    identityWeight: fixture.identityScale,
    ...(kind !== 'none' && { penalty: { kind, scale } }),
    generatorOptimizer: adam(fixture.optimizers.generators),
    discriminatorOptimizer: adam(fixture.optimizers.discriminators),
    ...extra,
  });
}

const initialWeights = ({ norm, initialWeights: initial }: StepCase) => {
  const generator = (list: readonly FixtureTensor[]): NetworkWeights =>
    asWeights(
      generatorNames(norm),
      list.map((tensor) => toTensor(tensor)),
    );
  const discriminator = (list: readonly FixtureTensor[]): NetworkWeights =>
    asWeights(
      discriminatorNames(norm),
      list.map((tensor) => toTensor(tensor)),
    );
  return {
    generators: { toTarget: generator(initial.generatorG), toSource: generator(initial.generatorF) },
    discriminators: {
      source: discriminator(initial.discriminatorX),
      target: discriminator(initial.discriminatorY),
    },
  };
};

/** The pool that the fixture describes: as large as a batch, filled and read in order. */
const orderedPool = (size: number) => ({
  write: tf.range(size, 2 * size, 1, 'int32'),
  read: tf.range(size, 2 * size, 1, 'int32'),
});

function batchOf(fixture: StepCase, index: number): CycleganBatch {
  const { x, y, uniformDraws = [] } = fixture.steps[index]!;
  const draws = uniformDraws.map((tensor) => toTensor(tensor));
  const [alphaX, alphaY] = draws.length === 4 ? [draws[1], draws[3]] : draws;
  const [betaX, betaY] = draws.length === 4 ? [draws[0], draws[2]] : [];
  return {
    source: toTensor<tf.Rank.R4>(x),
    target: toTensor<tf.Rank.R4>(y),
    generatorLearningRate: tf.scalar(fixture.optimizers.generators.adam),
    discriminatorLearningRate: tf.scalar(fixture.optimizers.discriminators.adam),
    pools: { source: orderedPool(fixture.batch), target: orderedPool(fixture.batch) },
    ...(alphaX !== undefined &&
      alphaY !== undefined && {
        penalty: {
          source: { alpha: alphaX, ...(betaX !== undefined && { beta: betaX }) },
          target: { alpha: alphaY, ...(betaY !== undefined && { beta: betaY }) },
        },
      }),
  };
}

const start = (fixture: StepCase, step = stepOf(fixture), capacity = fixture.batch): CycleganState => {
  const weights = initialWeights(fixture);
  const state = step.init(weights, [capacity, 8, 8, 1]);
  disposeTensors(weights);
  return state;
};

function expectWeights(state: CycleganState, fixture: StepCase, step: number): void {
  const { weightsAfter } = fixture.steps[step]!;
  const compare = (
    weights: NetworkWeights,
    names: string[],
    expected: readonly FixtureTensor[],
    what: string,
  ) =>
    names.forEach((name, i) => {
      // of a Wasserstein critic the gradient of the last bias is 0, and Adam makes a step of rounding noise
      const noise =
        fixture.ganLoss === 'wgan' && what.startsWith('discriminator') && name === 'outBias'
          ? (step + 1) * fixture.optimizers.discriminators.adam
          : 0;
      const tensor = weights.trainable[name] ?? weights.statistics[name]!;
      expectClose(tensor, expected[i]!, 5e-5 + noise, `step ${step}, ${what}, ${name}`);
    });
  const { generators, discriminators } = state;
  compare(generators.toTarget, generatorNames(fixture.norm), weightsAfter.generatorG, 'generator to target');
  compare(generators.toSource, generatorNames(fixture.norm), weightsAfter.generatorF, 'generator to source');
  compare(
    discriminators.source,
    discriminatorNames(fixture.norm),
    weightsAfter.discriminatorX,
    'discriminator source',
  );
  compare(
    discriminators.target,
    discriminatorNames(fixture.norm),
    weightsAfter.discriminatorY,
    'discriminator target',
  );
}

describe.each(['wasm', 'cpu'] as const)('published steps on %s', (backend) => {
  it.each(cases.map((fixture) => [fixture.title, fixture] as const))('%s', async (_, fixture) => {
    await useBackend(backend);
    const before = tf.memory().numTensors;
    const { step } = stepOf(fixture, { returnFakes: true });
    let state = start(fixture);
    fixture.steps.forEach((expected, index) => {
      const batch = batchOf(fixture, index);
      const { state: next, losses } = step(state, batch);
      const { generator, discriminator } = expected;
      for (const [loss, value] of [
        [losses.generatorToTarget, generator.genG],
        [losses.generatorToSource, generator.genF],
        [losses.cycleSource, generator.cycleX],
        [losses.cycleTarget, generator.cycleY],
        [losses.identitySource, generator.identityX],
        [losses.identityTarget, generator.identityY],
        [losses.discriminatorSource, discriminator.discX],
        [losses.discriminatorTarget, discriminator.discY],
        [losses.penaltySource, discriminator.penaltyX],
        [losses.penaltyTarget, discriminator.penaltyY],
      ] as const)
        expectClose(loss, value!, 2e-5, `step ${index}`);
      expectClose(losses.fakes!.source, expected.fakeX, 2e-5, `step ${index} fake source`);
      expectClose(losses.fakes!.target, expected.fakeY, 2e-5, `step ${index} fake target`);
      expectClose(next.pools!.source, expected.fakeX, 2e-5, `step ${index} source pool`);
      disposeTensors(state);
      disposeTensors({ ...losses, batch } as never);
      state = next;
      expectWeights(state, fixture, index);
    });
    disposeTensors(state);
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('the step', () => {
  const [published, , wasserstein] = cases as [StepCase, StepCase, StepCase, StepCase];

  it('leaks nothing and leaves its arguments alone, averages, pool and penalty included', async () => {
    await useBackend('wasm');
    const fixture = { ...wasserstein, norm: 'batchnorm' as const, initialWeights: published.initialWeights };
    const { step, ...rest } = stepOf(fixture, { movingAverageDecay: 0.9 });
    let state = start(fixture, { step, ...rest }, 3);
    const counts: number[] = [];
    for (let index = 0; index < 4; index++) {
      const { pools, penalty, ...images } = batchOf(fixture, index % 2);
      tf.dispose([
        Object.values(pools!.source),
        Object.values(pools!.target),
        Object.values(penalty!.source),
        Object.values(penalty!.target),
      ]);
      const draws = cycleganDraws({
        key: randomKey(1),
        step: index,
        shape: [2, 8, 8, 1],
        capacity: 3,
        penalty: 'wgan-gp',
      });
      const batch = { ...images, ...draws };
      const values = flattenTensors({ state, batch } as never).map(([, tensor]) => tensor.dataSync().slice());
      const { state: next, losses } = step(state, batch);
      flattenTensors({ state, batch } as never).forEach(([path, tensor], i) =>
        expect(tensor.dataSync(), path).toEqual(values[i]),
      );
      for (const [path, average] of flattenTensors(next.averages!)) {
        const find = (tree: object): tf.Tensor => new Map(flattenTensors(tree as never)).get(path)!;
        const twin = Array.from(
          find(state.averages!).dataSync(),
          (a, i) => 0.9 * a + 0.1 * find(next.generators).dataSync()[i]!,
        );
        expectClose(average, twin, 1e-6, path);
      }
      disposeTensors({ state, losses, batch } as never);
      state = next;
      counts.push(tf.memory().numTensors);
    }
    expect(new Set(counts).size).toBe(1);
    disposeTensors(state);
  });

  it('computes no identity passes without identity weight', async () => {
    await useBackend('wasm');
    let calls = 0;
    const counted = smallGenerator('batchnorm');
    const generators = {
      toTarget: { forward: (...a: Parameters<typeof counted.forward>) => (calls++, counted.forward(...a)) },
      toSource: counted,
    };
    const passes = (identityWeight: number): number => {
      calls = 0;
      const { step, ...rest } = stepOf(published, { identityWeight, generators });
      tf.tidy(() => {
        const { losses } = step(start(published, { step, ...rest }), batchOf(published, 0));
        if (identityWeight === 0) expectClose(losses.identityTarget, 0, 0);
      });
      return calls;
    };
    expect(passes(1)).toBe(3);
    expect(passes(0)).toBe(2);
  });

  it('computes no weight gradients of the discriminators for the generators, and few operations', async () => {
    await useBackend('wasm');
    const { step } = stepOf(published);
    const state = start(published);
    const batch = batchOf(published, 0);
    const profile = await tf.profile(() => {
      const { state: next, losses } = step(state, batch);
      disposeTensors({ next, losses } as never);
    });
    const count = (name: string): number => profile.kernels.filter((kernel) => kernel.name === name).length;
    // what Adam, the two losses, the pools and the passes of the four networks take together
    expect(profile.kernels.length).toBeLessThan(2300);
    // generators: 6 passes × 2 convolutions; discriminators' own phase: 4 passes × 3 convolutions
    expect(count('Conv2DBackpropFilter')).toBe(6 * 2 + 4 * 3);
    disposeTensors({ state, batch } as never);
  });

  it('uses the draws of the step: other steps, other numbers; the same step, the same', async () => {
    await useBackend('cpu');
    tf.tidy(() => {
      const draws = (step: number) =>
        cycleganDraws({ key: randomKey(5), step, shape: [3, 2, 2, 1], capacity: 8, penalty: 'dragan' });
      const values = (step: number) =>
        flattenTensors(draws(step) as never).map(([path, x]) => [path, ...x.dataSync()]);
      expect(values(7)).toEqual(values(7));
      const [one, other] = [values(7), values(8)];
      one.forEach((list, i) => expect(list).not.toEqual(other[i]));
      expect(draws(7).penalty!.source.beta!.shape).toEqual([3, 2, 2, 1]);
      expect(values(7)[0]).not.toEqual(['pools/target/write', ...values(7)[2]!.slice(1)]);
    });
  });

  it('names what is wrong', async () => {
    await useBackend('cpu');
    tf.tidy(() => {
      const state = start(wasserstein);
      const batch = batchOf({ ...wasserstein, steps: published.steps }, 0);
      const { step } = stepOf(wasserstein);
      expect(() => step(state, batch)).toThrow('batch.penalty.source: expected draws, received none');
      const target = tf.tensor4d(normal(foldKey(randomKey(1), 'x'), 2 * 4 * 4), [2, 4, 4, 1]);
      expect(() => step(state, { ...batch, target })).toThrow('received [2, 4, 4, 1]');
      expect(() => stepOf(published, { identityWeight: -1 })).toThrow(
        'identityWeight: expected a number ≥ 0',
      );
      const averaging = stepOf(published, { movingAverageDecay: 0.5 });
      expect(() => averaging.step(start(published), batchOf(published, 0))).toThrow('state.averages');
    });
  });
});
