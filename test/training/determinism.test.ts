import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { imageBatch, type Images } from '../../src/augmentation/images.ts';
import { minusOneToOne, zeroToOne } from '../../src/augmentation/scaling.ts';
import { groupBatches } from '../../src/group-batches.ts';
import { smallCnn } from '../../src/models/small-classifiers.ts';
import { constantSchedule } from '../../src/optimizers/schedules.ts';
import { cloneTensors, disposeTensors, flattenTensors, type TensorTree } from '../../src/tensor-tree.ts';
import { train } from '../../src/training/loop.ts';
import { stageOneBatches, translatingWeights } from '../../src/training/stage-one.ts';
import { stageTwoBatches } from '../../src/training/stage-two.ts';
import { useBackend } from '../support/backend.ts';
import { minimalStageOne, minimalStageTwo, randomImages, type MinimalRun } from './minimal-runs.ts';

beforeAll(() => useBackend('wasm'));

const valuesOf = (tree: TensorTree): Record<string, number[]> =>
  Object.fromEntries(flattenTensors(tree).map(([path, tensor]) => [path, Array.from(tensor.dataSync())]));

const STEPS = 4;

/** State after all steps, with stops (through copies of the state) at the given steps. */
async function end<State extends TensorTree, Batch extends TensorTree>(
  { initial, step, batchAt }: MinimalRun<State, Batch>,
  stops: readonly number[] = [],
): Promise<Record<string, number[]>> {
  let state: State = initial;
  let stepsDone = 0;
  for (const until of [...stops, STEPS]) {
    let at = stepsDone;
    const run = await train({
      state,
      stepsDone,
      steps: STEPS,
      step,
      batchAt: (index) => (at++, batchAt(index)),
      stopRequested: () => at === until,
    });
    expect([run.stepsDone, run.interrupted]).toEqual([until, until < STEPS]);
    state = cloneTensors(run.state);
    disposeTensors(run.state);
    stepsDone = until;
  }
  const values = valuesOf(state);
  disposeTensors(state);
  return values;
}

const stageTwoOf = (seed: number) => minimalStageTwo('camel', seed);
const stageOneOf = (seed: number) => minimalStageOne(seed);

/** What a run begins with, and what it ends with for a seed and stops. */
function numbersOf<State extends TensorTree, Batch extends TensorTree>(
  run: (seed: number) => MinimalRun<State, Batch>,
) {
  return {
    start: () => {
      const { initial } = run(1);
      const values = valuesOf(initial);
      disposeTensors(initial);
      return values;
    },
    end: (seed: number, stops?: readonly number[]) => end(run(seed), stops),
  };
}

describe.each([
  ['CAMEL', numbersOf(stageTwoOf)],
  ['CycleGAN', numbersOf(stageOneOf)],
])('%s on wasm', (_, run) => {
  it('gives one seed one result, another seed another, and a stop changes nothing, bit for bit', async () => {
    const first = await run.end(1);
    const before = run.start();
    // it trains, and stays finite
    const weights = Object.keys(first).filter((path) => /kernel/.test(path));
    expect(weights.length).toBeGreaterThan(2);
    for (const path of weights) expect(first[path], path).not.toEqual(before[path]);
    for (const [path, values] of Object.entries(first))
      expect(values.every(Number.isFinite), path).toBe(true);

    expect(await run.end(1)).toEqual(first);
    expect(await run.end(1, [1])).toEqual(first);
    expect(await run.end(1, [2, 3])).toEqual(first);
    const other = await run.end(2);
    for (const path of weights) expect(other[path], path).not.toEqual(first[path]);
  });
});

