// Times training on wasm: a step of the small CNN by kernel, and the gradients of the small U-Net's convolutions.
// node --conditions=source --import tsx test/wasm/bench.ts
import * as tf from '@tensorflow/tfjs';
import { normal, randomKey } from '../../src/random/random.ts';
import { registerTrainingKernels } from '../../src/wasm/register-training-kernels.ts';

await tf.setBackend('wasm');
const stock = new Map(
  tf.getKernelsForBackend('wasm').map(({ kernelName, kernelFunc }) => [kernelName, kernelFunc]),
);
const stockInputGradient = stock.get('Conv2DBackpropInput')!;
registerTrainingKernels();

/** Processor time in milliseconds, which other programs on the machine disturb least. */
function fastest(run: () => void, repeats: number): number {
  const times = Array.from({ length: repeats }, () => {
    const start = process.cpuUsage();
    run();
    const { user, system } = process.cpuUsage(start);
    return (user + system) / 1000;
  });
  return Math.min(...times);
}

const values = (shape: number[], scale: number): tf.Tensor =>
  tf.tidy(() => tf.tensor(normal(randomKey(shape.length), tf.util.sizeFromShape(shape)), shape).mul(scale));

const BATCH = 100;
const shapes = [
  ...[
    [3, 3, 1, 32],
    [3, 3, 32, 32],
    [3, 3, 32, 64],
    [3, 3, 64, 64],
  ].flatMap((shape) => [shape, [shape[3]!]]),
  ...[[1600, 64], [64], [64, 4], [4]],
];
const weights = shapes.map((shape) => tf.variable(values(shape, shape.length > 1 ? 0.05 : 0)));
const images = values([BATCH, 28, 28, 1], 1) as tf.Tensor4D;
const labels = tf.oneHot(tf.range(0, BATCH, 1, 'int32').mod(tf.scalar(4, 'int32')).toInt(), 4);

function loss(): tf.Scalar {
  const convolve = (x: tf.Tensor4D, i: number, pad: 'same' | 'valid'): tf.Tensor4D =>
    tf
      .conv2d(x, weights[i] as tf.Tensor as tf.Tensor4D, 1, pad)
      .add(weights[i + 1]!)
      .relu();
  const first = tf.maxPool(convolve(convolve(images, 0, 'same'), 2, 'valid'), 2, 2, 'valid');
  const second = tf.maxPool(convolve(convolve(first, 4, 'same'), 6, 'valid'), 2, 2, 'valid');
  const hidden = second.reshape([BATCH, 1600]).matMul(weights[8]!).add(weights[9]!).relu();
  return tf.losses.softmaxCrossEntropy(labels, hidden.matMul(weights[10]!).add(weights[11]!)) as tf.Scalar;
}

const optimizer = tf.train.sgd(0.01);
const step = (): void => tf.tidy(() => void optimizer.minimize(loss, false, weights));
console.log(
  `small CNN, batch ${BATCH}: ${fastest(step, 20).toFixed(0)} ms of one core a step, fastest of 20`,
);
console.log(`  forward alone: ${fastest(() => tf.tidy(() => void loss()), 20).toFixed(0)} ms`);
console.log('  by kernel, elapsed:');
const profile = await tf.profile(() => {
  step();
  return tf.scalar(0);
});
const byKernel = new Map<string, number>();
for (const { name, kernelTimeMs } of profile.kernels)
  byKernel.set(name, (byKernel.get(name) ?? 0) + Number(await kernelTimeMs));
for (const [name, time] of [...byKernel].sort((a, b) => b[1] - a[1]).slice(0, 8))
  console.log(`  ${name.padEnd(24)} ${time.toFixed(1)} ms`);

const backend = tf.backend() as tf.KernelBackend & { disposeData(dataId: tf.DataId): boolean };
console.log(
  '4 × 4 convolutions of stride 2, batch 25: filter gradient, input gradient (the backend’s own), ms',
);
for (const [side, channels, filters] of [
  [32, 1, 8],
  [16, 8, 16],
  [8, 16, 32],
  [4, 32, 64],
  [2, 64, 128],
  [4, 128, 32],
  [8, 64, 16],
  [16, 32, 8],
] as const) {
  const x = values([25, side, side, channels], 1);
  const filter = values([4, 4, channels, filters], 1);
  const dy = values([25, side / 2, side / 2, filters], 1);
  const attrs = { strides: 2, pad: 'same', dataFormat: 'NHWC' };
  const time = (kernel: tf.KernelFunc, inputs: tf.NamedTensorInfoMap, more: object): string => {
    const run = (): void => {
      const output = kernel({ inputs, attrs: { ...attrs, ...more } as unknown as tf.NamedAttrMap, backend });
      backend.disposeData((output as tf.TensorInfo).dataId);
    };
    return fastest(run, 20).toFixed(2);
  };
  const ofFilter = tf.getKernel('Conv2DBackpropFilter', 'wasm').kernelFunc;
  const ofInput = tf.getKernel('Conv2DBackpropInput', 'wasm').kernelFunc;
  const inputShape = { inputShape: x.shape };
  console.log(
    `  ${side} × ${side}, ${channels} → ${filters}:`.padEnd(24),
    time(ofFilter, { x, dy }, { filterShape: filter.shape }),
    time(ofInput, { dy, filter }, inputShape),
    `(${time(stockInputGradient, { dy, filter }, inputShape)})`,
  );
  tf.dispose([x, filter, dy]);
}

console.log(
  'other kernels on [100, 28, 28, 32], planes of noise, and 16 pairs of 28 × 28: ours (the backend’s own), ms',
);
const x = values([100, 28, 28, 32], 1);
const perChannel = values([32], 1).square().add(1) as tf.Tensor;
const half = values([100, 28, 28, 16], 1);
const [planes, squares] = [values([16, 1, 1, 4], 1), values([16, 28, 28], 1)];
const calls: readonly [string, tf.NamedTensorInfoMap, object][] = [
  ['Sum', { x }, { axis: [0, 1, 2] }],
  ['Mean', { x }, { axis: [0, 1, 2] }],
  [
    'FusedBatchNorm',
    { x, mean: perChannel, variance: perChannel, scale: perChannel },
    { varianceEpsilon: 1e-3 },
  ],
  ['Concat', [half, half] as unknown as tf.NamedTensorInfoMap, { axis: 3 }],
  ['SplitV', { x }, { numOrSizeSplits: 2, axis: 3 }],
  ['Slice', { x }, { begin: [0, 0, 0, 16], size: [100, 28, 28, 16] }],
  ['Slice', { x }, { begin: [0, 2, 2, 0], size: [100, 24, 24, 32] }],
  ['Slice', { x }, { begin: [10, 0, 0, 0], size: [25, 28, 28, 32] }],
  ['Tile', { x: planes }, { reps: [1, 28, 28, 1] }],
  ['BatchMatMul', { a: squares, b: squares }, { transposeA: false, transposeB: true }],
];
for (const [kernel, inputs, attrs] of calls) {
  const time = (kernelFunc: tf.KernelFunc): string => {
    const run = (): void => {
      const outputs = kernelFunc({ inputs, attrs: attrs as tf.NamedAttrMap, backend });
      for (const { dataId } of [outputs].flat()) backend.disposeData(dataId);
    };
    return fastest(run, 10).toFixed(2);
  };
  console.log(
    `  ${kernel}:`.padEnd(24),
    time(tf.getKernel(kernel, 'wasm').kernelFunc),
    `(${time(stock.get(kernel)!)})`,
  );
}
tf.dispose([x, half, perChannel, planes, squares]);
