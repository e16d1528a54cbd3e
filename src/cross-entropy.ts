/**
 * Cross-entropy of predictions with labels, example by example: −log of the probability given to the label. Once from
 * logits, through the log-softmax, and once from probabilities with the arithmetic of the published runs, whose clip
 * bounds the loss of a confident mistake at 16.118 and takes its gradient away.
 *
 * Refusing a label that is no class would mean reading it back. Its loss is NaN instead, and so is every mean that the
 * loss enters: a training that looks at its losses stops there.
 */
import * as tf from '@tensorflow/tfjs';

/** The published clip of probabilities to [ε, 1 − ε]. */
const CLIP = 1e-7;

/** Whether each label is each class, `[batch, classes]`: a row without a hit has a label that is no class. */
function labelHits(labels: tf.Tensor1D, [batch, classes]: [number, number]): tf.Tensor {
  if (labels.shape.length !== 1 || labels.shape[0] !== batch) {
    throw new RangeError(`labels: expected shape [${batch}], received [${labels.shape}]`);
  }
  // Labels are compared as they are: a conversion to integers would make a class of 1.5.
  return tf.equal(labels.expandDims(1), tf.range(0, classes, 1, 'int32'));
}

/** 1 at each label's class and 0 elsewhere; a row is NaN where its label is no class. */
function oneHotLabels(labels: tf.Tensor1D, shape: [number, number]): tf.Tensor2D {
  const hits = labelHits(labels, shape);
  return tf.where(hits.any(1, true), hits.toFloat(), NaN) as tf.Tensor2D;
}

function checkRows(name: string, rows: tf.Tensor): void {
  if (rows.shape.length !== 2) {
    throw new RangeError(`${name}: expected shape [batch, classes], received [${rows.shape}]`);
  }
}

/**
 * −log softmax(z)_y = log Σ_c exp(z_c) − z_y.
 *
 * @param logits z, `[batch, classes]`.
 * @param labels y, `[batch]`, integers in [0, classes). Of an example with any other label
 *   (−1, classes, 1.5) the loss and the gradient are NaN.
 * @returns `[batch]`, nats; the gradient is softmax(z) − onehot(y).
 * @throws RangeError if the shapes do not match.
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { crossEntropy } from 'model-patching';
 * const value = tf.tidy(() => {
 *   return crossEntropy(tf.tensor2d([[0, 0, 0, 0]]), tf.tensor1d([2], 'int32')).dataSync()[0]!;
 * });
 * if (Math.abs(value - Math.log(4)) > 1e-6) throw new Error('four equal classes');
 * ```
 */
export function crossEntropy(logits: tf.Tensor2D, labels: tf.Tensor1D): tf.Tensor1D {
  checkRows('logits', logits);
  return tf.tidy(() =>
    tf.logSoftmax(logits).mul(oneHotLabels(labels, logits.shape)).sum<tf.Tensor1D>(1).neg(),
  );
}

/**
 * −log(p̂_y / Σ_c p̂_c) with p̂ the probabilities clipped to [10⁻⁷, 1 − 10⁻⁷]: the rows are normalised after the clip,
 * and no gradient passes where it cuts.
 *
 * @param probabilities `[batch, classes]`, softmax already applied.
 * @param labels y, `[batch]`, integers in [0, classes). Of an example with any other label
 *   (−1, classes, 1.5) the loss is NaN.
 * @returns `[batch]`, nats.
 * @throws RangeError if the shapes do not match.
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { probabilityCrossEntropy } from 'model-patching';
 * const value = tf.tidy(() => {
 *   return probabilityCrossEntropy(tf.tensor2d([[1, 3]]), tf.tensor1d([1], 'int32')).dataSync()[0]!;
 * });
 * if (Math.abs(value - Math.log(2)) > 1e-6) throw new Error('both are cut to 1, then normalised');
 * ```
 */
export function probabilityCrossEntropy(probabilities: tf.Tensor2D, labels: tf.Tensor1D): tf.Tensor1D {
  checkRows('probabilities', probabilities);
  return tf.tidy(() => {
    const clipped = tf.clipByValue(probabilities, CLIP, 1 - CLIP);
    const hits = labelHits(labels, probabilities.shape);
    const ofLabel = clipped.mul(hits.toFloat()).sum(1);
    const losses = ofLabel.div(clipped.sum(1)).log().neg();
    // NaN comes last: on a GPU it need not come through a logarithm.
    return tf.where(hits.any(1), losses, NaN) as tf.Tensor1D;
  });
}

/**
 * Mean over the outputs of −[t log(p̂ + ε) + (1 − t) log(1 − p̂ + ε)], ε = 10⁻⁷, with p̂ clipped to [ε, 1 − ε].
 *
 * @param probabilities `[batch, outputs]`, sigmoid already applied.
 * @param targets t, `[batch, outputs]`, in [0, 1]. The loss of an example with any other target is NaN.
 * @returns `[batch]`, nats.
 * @throws RangeError if the shapes differ.
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { binaryCrossEntropy } from 'model-patching';
 * const value = tf.tidy(() => {
 *   return binaryCrossEntropy(tf.tensor2d([[0.5, 0.5]]), tf.tensor2d([[0, 1]])).dataSync()[0]!;
 * });
 * if (Math.abs(value - Math.log(2)) > 1e-6) throw new Error('a coin');
 * ```
 */
export function binaryCrossEntropy(probabilities: tf.Tensor2D, targets: tf.Tensor2D): tf.Tensor1D {
  checkRows('probabilities', probabilities);
  if (String(targets.shape) !== String(probabilities.shape)) {
    throw new RangeError(`targets: expected shape [${probabilities.shape}], received [${targets.shape}]`);
  }
  return tf.tidy(() => {
    const clipped = tf.clipByValue(probabilities, CLIP, 1 - CLIP);
    const inside = targets.greaterEqual(0).logicalAnd(targets.lessEqual(1));
    const checked = tf.where(inside, targets.toFloat(), NaN);
    const positive = checked.mul(clipped.add(CLIP).log());
    const negative = tf.sub(1, checked).mul(tf.sub(1, clipped).add(CLIP).log());
    return positive.add(negative).mean<tf.Tensor1D>(1).neg();
  });
}
