/** The two small classifiers for digits of the published experiments; both end in logits. */
import * as tf from '@tensorflow/tfjs';
import { applied, convolution, imageInput, type InputShape } from './blocks.ts';
import { assertSides, SMALL_CNN_SIDES } from './image-sizes.ts';
import { glorotUniform, initializeWeights, scaledFilters } from './initial-weights.ts';
import { networkFromModel } from './network-from-model.ts';
import type { Network } from './network.ts';

/** Options of {@link smallCnn}. */
export interface SmallCnnOptions {
  readonly inputShape: InputShape;
  /** Number of classes. */
  readonly classes: number;
  /** Factor of the numbers of filters and hidden units, default 1. */
  readonly width?: number;
  /** Seed of the initial weights (Glorot uniform, zero biases), default 0. */
  readonly seed?: number;
}

function checkClasses(classes: number): void {
  if (!Number.isInteger(classes) || classes < 1)
    throw new RangeError(`classes: expected a positive integer, received ${classes}`);
}

const dense = (x: tf.SymbolicTensor, name: string, units: number, activation?: 'relu'): tf.SymbolicTensor =>
  applied(
    tf.layers.dense({ name, units, kernelInitializer: 'zeros', ...(activation ? { activation } : {}) }),
    x,
  );

/**
 * A small convolutional classifier: twice (3×3 same, 3×3 valid, 2×2 max pooling, dropout 0.25) with 32 and 64
 * filters, then 64 hidden units, dropout 0.5 and the logits.
 *
 * @param options See {@link SmallCnnOptions}.
 * @returns A network from `[batch, height, width, channels]` to logits `[batch, classes]`.
 * @throws RangeError for a misshapen input shape or one below 10×10 pixels, a number of classes below 1 or a width that
 *   is not positive.
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { smallCnn } from 'model-patching';
 * const classifier = smallCnn({ inputShape: [12, 12, 1], classes: 3, width: 1 / 8, seed: 1 });
 * const x = tf.zeros([2, 12, 12, 1]);
 * const { output } = classifier.forward(x, { mode: 'infer' });
 * if (output.shape.join() !== '2,3') throw new Error('logits expected');
 * tf.dispose([x, output]);
 * classifier.model.dispose();
 * ```
 */
export function smallCnn({ inputShape, classes, width = 1, seed = 0 }: SmallCnnOptions): Network {
  checkClasses(classes);
  const input = imageInput(inputShape);
  assertSides(SMALL_CNN_SIDES, inputShape);
  let x = input;
  [32, 64].forEach((count, i) => {
    const filters = scaledFilters(count, width);
    const options = { filters, size: 3, bias: true, activation: 'relu' } as const;
    x = convolution(x, { ...options, name: `conv${2 * i + 1}` });
    x = convolution(x, { ...options, name: `conv${2 * i + 2}`, padding: 'valid' });
    x = applied(tf.layers.maxPooling2d({ name: `pool${i + 1}`, poolSize: 2 }), x);
    x = applied(tf.layers.dropout({ name: `dropout${i + 1}`, rate: 0.25 }), x);
  });
  x = applied(tf.layers.flatten({ name: 'flatten' }), x);
  x = dense(x, 'hidden', scaledFilters(64, width), 'relu');
  x = applied(tf.layers.dropout({ name: 'dropout3', rate: 0.5 }), x);
  const model = tf.model({ inputs: input, outputs: dense(x, 'logits', classes), name: 'small_cnn' });
  return networkFromModel(initializeWeights(model, seed, glorotUniform));
}

/** Options of {@link multilayerPerceptron}. */
export interface MultilayerPerceptronOptions {
  /** Shape of one example, e.g. `[28, 28, 1]` or `[10]`. */
  readonly inputShape: readonly number[];
  /** Number of classes. */
  readonly classes: number;
  /** Units of the hidden layers, default 64 and 64. */
  readonly hidden?: readonly number[];
  /** Seed of the initial weights (Glorot uniform, zero biases), default 0. */
  readonly seed?: number;
}

/**
 * A multilayer perceptron with ReLU: the input flattened, the hidden layers, the logits.
 *
 * @param options See {@link MultilayerPerceptronOptions}.
 * @returns A network from `[batch, ...inputShape]` to logits `[batch, classes]`.
 * @throws RangeError for a number of classes or of hidden units below 1.
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { multilayerPerceptron } from 'model-patching';
 * const classifier = multilayerPerceptron({ inputShape: [4], classes: 2, hidden: [8], seed: 1 });
 * const x = tf.zeros([3, 4]);
 * const { output } = classifier.forward(x, { mode: 'infer' });
 * if (output.shape.join() !== '3,2') throw new Error('logits expected');
 * tf.dispose([x, output]);
 * classifier.model.dispose();
 * ```
 */
export function multilayerPerceptron({
  inputShape,
  classes,
  hidden = [64, 64],
  seed = 0,
}: MultilayerPerceptronOptions): Network {
  checkClasses(classes);
  const misfit = hidden.find((units) => !Number.isInteger(units) || units < 1);
  if (misfit !== undefined) throw new RangeError(`hidden: expected positive integers, received ${misfit}`);
  const input = tf.input({ shape: [...inputShape], name: 'input' });
  let x = inputShape.length > 1 ? applied(tf.layers.flatten({ name: 'flatten' }), input) : input;
  hidden.forEach((units, i) => (x = dense(x, `hidden${i + 1}`, units, 'relu')));
  const model = tf.model({
    inputs: input,
    outputs: dense(x, 'logits', classes),
    name: 'multilayer_perceptron',
  });
  return networkFromModel(initializeWeights(model, seed, glorotUniform));
}
