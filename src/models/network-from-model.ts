/**
 * A `tf.LayersModel` run as a pure function: an interpreter that walks the model's graph of layers with weights,
 * dropout masks and mode given from outside. See {@link Network} for what that is good for.
 */
import * as tf from '@tensorflow/tfjs';
import { movingStatistics, type BatchNormalized } from '../layers/batch-normalization.ts';
import { dropoutMask } from '../layers/dropout.ts';
import { protectedInput, protectedOutput } from '../layers/operation.ts';
import { foldKey, type RandomKey } from '../random/random.ts';
import { applyLayer, weightName, type LayerContext } from './layer-rules.ts';
import type { ForwardContext, ForwardResult, Network, NetworkWeights } from './network.ts';

/** A weight of the model: its full name, its variable and whether the layer trains it. */
interface NamedWeight {
  readonly name: string;
  readonly variable: tf.layers.Layer['weights'][number];
  readonly trainable: boolean;
}

const MODES: readonly ForwardContext['mode'][] = ['train', 'infer', 'translate'];

const nested = (layer: tf.layers.Layer): layer is tf.LayersModel => layer instanceof tf.LayersModel;

const leafLayers = (model: tf.LayersModel): tf.layers.Layer[] =>
  model.layers.flatMap((layer) => (nested(layer) ? leafLayers(layer) : [layer]));

function namedWeights(model: tf.LayersModel): readonly NamedWeight[] {
  const weights = leafLayers(model).flatMap((layer) =>
    layer.weights.map((variable) => ({
      name: `${layer.name}/${weightName(variable)}`,
      variable,
      trainable: layer.trainableWeights.includes(variable),
    })),
  );
  const repeated = weights.find(({ name }, i) => weights.findIndex((other) => other.name === name) !== i);
  if (repeated)
    throw new Error(`model: two weights are called ${repeated.name}; give the layers distinct names`);
  return weights;
}

/** The given weights, checked against the model's. */
function weightLookup(
  weights: readonly NamedWeight[],
  given: NetworkWeights | undefined,
): ReadonlyMap<string, tf.Tensor> {
  return new Map(
    weights.map(({ name, variable, trainable }) => {
      if (!given) return [name, variable.read()];
      const tensor = (trainable ? given.trainable : given.statistics)[name];
      const expected = variable.shape.join(', ');
      if (!tensor || tensor.shape.join(', ') !== expected)
        throw new Error(
          `weights: expected ${name} of shape [${expected}], received ${tensor ? `shape [${tensor.shape.join(', ')}]` : 'none'}`,
        );
      return [name, tensor];
    }),
  );
}

/**
 * Moving statistics during a pass: layers report their batch, and all are moved together at the end, or before a
 * layer that is used a second time reports again.
 */
function movingStatisticsOf(values: Map<string, tf.Tensor>) {
  const observed = new Map<string, { batch: BatchNormalized<tf.Tensor>; momentum: number }>();
  const settle = (): void => {
    const entries = [...observed];
    const moved = movingStatistics(
      entries.map(([layer, { batch, momentum }]) => ({
        moving: {
          mean: values.get(`${layer}/moving_mean`)!,
          variance: values.get(`${layer}/moving_variance`)!,
        },
        batch,
        momentum,
      })),
    );
    entries.forEach(([layer], i) => {
      values.set(`${layer}/moving_mean`, moved[i]!.mean);
      values.set(`${layer}/moving_variance`, moved[i]!.variance);
    });
    observed.clear();
  };
  return {
    observe(layer: string, batch: BatchNormalized<tf.Tensor>, momentum: number): void {
      if (observed.has(layer)) settle();
      observed.set(layer, { batch, momentum });
    },
    settle,
  };
}

type Masks = (layerName: string, shape: readonly number[], rate: number) => tf.Tensor | undefined;

const drawMask = (key: RandomKey, layerName: string, shape: readonly number[], rate: number): tf.Tensor =>
  dropoutMask(foldKey(key, 'dropout', layerName), shape, rate);

function maskSource({ key, masks }: ForwardContext): Masks {
  if (masks)
    return (layerName, shape) => {
      const mask = masks[layerName];
      const expected = shape.join(', ');
      if (!mask || mask.shape.join(', ') !== expected)
        throw new Error(
          `masks: expected ${layerName} of shape [${expected}], received ${mask ? `shape [${mask.shape.join(', ')}]` : 'none'}`,
        );
      return mask;
    };
  return (layerName, shape, rate) => (key ? drawMask(key, layerName, shape, rate) : undefined);
}

/** Evaluates the outputs of `model`, computing each symbolic tensor once. */
function evaluate(
  model: tf.LayersModel,
  inputs: readonly tf.Tensor[],
  contextOf: (layer: tf.layers.Layer) => LayerContext,
): tf.Tensor[] {
  const values = new Map<number, tf.Tensor>(model.inputs.map((input, i) => [input.id, inputs[i]!]));
  const visit = (symbol: tf.SymbolicTensor): tf.Tensor => {
    const known = values.get(symbol.id);
    if (known) return known;
    const layer = symbol.sourceLayer;
    const arguments_ = symbol.inputs.map(visit);
    const value = nested(layer)
      ? evaluate(layer, arguments_, contextOf)[symbol.outputTensorIndex ?? 0]!
      : applyLayer(layer, arguments_, contextOf(layer));
    values.set(symbol.id, value);
    return value;
  };
  return model.outputs.map(visit);
}

