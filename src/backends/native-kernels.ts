/**
 * The fused kernels of `layers/fused-kernels.ts` on TensorFlow's own library: operations that it has and tfjs does not call.
 * A step of normalised networks has half as many operations with them, and its graph is the one that Python would make.
 */
import * as tf from '@tensorflow/tfjs';
import type { FusedKernel } from '../layers/fused-kernels.ts';
import type { NativeAttribute, NativeBinding } from '../compile/native-backend.ts';

interface Backend {
  readonly binding: NativeBinding;
  executeMultipleOutputs(
    name: string,
    attributes: readonly NativeAttribute[],
    inputs: readonly tf.Tensor[],
    outputs: number,
  ): tf.Tensor[];
}

type Inputs = Readonly<Record<string, tf.Tensor>>;
type Kernel = (inputs: Inputs, attrs: tf.NamedAttrMap, backend: Backend) => tf.Tensor[];

const type = ({ binding }: Backend, name: string): NativeAttribute => ({
  name,
  type: binding.TF_ATTR_TYPE,
  value: binding.TF_FLOAT,
});

const float = ({ binding }: Backend, name: string, value: unknown): NativeAttribute => ({
  name,
  type: binding.TF_ATTR_FLOAT,
  value,
});

const normalizationAttributes = (backend: Backend, epsilon: unknown): NativeAttribute[] => [
  type(backend, 'T'),
  type(backend, 'U'),
  float(backend, 'epsilon', epsilon),
  { name: 'data_format', type: backend.binding.TF_ATTR_STRING, value: 'NHWC' },
  { name: 'is_training', type: backend.binding.TF_ATTR_BOOL, value: true },
];

/** TensorFlow normalises images only. */
const asImages = (x: tf.Tensor): tf.Tensor =>
  x.rank === 4 ? x : x.reshape([-1, 1, 1, x.shape[x.rank - 1]!]);

const channels = ({ x }: Inputs): number => x!.shape[x!.rank - 1]!;

const batchNormalization: Kernel = (inputs, { epsilon }, backend) => {
  const { x, scale, offset } = inputs;
  const count = channels(inputs);
  const none = tf.tensor1d([], 'float32');
  // The fifth output is the biased variance (on the CPU), the third the unbiased one.
  const [y, mean, , , variance] = backend.executeMultipleOutputs(
    'FusedBatchNormV3',
    [...normalizationAttributes(backend, epsilon), float(backend, 'exponential_avg_factor', 1)],
    [asImages(x!), scale ?? tf.ones([count]), offset ?? tf.zeros([count]), none, none],
    6,
  );
  return [x!.rank === 4 ? y! : y!.reshape(x!.shape), mean!, variance!];
};

const batchNormalizationGradient: Kernel = (inputs, { epsilon }, backend) => {
  const { dy, x, mean, variance, scale } = inputs;
  const [dx, dScale, dOffset] = backend.executeMultipleOutputs(
    'FusedBatchNormGradV3',
    normalizationAttributes(backend, epsilon),
    [asImages(dy!), asImages(x!), scale ?? tf.ones([channels(inputs)]), mean!, variance!, tf.tensor1d([])],
    5,
  );
  return [x!.rank === 4 ? dx! : dx!.reshape(x!.shape), dScale!, dOffset!];
};

const reluGradient: Kernel = ({ dy, y }, _, backend) =>
  backend.executeMultipleOutputs('ReluGrad', [type(backend, 'T')], [dy!, y!], 1);

const leakyReluGradient: Kernel = ({ dy, x }, { alpha }, backend) =>
  backend.executeMultipleOutputs(
    'LeakyReluGrad',
    [type(backend, 'T'), float(backend, 'alpha', alpha)],
    [dy!, x!],
    1,
  );

const KERNELS: Readonly<Record<FusedKernel, Kernel>> = {
  BatchNormalization: batchNormalization,
  BatchNormalizationGradient: batchNormalizationGradient,
  ReluGradient: reluGradient,
  LeakyReluGradient: leakyReluGradient,
};

/** Gives the native backend the fused kernels, once. On a GPU TensorFlow keeps other numbers for the gradient of a normalisation. */
export function registerFusedKernels({ gpu }: { readonly gpu: boolean }): void {
  for (const [kernelName, kernel] of Object.entries(KERNELS)) {
    if (tf.getKernel(kernelName, 'tensorflow') as tf.KernelConfig | undefined) continue;
    if (gpu && kernelName.startsWith('BatchNormalization')) continue;
    tf.registerKernel({
      kernelName,
      backendName: 'tensorflow',
      kernelFunc: ({ inputs, attrs, backend }) =>
        tf.tidy(() => kernel(inputs as Inputs, attrs ?? {}, backend as Backend)),
    });
  }
}
