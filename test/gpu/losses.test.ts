/** Values and gradients of the losses, and the optimizers' updates, on a GPU are those on wasm. */
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import {
  camelConsistency,
  jensenShannonConsistency,
  klConsistency,
  reverseKlConsistency,
} from '../../src/consistency.ts';
import { binaryCrossEntropy, crossEntropy, probabilityCrossEntropy } from '../../src/cross-entropy.ts';
import { chiSquare, cvar } from '../../src/distributional-risk.ts';
import { adversarialLosses } from '../../src/gan/adversarial-losses.ts';
import { cycleLoss, identityLoss } from '../../src/gan/cycle-losses.ts';
import { gradientPenalty, penaltyDraws } from '../../src/gan/gradient-penalty.ts';
import { groupDro } from '../../src/group-dro.ts';
import { groupLosses, groupTable } from '../../src/groups.ts';
import { invarianceRiskPenalty } from '../../src/invariance.ts';
import { leakyRelu } from '../../src/layers/leaky-relu.ts';
import {
  erm,
  groupBalanced,
  vrex,
  worstGroup,
  type GroupObjective,
  type ObjectiveState,
} from '../../src/objectives.ts';
import { adam } from '../../src/optimizers/adam.ts';
import { clipByGlobalNorm } from '../../src/optimizers/clipping.ts';
import type { Optimizer } from '../../src/optimizers/optimizer.ts';
import { sgd } from '../../src/optimizers/sgd.ts';
import { weightDecayPenalty } from '../../src/optimizers/weight-decay.ts';
import { randomKey } from '../../src/random/random.ts';
import type { TensorTree } from '../../src/tensor-tree.ts';
import { computeOnTheGpu, expectSameOnBoth, onGpu, unavailable } from './both-backends.ts';
import { draw, firstOrder, tidied } from './differentiated.ts';

type Cases = Readonly<Record<string, () => TensorTree>>;

const logits = (name: string): tf.Tensor2D => draw(name, [6, 4]);
const probabilities = (name: string): tf.Tensor2D => tf.softmax(logits(name));
const labels = (): tf.Tensor1D => tf.tensor1d([0, 3, 1, 1, 2, 0], 'int32');

const perExample: Cases = {
  'cross-entropy': () => firstOrder((z) => crossEntropy(z as tf.Tensor2D, labels()), [logits('z')]),
  'cross-entropy of probabilities': () =>
    firstOrder((p) => probabilityCrossEntropy(p as tf.Tensor2D, labels()), [probabilities('z')]),
  'binary cross-entropy': () => {
    const targets = tf.cast(logits('targets').greater(0), 'float32') as tf.Tensor2D;
    return firstOrder((p) => binaryCrossEntropy(p as tf.Tensor2D, targets), [probabilities('z')]);
  },
  'conditional value at risk': () =>
    firstOrder((losses) => cvar(losses as tf.Tensor1D, { alpha: 0.4 }), [draw('losses', [9], 2)]),
  'χ²-robust risk': () =>
    firstOrder((losses) => chiSquare(losses as tf.Tensor1D, { radius: 0.3 }), [draw('losses', [9], 2)]),
  'invariance penalty': () =>
    firstOrder((z) => invarianceRiskPenalty(z as tf.Tensor2D, labels()), [logits('z')]),
  'invariance penalty as published': () =>
    firstOrder(
      (z) => invarianceRiskPenalty(z as tf.Tensor2D, labels(), { form: 'reference' }),
      [logits('z')],
    ),
  'weight decay': () =>
    firstOrder((a, b) => weightDecayPenalty({ a: a!, b: b! }, 0.1), [draw('a', [3, 4]), draw('b', [5])]),
};

const divergences = { camelConsistency, jensenShannonConsistency, klConsistency, reverseKlConsistency };
const consistency: Cases = Object.fromEntries(
  Object.entries(divergences).flatMap(([name, divergence]) =>
    (
      [
        ['logits', logits],
        ['probabilities', probabilities],
      ] as const
    ).map(([from, make]) => [
      `${name} of ${from}`,
      () =>
        firstOrder(
          (p, ...translations) => divergence(p as tf.Tensor2D, translations as tf.Tensor2D[], { from }),
          ['p', 'q', 'r'].map(make),
        ),
    ]),
  ),
);

const table = groupTable(['(Y=0)(Z=0)', '(Y=0)(Z=1)', '(Y=1)(Z=0)', '(Y=1)(Z=1)'], [12, 2, 3, 8]);
const objectives: Readonly<Record<string, GroupObjective<ObjectiveState>>> = {
  erm: erm(table),
  groupBalanced: groupBalanced(table),
  worstGroup: worstGroup(table),
  vrex: vrex(table),
  groupDro: groupDro(table, { adjustment: 1, classConditional: true }),
  'groupDro, differentiated through': groupDro(table, { adjustment: 1, gradient: 'through' }),
} as Readonly<Record<string, GroupObjective<ObjectiveState>>>;
const overGroups: Cases = Object.fromEntries(
  Object.entries(objectives).map(([name, objective]) => [
    name,
    () =>
      tidied(() => {
        const groups = tf.tensor1d([0, 0, 1, 3, 3, 3, 0], 'int32');
        const state = objective.init();
        const grouped = (losses: tf.Tensor) => groupLosses(losses as tf.Tensor1D, groups, 4);
        const losses = draw<tf.Tensor1D>('losses', [7], 2);
        return {
          loss: firstOrder((each) => objective.loss(state, grouped(each!)), [losses]),
          state: objective.update(state, grouped(losses)),
        };
      }),
  ]),
);