function checkInput(x: tf.Tensor, expected: readonly (number | null)[]): void {
  const fits =
    x.rank === expected.length && expected.every((size, i) => size === null || size === x.shape[i]);
  if (!fits)
    throw new Error(
      `x: expected shape [${expected.map((size) => size ?? 'any').join(', ')}], received [${x.shape.join(', ')}]`,
    );
}

/**
 * A model as a pure function of input, weights and dropout masks.
 *
 * In `train` and `translate` mode batch normalisation uses the statistics of the batch and dropout its masks; `train`
 * also returns every moving statistic as it is afterwards. The model's own weights never change. Gradients of
 * gradients are right through every layer with weights, ReLU and leaky ReLU; tfjs has none through max pooling, and
 * loses a part of those through tanh, sigmoid, softmax, ELU and SELU: keep these out of a penalised discriminator.
 *
 * @param model One input, one output. Layers: convolutions, dense, batch and instance normalisation, dropout,
 *   activations, and any layer without weights; nested models too. A layer that is used twice draws one mask.
 *   Frozen weights (`layer.trainable = false`) are listed with the statistics, and frozen batch normalisation uses
 *   its moving statistics.
 * @returns The network; `model` stays the caller's.
 * @throws Error if the model has several inputs or outputs or two weights of one name. A pass throws if the input,
 *   a weight or a mask is missing or misshapen, or if a layer with weights is of an unsupported class.
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { networkFromModel } from 'model-patching/models';
 * const model = tf.sequential({
 *   layers: [tf.layers.dense({ name: 'out', units: 1, inputShape: [2], kernelInitializer: 'ones' })],
 * });
 * const network = networkFromModel(model);
 * const x = tf.tensor2d([[1, 2]]);
 * const { output } = network.forward(x, { mode: 'infer' });
 * if (output.dataSync()[0] !== 3) throw new Error('the sum expected');
 * tf.dispose([x, output]);
 * model.dispose();
 * ```
 */
export function networkFromModel(model: tf.LayersModel): Network {
  if (model.inputs.length !== 1 || model.outputs.length !== 1)
    throw new Error(
      `model: expected one input and one output, received ${model.inputs.length} and ${model.outputs.length}`,
    );
  const weights = namedWeights(model);
  const copies = (trainable: boolean): tf.NamedTensorMap =>
    Object.fromEntries(
      weights
        .filter((w) => w.trainable === trainable)
        .map(({ name, variable }) => [name, variable.read().clone()]),
    );

  const forward = (x: tf.Tensor, context: ForwardContext): ForwardResult => {
    checkInput(x, model.inputs[0]!.shape);
    if (!MODES.includes(context.mode))
      throw new Error(`mode: expected one of ${MODES.join(', ')}, received ${String(context.mode)}`);
    return tf.tidy(() => {
      const initial = weightLookup(weights, context.weights);
      const values = new Map(initial);
      const statistics = movingStatisticsOf(values);
      const masks = maskSource(context);
      const contextOf = (layer: tf.layers.Layer): LayerContext => ({
        training: context.mode !== 'infer',
        weight: (name) => {
          const tensor = values.get(`${layer.name}/${name}`);
          return tensor && protectedInput(tensor);
        },
        observe: (batch, momentum) => {
          if (context.mode === 'train') statistics.observe(layer.name, batch, momentum);
        },
        mask: (shape, rate) => {
          const mask = masks(layer.name, shape, rate);
          return mask && protectedInput(mask);
        },
      });
      const [output] = evaluate(model, [protectedInput(x)], contextOf);
      if (context.mode === 'train') statistics.settle();
      return {
        output: output === x ? x.clone() : protectedOutput(output!),
        statistics: Object.fromEntries(
          weights
            .filter((weight) => context.mode === 'train' && !weight.trainable)
            .map(({ name }) => {
              const given = initial.get(name);
              const after = values.get(name)!;
              return [name, after === given ? after.clone() : after];
            }),
        ),
      };
    });
  };

  return {
    model,
    forward,
    weights: () => ({ trainable: copies(true), statistics: copies(false) }),
    masks: (key, batchSize) =>
      Object.fromEntries(
        leafLayers(model).flatMap((layer) => {
          if (layer.getClassName() !== 'Dropout') return [];
          const rate = layer.getConfig()['rate'] as number;
          const shape = (layer.outputShape as tf.Shape).map((size, i) => (i === 0 ? batchSize : size));
          if (shape.some((size) => size === null))
            throw new Error(`model: the size of ${layer.name} is not fixed; pass a key to forward instead`);
          return rate > 0 ? [[layer.name, drawMask(key, layer.name, shape as number[], rate)]] : [];
        }),
      ),
  };
}
