/**
 * Group DRO and subgroup consistency in a loop of one's own, on whatever tfjs model and data:
 *
 *     npx tsx --conditions=source examples/own-loop.ts
 *
 * Points in a plane stand for images. The class is the sign of the first coordinate; the second one, of a larger scale,
 * agrees with it in 95 of 100 training points, so that a classifier likes to read that. A translation moves a point to
 * the other value of the second coordinate and leaves its class.
 */
import * as tf from '@tensorflow/tfjs';
import {
  camelConsistency,
  crossEntropy,
  groupBatches,
  groupDro,
  groupLosses,
  groupReport,
  groupTable,
  valueAndGradients,
} from 'model-patching';
import { randomKey, foldKey, normal, uniform } from 'model-patching/random';

const [STEPS, BATCH, SIZE] = [200, 32, 2000];

/** Points `[x, z]` of class y = [x > 0], with z of the sign of x in a share of them; group 2y + [z > 0]. */
function points(seed: number, share: number) {
  const key = randomKey(seed);
  const noise = normal(foldKey(key, 'noise'), 2 * SIZE);
  const agrees = uniform(foldKey(key, 'agrees'), SIZE);
  const rows = Array.from({ length: SIZE }, (_, i) => {
    const y = i % 2;
    const z = agrees[i]! < share ? y : 1 - y;
    return {
      x: [(2 * y - 1) * 1.5 + noise[2 * i]!, (2 * z - 1) * 4 + noise[2 * i + 1]!] as const,
      y,
      group: 2 * y + z,
    };
  });
  return rows;
}

const train = points(1, 0.95);
const test = points(2, 0.5);
const counts = [0, 1, 2, 3].map((group) => train.filter((point) => point.group === group).length);
const table = groupTable(['(Y=0)(Z=0)', '(Y=0)(Z=1)', '(Y=1)(Z=0)', '(Y=1)(Z=1)'], counts);
const objective = groupDro(table, { stepSize: 0.05, classConditional: true });
const batchAt = groupBatches(
  train.map(({ group }) => group),
  { batchSize: BATCH, seed: 1 },
);

// The model is tfjs's own: a layer, trained by an optimizer of tfjs.
const layer = tf.layers.dense({ units: 2, inputShape: [2], kernelInitializer: 'zeros' });
const model = tf.sequential({ layers: [layer] });
const logits = (x: tf.Tensor2D): tf.Tensor2D => model.apply(x) as tf.Tensor2D;
const variables = model.trainableWeights.map((weight) => weight.read() as tf.Variable);
const optimizer = tf.train.sgd(0.05);

let adversary = objective.init();
for (let step = 0; step < STEPS; step++) {
  const batch = Array.from(batchAt(step), (i) => train[i]!);
  const before = adversary;
  adversary = tf.tidy(() => {
    const x = tf.tensor2d(batch.map((point) => [...point.x]));
    const labels = tf.tensor1d(
      batch.map(({ y }) => y),
      'int32',
    );
    const groups = tf.tensor1d(
      batch.map(({ group }) => group),
      'int32',
    );
    // Both translations of every point: the second coordinate as in subgroup 0, and as in subgroup 1.
    const translations = [-4, 4].map((z) => tf.tensor2d(batch.map((point) => [point.x[0], z])));
    const { gradients, aux } = valueAndGradients(() => {
      const predictions = logits(x);
      const losses = groupLosses(crossEntropy(predictions, labels), groups, table.names.length);
      const consistency = camelConsistency(predictions, translations.map(logits)).mean();
      return {
        loss: objective.loss(before, losses).add(consistency.mul(2)).asScalar(),
        aux: { ...losses },
      };
    }, variables);
    optimizer.applyGradients(gradients);
    return objective.update(before, aux); // the adversary moves outside the gradient, on values
  });
  tf.dispose(before);
}

const predictions = tf.tidy(() => logits(tf.tensor2d(test.map((point) => [...point.x]))).softmax());
const report = groupReport({
  predictions: await predictions.data<'float32'>(),
  labels: test.map(({ y }) => y),
  groups: test.map(({ group }) => group),
  table,
});
for (const { name, count, accuracy } of report.groups)
  console.log(`${name}  ${count} points  ${(100 * accuracy!).toFixed(1)} %`);
console.log(`worst group ${report.worstGroup?.name}: ${(100 * report.worstGroup!.accuracy).toFixed(1)} %`);
tf.dispose([predictions, adversary]);
model.dispose();
optimizer.dispose();