const wrongLabels = (): tf.Tensor1D => tf.tensor1d([0, 4, 1, 1, 2, -1], 'int32');
/** Labels and groups that do not exist: a GPU may compute with NaN as it likes, so that they are tried there as well. */
const unknown: Cases = {
  'a label that is no class': () => crossEntropy(logits('z'), wrongLabels()),
  'a label that is no class, from probabilities': () =>
    probabilityCrossEntropy(probabilities('z'), wrongLabels()),
  'a target above 1': () => binaryCrossEntropy(probabilities('z'), tf.fill([6, 4], 2)),
  ...Object.fromEntries(
    Object.entries(objectives).flatMap(([name, objective]) =>
      [
        ['label', wrongLabels, [0, 1, 2, 3, 0, 1]] as const,
        ['group', labels, [0, 1, 2, 3, 4, 0]] as const,
      ].map(([what, given, groups]) => [
        `${name} with a ${what} that does not exist`,
        () =>
          tidied(() => {
            const losses = crossEntropy(logits('z'), given());
            return objective.loss(
              objective.init(),
              groupLosses(losses, tf.tensor1d([...groups], 'int32'), 4),
            );
          }),
      ]),
    ),
  ),
};

const IMAGE = [2, 5, 4, 2] as const;
const discriminator = (x: tf.Tensor4D, filter: tf.Tensor4D): tf.Tensor =>
  leakyRelu(tf.conv2d(x, filter, 2, 'same'))
    .square()
    .sum(3);
const adversarial: Cases = {
  ...Object.fromEntries(
    (['bce', 'lsgan', 'wgan', 'hinge'] as const).map((kind) => [
      `${kind}, both sides`,
      () =>
        firstOrder(
          (real, fake) => {
            const sides = adversarialLosses(kind);
            return tf.stack([sides.generator(fake!), sides.discriminator(real!, fake!)]);
          },
          [draw('real', [2, 3, 3, 1]), draw('fake', [2, 3, 3, 1])],
        ),
    ]),
  ),
  'cycle and identity loss': () =>
    firstOrder(
      (x, y) => tf.stack([cycleLoss(x!, y!), identityLoss(y!, x!)]),
      [draw('real', IMAGE), draw('other', IMAGE)],
    ),
  ...Object.fromEntries(
    (['wgan-gp', 'dragan'] as const).map((kind) => [
      `${kind} penalty`,
      () => {
        const draws = penaltyDraws(randomKey(2), IMAGE, kind);
        const [real, fake] = [draw<tf.Tensor4D>('real', IMAGE), draw<tf.Tensor4D>('fake', IMAGE)];
        return firstOrder(
          (filter) =>
            gradientPenalty((x) => discriminator(x, filter as tf.Tensor4D), real, fake, { kind, draws }),
          [draw('filter', [3, 3, 2, 4])],
        );
      },
    ]),
  ),
};

const updated = (optimizer: Optimizer<TensorTree>): TensorTree =>
  tidied(() => {
    const initial = { a: draw('a', [3, 4]), b: draw('b', [5]) };
    const gradients = { a: draw('da', [3, 4]), b: draw('db', [5]) };
    const once = optimizer.update(gradients, optimizer.init(initial), initial, tf.scalar(0.1));
    const { weights, state } = optimizer.update(gradients, once.state, once.weights, tf.scalar(0.1));
    return { weights, state };
  });
const updates: Cases = {
  adam: () => updated(adam() as Optimizer<TensorTree>),
  'sgd with momentum': () => updated(sgd({ momentum: 0.9 }) as Optimizer<TensorTree>),
  clipping: () =>
    tidied(() => {
      const { gradients, norm } = clipByGlobalNorm({ a: draw('da', [3, 4]), b: draw('db', [5]) }, 0.5);
      return { ...gradients, norm };
    }),
};

describe.skipIf(unavailable !== undefined)('on a GPU as on wasm', () => {
  computeOnTheGpu();

  it.each(Object.entries({ ...perExample, ...consistency }))('%s', (_, compute) => expectSameOnBoth(compute));
  it.each(Object.entries(overGroups))('objective %s', (_, compute) => expectSameOnBoth(compute));
  it.each(Object.entries(unknown))('%s is NaN', async (_, compute) => {
    await tf.setBackend(onGpu);
    const value = tidied(compute) as tf.Tensor;
    expect(Array.from(await value.data()).some(Number.isNaN)).toBe(true);
    value.dispose();
  });
  it.each(Object.entries(adversarial))('adversarial: %s', (_, compute) => expectSameOnBoth(compute));
  it.each(Object.entries(updates))('update: %s', (_, compute) => expectSameOnBoth(compute));
});