describe('the batch of a stage-2 step', () => {
  const groups = Int32Array.from({ length: 12 }, (_, i) => (i < 8 ? 0 : 1));
  const images = (purpose: string) => randomImages(purpose, [12, 12, 12, 1]);
  const partsOf = () => ({
    network: smallCnn({ inputShape: [12, 12, 1], classes: 2, width: 0.1 }),
    examples: { images: images('a'), labels: groups.map((_, i) => i % 2), groups },
    translations: [images('b'), images('c')],
    batchSize: 4,
    balanced: true,
    learningRate: (step: number) => 0.5 / (1 + step),
    seed: 3,
  });

  it('holds the originals, then the first translations, then the second, of the step that it is asked for', () => {
    const parts = partsOf();
    const fourth = stageTwoBatches(parts)(4);
    const indices = [...groupBatches(groups, { batchSize: 4, seed: 3 })(4)];
    const expected = [parts.examples.images, ...parts.translations].flatMap((set) =>
      indices.flatMap((i) => [...zeroToOne(set).pixels.subarray(144 * i, 144 * (i + 1))]),
    );
    expect(fourth.images.shape).toEqual([12, 12, 12, 1]);
    expect(Array.from(fourth.images.dataSync())).toEqual(expected);
    expect(Array.from(fourth.labels.dataSync())).toEqual(indices.map((i) => i % 2));
    expect(Array.from(fourth.groups.dataSync())).toEqual([0, 0, 1, 1]);
    expect(fourth.learningRate.dataSync()[0]).toBeCloseTo(0.1, 7);
    disposeTensors(fourth);
  });

  it('has dropout masks that differ from step to step and from layer to layer, and are the same again', () => {
    const batchAt = stageTwoBatches(partsOf());
    const batches = [0, 1, 2, 1].map(batchAt);
    const masks = batches.map((batch) => valuesOf(batch.masks!));
    expect(Object.keys(masks[0]!).length).toBe(3);
    for (const [layer, mask] of Object.entries(masks[1]!)) {
      expect(new Set(mask).size, layer).toBe(2);
      expect(masks[0]![layer]).not.toEqual(mask);
      expect(masks[2]![layer]).not.toEqual(mask);
    }
    expect(masks[3]).toEqual(masks[1]);
    batches.forEach(disposeTensors);
  });

  it('refuses translations and labels that do not belong to the images', () => {
    const parts = partsOf();
    const short = randomImages('d', [11, 12, 12, 1]);
    expect(() => stageTwoBatches({ ...parts, translations: [images('b'), short] })).toThrow(
      'translations[1]: expected one of each example, [12,12,12,1], received [11,12,12,1]',
    );
    const examples = { ...parts.examples, labels: new Int32Array(3) };
    expect(() => stageTwoBatches({ ...parts, examples })).toThrow('received 3 and 12');
  });
});

describe('the batch of a stage-1 step', () => {
  /** The batch of each index, read. */
  function given(
    indices: readonly number[],
    options: Partial<Parameters<typeof stageOneBatches>[0]> = {},
  ): Record<string, number[]>[] {
    const numbered = (count: number, from: number): Images<Uint8Array> =>
      imageBatch(
        Uint8Array.from({ length: count }, (_, i) => from + i),
        [count, 1, 1, 1],
      );
    const batchAt = stageOneBatches({
      source: numbered(5, 10),
      target: numbered(3, 200),
      augment: minusOneToOne,
      batchSize: 1,
      generatorLearningRate: (at) => at / 4,
      discriminatorLearningRate: constantSchedule(0.5),
      poolSize: 2,
      seed: 1,
      ...options,
    });
    return indices.map((index) => {
      const batch = batchAt(index);
      const values = valuesOf(batch);
      disposeTensors(batch);
      return values;
    });
  }

  it('runs through each domain in its own order and finds its place again', () => {
    const batches = given([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    const bytes = (domain: string) => batches.map((batch) => Math.round((batch[domain]![0]! + 1) * 127.5));
    const [source, target] = [bytes('source'), bytes('target')];
    for (const pass of [source.slice(0, 5), source.slice(5)])
      expect([...pass].sort()).toEqual([10, 11, 12, 13, 14]);
    for (const pass of [target.slice(0, 3), target.slice(3, 6), target.slice(6, 9)])
      expect([...pass].sort()).toEqual([200, 201, 202]);
    expect(batches.map((batch) => batch['generatorLearningRate']![0])).toEqual(
      batches.map((_, index) => index / 4),
    );
    expect(given([7, 2])).toEqual([batches[7], batches[2]]);
    expect(given([0, 1, 2, 3, 4], { seed: 2 })).not.toEqual(batches.slice(0, 5));
  });

  it('draws pools, penalty, dropout and augmentation anew in every step', () => {
    const keys: string[] = [];
    const masked = { masks: (key: readonly [number, number]) => ({ key: tf.tensor1d([...key], 'int32') }) };
    const batches = given([3, 4], {
      penalty: 'dragan',
      generators: { toTarget: masked, toSource: masked },
      augment: (images, key) => (keys.push(key.join()), minusOneToOne(images)),
    });
    expect(new Set(keys).size).toBe(4);
    const [one, other] = batches as [Record<string, number[]>, Record<string, number[]>];
    for (const path of ['penalty/source/alpha', 'penalty/target/alpha', 'penalty/source/beta'])
      expect(one[path], path).not.toEqual(other[path]);
    expect(one['penalty/source/alpha']).not.toEqual(one['penalty/target/alpha']);
    // three passes of two generators in two steps
    const masks = [one, other].flatMap((batch) =>
      Object.entries(batch).flatMap(([path, mask]) => (path.startsWith('masks/') ? [mask.join()] : [])),
    );
    expect(masks.length).toBe(12);
    expect(new Set(masks).size).toBe(12);
  });

  it('refuses an augmentation that leaves bytes', () => {
    expect(() => given([0], { augment: (images) => images })).toThrow('augment: expected numbers in [−1, 1]');
  });
});

describe('translatingWeights', () => {
  it('are the averages where there are any', () => {
    const { initial } = minimalStageOne();
    const { averages, ...rest } = initial;
    expect(translatingWeights(initial)).toBe(averages);
    expect(translatingWeights(rest)).toBe(initial.generators);
    disposeTensors(initial);
  });
});
