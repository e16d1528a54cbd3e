import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { imageBatch } from '../../src/augmentation/images.ts';
import { groupDro } from '../../src/group-dro.ts';
import { groupTable } from '../../src/groups.ts';
import { multilayerPerceptron, smallCnn } from '../../src/models/small-classifiers.ts';
import { erm, type GroupObjective, type ObjectiveState } from '../../src/objectives.ts';
import { constantSchedule } from '../../src/optimizers/schedules.ts';
import { sgd } from '../../src/optimizers/sgd.ts';
import { foldKey, normal, randomKey } from '../../src/random/random.ts';
import { disposeTensors, type TensorTree, flattenTensors } from '../../src/tensor-tree.ts';
import type { Examples } from '../../src/training/examples.ts';
import { train } from '../../src/training/loop.ts';
import { robustStep } from '../../src/training/robust-step.ts';
import { evaluateClassifier, stageTwoBatches } from '../../src/training/stage-two.ts';
import { useBackend } from '../support/backend.ts';
import { zeroToOne } from '../../src/augmentation/scaling.ts';
import { groupBatches } from '../../src/group-batches.ts';
import { randomImages } from './minimal-runs.ts';

beforeAll(() => useBackend('cpu'));

const NAMES = ['(Y=0)(Z=0)', '(Y=0)(Z=1)', '(Y=1)(Z=0)', '(Y=1)(Z=1)'];

/**
 * Four-pixel images. Pixel 0 tells the class, weakly and with noise; pixels 1 and 2 tell the attribute, strongly. In
 * training the attribute agrees with the class in 95 of 100 images.
 */
function planted(purpose: string, counts: readonly number[]): Examples {
  const groups = Int32Array.from(counts.flatMap((count, g) => Array<number>(count).fill(g)));
  const noise = normal(foldKey(randomKey(11), purpose), groups.length * 4);
  const pixels = Uint8Array.from({ length: groups.length * 4 }, (_, k) => {
    const [i, pixel] = [Math.floor(k / 4), k % 4];
    const group = groups[i]!;
    const sign = pixel === 0 ? 2 * (group >> 1) - 1 : 2 * (group % 2) - 1;
    const signal = [20, 90, 90, 0][pixel]! * sign;
    return Math.max(0, Math.min(255, Math.round(127 + signal + 9 * noise[k]!)));
  });
  return {
    images: imageBatch(pixels, [groups.length, 2, 2, 1]),
    labels: groups.map((group) => group >> 1),
    groups,
  };
}

describe('a planted spurious attribute', () => {
  const counts = [190, 10, 10, 190] as const;
  const table = groupTable(NAMES, counts);

  async function worstGroup(objective: GroupObjective<ObjectiveState>, balanced: boolean): Promise<number> {
    const network = multilayerPerceptron({ inputShape: [2, 2, 1], classes: 2, hidden: [], seed: 1 });
    const robust = robustStep<TensorTree, ObjectiveState>({ network, table, objective, optimizer: sgd() });
    const weights = network.weights();
    const initial = robust.init(weights);
    disposeTensors(weights);
    const { state } = await train({
      state: initial,
      stepsDone: 0,
      steps: 150,
      step: robust.step,
      batchAt: stageTwoBatches({
        network,
        examples: planted('train', counts),
        translations: [],
        batchSize: 40,
        balanced,
        learningRate: constantSchedule(0.5),
        seed: 1,
      }),
    });
    const { trainable, statistics } = state;
    const report = await evaluateClassifier(
      { network, weights: { trainable, statistics } },
      planted('test', [100, 100, 100, 100]),
      table,
    );
    disposeTensors(state);
    network.model.dispose();
    console.log(
      `${balanced ? 'group DRO' : 'ERM'}: ${report.groups.map(({ accuracy }) => accuracy!.toFixed(2)).join(', ')}`,
    );
    return report.worstGroup!.accuracy;
  }

  it('leaves ERM with a far worse worst group than group DRO', async () => {
    const before = tf.memory().numTensors;
    const plain = await worstGroup(erm(table) as GroupObjective<ObjectiveState>, false);
    const robust = await worstGroup(
      groupDro(table, { stepSize: 0.05 }) as GroupObjective<ObjectiveState>,
      true,
    );
    expect(plain).toBeLessThan(0.4);
    expect(robust).toBeGreaterThan(0.85);
    expect(tf.memory().numTensors).toBe(before);
  });
});

beforeAll(() => useBackend('wasm'));

const valuesOf = (tree: TensorTree): Record<string, number[]> =>
  Object.fromEntries(flattenTensors(tree).map(([path, tensor]) => [path, Array.from(tensor.dataSync())]));

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
