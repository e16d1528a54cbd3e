/**
 * The body of the post-activation ResNet-50 (He, Zhang, Ren, Sun, "Deep residual learning for image recognition", CVPR
 * 2016) as PyTorch's torchvision builds it: the stride sits in the 3×3 convolution, padding is explicit, every ε is
 * 1e-5.
 */
import * as tf from '@tensorflow/tfjs';
import { applied, convolution } from './blocks.ts';

const normalized = (x: tf.SymbolicTensor, name: string, momentum: number): tf.SymbolicTensor =>
  applied(tf.layers.batchNormalization({ name, epsilon: 1e-5, momentum }), x);

const relu = (x: tf.SymbolicTensor, name: string): tf.SymbolicTensor =>
  applied(tf.layers.activation({ name, activation: 'relu' }), x);

/** Zeros around an image. */
export const zeroBorder = (x: tf.SymbolicTensor, name: string, border: number): tf.SymbolicTensor =>
  applied(
    tf.layers.zeroPadding2d({
      name,
      padding: [
        [border, border],
        [border, border],
      ],
    }),
    x,
  );

/** Of a bottleneck unit. */
export interface UnitOptions {
  /** Of the first two convolutions. */
  readonly filters: number;
  /** Filters of the last convolution. */
  readonly widened: number;
  /** Of the shortcut, which the first unit of a stage projects. */
  readonly projection: { readonly stride: number } | undefined;
  readonly momentum: number;
}

function unit(
  x: tf.SymbolicTensor,
  prefix: string,
  { filters, widened, projection, momentum }: UnitOptions,
): tf.SymbolicTensor {
  const conv = (input: tf.SymbolicTensor, name: string, count: number, size = 1, stride = 1) =>
    convolution(input, { name: `${prefix}${name}`, filters: count, size, stride, padding: 'valid' });
  const stride = projection?.stride ?? 1;
  let y = relu(normalized(conv(x, 'conv1', filters), `${prefix}bn1`, momentum), `${prefix}relu1`);
  y = conv(zeroBorder(y, `${prefix}pad`, 1), 'conv2', filters, 3, stride);
  y = relu(normalized(y, `${prefix}bn2`, momentum), `${prefix}relu2`);
  y = normalized(conv(y, 'conv3', widened), `${prefix}bn3`, momentum);
  const shortcut = projection ? normalized(conv(x, 'sc', widened, 1, stride), `${prefix}sc_bn`, momentum) : x;
  return relu(applied(tf.layers.add({ name: `${prefix}add` }), [y, shortcut]), `${prefix}relu`);
}

/**
 * From images to the features before pooling, `[batch, height/32, width/32, 32 · filters]`.
 *
 * @param input Images.
 * @param scaled The number of filters for that of the full network.
 * @param momentum Share of their value that moving statistics keep in a step.
 */
export function postActivationBody(
  input: tf.SymbolicTensor,
  scaled: (filters: number) => number,
  momentum: number,
): tf.SymbolicTensor {
  const stem = { filters: scaled(64), size: 7, stride: 2, padding: 'valid' } as const;
  let x = convolution(zeroBorder(input, 'stem_pad', 3), { ...stem, name: 'stem_conv' });
  x = relu(normalized(x, 'stem_bn', momentum), 'stem_relu');
  x = applied(
    tf.layers.maxPooling2d({ name: 'stem_pool', poolSize: 3, strides: 2 }),
    zeroBorder(x, 'stem_pool_pad', 1),
  );
  [3, 4, 6, 3].forEach((units, stage) => {
    const [filters, widened] = [64, 256].map((count) => scaled(count * 2 ** stage));
    for (let i = 0; i < units; i++) {
      const projection = i === 0 ? { stride: stage === 0 ? 1 : 2 } : undefined;
      x = unit(x, `stage${stage + 1}_unit${i + 1}_`, {
        filters: filters!,
        widened: widened!,
        projection,
        momentum,
      });
    }
  });
  return x;
}
