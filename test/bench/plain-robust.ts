/**
 * The classifier's steps in plain tfjs: a layers model applied in training mode, `tf.variableGrads`, `tf.train` and
 * `tf.losses`, as its documentation has them.
 */
import * as tf from '@tensorflow/tfjs';
import type { RobustDescription } from './descriptions.ts';
import type { Contender } from './own-step.ts';
import { dropoutLayers, named, trainableModel, trainableVariables, withRates } from './plain-layers.ts';
import type { Row } from './rows.ts';

/** On WebGPU one by one: a kernel cannot bind the terms of a large network. */
const sum = (terms: tf.Tensor[]): tf.Tensor =>
  tf.getBackend() === 'webgpu' ? terms.reduce((a, b) => tf.add(a, b)) : tf.addN(terms);

/** tfjs has no such function of its own. */
const stopGradient = (x: tf.Tensor): tf.Tensor =>
  tf.customGrad((given) => ({
    value: (given as tf.Tensor).clone(),
    gradFunc: () => [tf.zerosLike(given as tf.Tensor)],
  }))(x);

/** Means of each group, `[groups]`. */
function groupMeans(losses: tf.Tensor, groups: tf.Tensor1D, count: number): tf.Tensor1D {
  const members = tf.oneHot(groups, count).toFloat() as tf.Tensor2D;
  return tf
    .matMul(members, losses.reshape([-1, 1]), true)
    .reshape([count])
    .div(members.sum(0));
}

/** ½ KL(p₀‖m) + ¼ (KL(p₁‖m) + KL(p₂‖m)), m the mean of p₁ and p₂; `[batch]`. */
function consistency([original, first, second]: readonly tf.Tensor[]): tf.Tensor {
  const logs = [original!, first!, second!].map((logits) => tf.logSoftmax(logits));
  const mean = tf.log(tf.exp(logs[1]!).add(tf.exp(logs[2]!)).div(2));
  const [ofOriginal, ofFirst, ofSecond] = logs.map((log) => tf.exp(log).mul(log.sub(mean)).sum(1));
  return ofOriginal!.div(2).add(ofFirst!.add(ofSecond!).div(4));
}

/** The weights of the groups' losses. */
function adversaryWeights(logits: tf.Tensor, { objective, groups }: RobustDescription): tf.Tensor {
  if (objective === 'gdro') return tf.softmax(logits);
  return tf
    .softmax(logits.reshape([groups / 2, 2]))
    .reshape([groups])
    .div(groups / 2);
}

/** A contender that trains the row's own model in place. */
export async function plainRobust(row: Row, description: RobustDescription): Promise<Contender> {
  const model = await trainableModel(row.networks['classifier']!.model);
  const variables = trainableVariables(model);
  const { images, labels, groups } = row.own.batch as unknown as {
    images: tf.Tensor4D;
    labels: tf.Tensor1D;
    groups: tf.Tensor1D;
  };
  const classes = model.outputs[0]!.shape[1]!;
  const { learningRate, weightDecay, maximumGradientNorm, adversaryStepSize, consistencyWeight } =
    description;
  const adjustments = tf.tensor1d([...description.adjustments]);
  const adversary = tf.tidy(() => tf.variable(tf.zeros([description.groups]), false));
  let optimizer = tf.train.momentum(learningRate, 0.9, true);

  const loss = (): tf.Scalar => {
    const logits = model.apply(images, { training: true }) as tf.Tensor2D;
    const [original, ...translations] =
      consistencyWeight > 0 ? tf.split(logits, images.shape[0] / labels.shape[0]) : [logits];
    const targets = tf.oneHot(labels, classes);
    const terms: tf.Tensor[] = [];
    if (description.objective === 'erm') terms.push(tf.losses.softmaxCrossEntropy(targets, original!));
    else {
      const each = tf.losses.softmaxCrossEntropy(targets, original!, undefined, 0, tf.Reduction.NONE);
      const means = groupMeans(each, groups, description.groups);
      const raised = stopGradient(means).add(adjustments).mul(adversaryStepSize).add(adversary);
      adversary.assign(raised);
      terms.push(stopGradient(adversaryWeights(raised, description)).mul(means).sum());
    }
    if (consistencyWeight > 0) {
      const each = consistency([original!, ...translations]);
      terms.push(groupMeans(each, groups, description.groups).sum().mul(consistencyWeight));
    }
    if (weightDecay > 0)
      terms.push(
        ...variables.map((weight) =>
          weight
            .square()
            .sum()
            .mul(weightDecay / 2),
        ),
      );
    return sum(terms).asScalar();
  };

  const step = (): tf.Scalar =>
    tf.tidy(() => {
      const { value, grads } = tf.variableGrads(loss, variables);
      if (maximumGradientNorm !== null) {
        const norm = sum(Object.values(grads).map((gradient) => gradient.square().sum())).sqrt();
        const factor = tf.minimum(1, tf.div(maximumGradientNorm, norm));
        Object.entries(grads).forEach(([name, gradient]) => (grads[name] = gradient.mul(factor)));
      }
      optimizer.applyGradients(named(grads));
      return value;
    });

  const read = async (): Promise<number> => {
    const value = step();
    const [number] = await value.data();
    value.dispose();
    return number!;
  };

  return {
    async firstLosses(count) {
      const initial = model.getWeights().map((weight) => weight.clone());
      const values = await withRates(dropoutLayers(model), 0, async () => {
        const losses: number[] = [];
        for (let i = 0; i < count; i++) losses.push(await read());
        return losses;
      });
      model.setWeights(initial);
      initial.forEach((weight) => weight.dispose());
      tf.tidy(() => adversary.assign(tf.zeros([description.groups])));
      optimizer.dispose();
      optimizer = tf.train.momentum(learningRate, 0.9, true);
      return values;
    },
    step: async () => void (await read()),
    dispose() {
      optimizer.dispose();
      tf.dispose([adjustments, adversary]);
      if (model !== row.networks['classifier']!.model) model.dispose();
    },
  };
}

/** A contender that runs the row's own model in inference mode. */
export function plainForward(row: Row): Contender {
  const { model } = row.networks['classifier']!;
  const { images, labels } = row.own.batch as unknown as { images: tf.Tensor4D; labels: tf.Tensor1D };
  const classes = model.outputs[0]!.shape[1]!;
  const read = async (): Promise<number> => {
    const value = tf.tidy(() =>
      tf.losses.softmaxCrossEntropy(tf.oneHot(labels, classes), model.predict(images) as tf.Tensor2D),
    );
    const [number] = await value.data();
    value.dispose();
    return number!;
  };
  return {
    firstLosses: async (count) => {
      const value = await read();
      return Array.from({ length: count }, () => value);
    },
    step: async () => void (await read()),
    dispose: () => undefined,
  };
}
