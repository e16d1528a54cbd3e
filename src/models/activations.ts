/**
 * Activations of layers by their name in a layer's configuration, taken together with what comes before them. Where
 * the output tells the slope, as for ReLU and tanh, the input of the activation need not be held for the gradient.
 */
import * as tf from '@tensorflow/tfjs';
import { fused } from '../layers/fused-kernels.ts';
import { isRecording, operation } from '../layers/operation.ts';

const activations: Readonly<Record<string, (x: tf.Tensor) => tf.Tensor>> = {
  linear: (x) => x,
  relu: (x) => tf.relu(x),
  relu6: (x) => tf.relu6(x),
  tanh: (x) => tf.tanh(x),
  sigmoid: (x) => tf.sigmoid(x),
  softmax: (x) => tf.softmax(x),
  softplus: (x) => tf.softplus(x),
  elu: (x) => tf.elu(x),
  selu: (x) => tf.selu(x),
};

/**
 * The gradient before an activation from its output and the gradient after it, where the output tells the slope. Of an
 * output that is never negative the sign is the step; the native backend makes a step of seven operations and of ones
 * from the host.
 */
const beforeActivation: Readonly<Record<string, (y: tf.Tensor, dy: tf.Tensor) => tf.Tensor>> = {
  relu: (y, dy) => (isRecording() ? undefined : fused('ReluGradient', { dy, y }))?.[0] ?? dy.mul(tf.sign(y)),
  tanh: (y, dy) => dy.sub(dy.mul(y.square())),
};

/** What a layer computes before its activation, bias included, and the gradients of that. */
export interface Transformation {
  readonly inputs: Readonly<Record<string, tf.Tensor | undefined>>;
  readonly value: () => tf.Tensor;
  readonly gradients: (dy: tf.Tensor) => Readonly<Record<string, () => tf.Tensor>>;
}

function activationOf(name: unknown, layer: tf.layers.Layer): (x: tf.Tensor) => tf.Tensor {
  const activation = activations[String(name)];
  if (!activation)
    throw new Error(
      `layer ${layer.name}: activation ${String(name)} is not one of ${Object.keys(activations).join(', ')}`,
    );
  return activation;
}

/** A transformation and its activation, as one operation where the activation allows it. */
export function activated(
  { inputs, value, gradients }: Transformation,
  name: unknown,
  layer: tf.layers.Layer,
): tf.Tensor {
  const kind = String(name ?? 'linear');
  const activation = activationOf(kind, layer);
  const given = Object.values(inputs).filter((tensor) => tensor !== undefined);
  const before = beforeActivation[kind];
  if (!before) {
    const y = operation(inputs, () => ({ output: value(), held: given, gradients }));
    return activation(y);
  }
  return operation(inputs, () => {
    const y = activation(value());
    return {
      output: y,
      held: [...given, y],
      gradients: (dy) => gradients(tf.tidy(() => before(y, dy))),
    };
  });
}

/** An activation on its own. */
export const activate = (x: tf.Tensor, kind: string, layer: tf.layers.Layer): tf.Tensor =>
  kind in beforeActivation
    ? activated({ inputs: { x }, value: () => x, gradients: (dy) => ({ x: () => dy }) }, kind, layer)
    : activationOf(kind, layer)(x);
