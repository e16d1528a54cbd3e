import { beforeAll, describe, expect, it } from 'vitest';
import fc from 'fast-check';
import * as tf from '@tensorflow/tfjs';
import { normal, randomKey } from '../../src/random/random.ts';
import { registerTrainingKernels } from '../../src/wasm/register-training-kernels.ts';
import { useBackend } from '../support/backend.ts';
import { directionalError } from '../support/finite-difference.ts';
import { expectClose } from '../support/fixture.ts';

const wasm = (): tf.KernelBackend & { numDataIds(): number } => tf.backend() as ReturnType<typeof wasm>;
const values = (shape: readonly number[], seed: number): Float32Array =>
  Float32Array.from(normal(randomKey(seed), tf.util.sizeFromShape([...shape])));

interface Call {
  readonly kernel: string;
  readonly inputs: Readonly<Record<string, { shape: number[]; values?: Int32Array | Float32Array }>>;
  readonly attrs: object;
}

/** The kernel's result on one backend, from inputs that are the same on every backend; nothing is left behind. */
async function run(backend: 'wasm' | 'cpu', { kernel, inputs, attrs }: Call): Promise<Float32Array> {
  await tf.setBackend(backend);
  const before = [tf.memory().numTensors, wasm().numDataIds()];
  const result = tf.tidy(() => {
    const tensors = Object.entries(inputs).map(([name, { shape, values: given }], i) => [
      name,
      tf.tensor(given ?? values(shape, i + 1), shape),
    ]);
    const output = tf.engine().runKernel(kernel, Object.fromEntries(tensors), attrs as tf.NamedAttrMap);
    return (output as tf.Tensor).dataSync() as Float32Array;
  });
  expect([tf.memory().numTensors, wasm().numDataIds()], `${kernel} on ${backend} leaks`).toEqual(before);
  return result;
}

/** The relative difference of the two backends is at most 1e-4 of the largest value. */
async function expectAgreement(call: Call): Promise<void> {
  const ours = await run('wasm', call);
  expect(await run('wasm', call), `${call.kernel} is not bit-equal the second time`).toEqual(ours);
  expectClose(ours, await run('cpu', call), 1e-4, `${call.kernel} ${JSON.stringify(call)}`);
}

type Pad = 'same' | 'valid' | number | [[0, 0], [number, number], [number, number], [0, 0]];
const side = fc.integer({ min: 0, max: 2 });
const pad: fc.Arbitrary<Pad> = fc.oneof(
  fc.constantFrom<Pad>('same', 'valid'),
  side,
  fc.tuple(side, side, side, side).map(([t, b, l, r]): Pad => [
    [0, 0],
    [t, b],
    [l, r],
    [0, 0],
  ]),
);
interface Geometry {
  readonly batch: number;
  readonly size: [number, number];
  readonly kernel: [number, number];
  readonly strides: [number, number];
  readonly channels: number;
  readonly outputs: number;
  readonly pad: Pad;
}
const geometry: fc.Arbitrary<Geometry> = fc
  .record({
    batch: fc.integer({ min: 1, max: 3 }),
    size: fc.tuple(fc.integer({ min: 3, max: 11 }), fc.integer({ min: 3, max: 11 })),
    kernel: fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 })),
    strides: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
    channels: fc.constantFrom(1, 2, 3, 4, 5, 8, 13),
    outputs: fc.constantFrom(1, 3, 4, 7, 8, 12, 17, 70),
    pad,
  })
  .filter(({ size, kernel, pad: p }) => p === 'same' || (kernel[0] <= size[0] && kernel[1] <= size[1]))
  // with padding in numbers tfjs computes both output sizes from the height's kernel and stride
  .map((g) =>
    typeof g.pad === 'number'
      ? {
          ...g,
          kernel: [g.kernel[0], g.kernel[0]] as [number, number],
          strides: [g.strides[0], g.strides[0]] as [number, number],
        }
      : g,
  )
  .filter(({ size, kernel, pad: p }) => p === 'same' || kernel[1] <= size[1]);

const rounding = (p: Pad): 'floor' | undefined => (typeof p === 'string' ? undefined : 'floor');

type Shape4 = [number, number, number, number];

function convolutionCalls({ batch, size, kernel, strides, channels, outputs, pad: p }: Geometry): Call[] {
  const x: Shape4 = [batch, ...size, channels];
  const filter: Shape4 = [...kernel, channels, outputs];
  const attrs = { strides, pad: p, dataFormat: 'NHWC', dimRoundingMode: rounding(p) };
  const dy = { shape: tf.backend_util.computeConv2DInfo(x, filter, strides, 1, p, rounding(p)).outShape };
  return [
    {
      kernel: 'Conv2DBackpropFilter',
      inputs: { x: { shape: x }, dy },
      attrs: { ...attrs, filterShape: filter },
    },
    {
      kernel: 'Conv2DBackpropInput',
      inputs: { dy, filter: { shape: filter } },
      attrs: { ...attrs, inputShape: x },
    },
  ];
}

function depthwiseCalls({ batch, size, kernel, strides, channels, outputs, pad: p }: Geometry): Call[] {
  const x: Shape4 = [batch, ...size, channels];
  const filter: Shape4 = [...kernel, channels, (outputs % 3) + 1];
  const attrs = { strides, pad: p, dilations: [1, 1], dimRoundingMode: rounding(p) };
  const dy = {
    shape: tf.backend_util.computeConv2DInfo(x, filter, strides, 1, p, rounding(p), true).outShape,
  };
  const [name, inputs] = [
    'DepthwiseConv2dNativeBackprop',
    { x: { shape: x }, dy, filter: { shape: filter } },
  ];
  return [
    { kernel: `${name}Filter`, inputs: { x: inputs.x, dy }, attrs: { ...attrs, filterShape: filter } },
    { kernel: `${name}Input`, inputs: { dy, filter: inputs.filter }, attrs: { ...attrs, inputShape: x } },
  ];
}

function poolCall(kernel: 'MaxPoolGrad' | 'AvgPoolGrad', g: Geometry): Call {
  const x: Shape4 = [g.batch, ...g.size, g.channels];
  const { outShape } = tf.backend_util.computePool2DInfo(x, g.kernel, g.strides, 1, g.pad, rounding(g.pad));
  const common = { dy: { shape: outShape }, input: { shape: x } };
  return {
    kernel,
    inputs: kernel === 'MaxPoolGrad' ? { ...common, output: { shape: outShape } } : common,
    attrs: { filterSize: g.kernel, strides: g.strides, pad: g.pad, dimRoundingMode: rounding(g.pad) },
  };
}

describe('kernels against the pure-JavaScript backend', () => {
  beforeAll(() => useBackend('wasm'));
  const holds = async (calls: (g: Geometry) => Call[], seed: number): Promise<void> =>
    fc.assert(
      fc.asyncProperty(geometry, async (g) => {
        for (const call of calls(g)) await expectAgreement(call);
      }),
      { numRuns: 80, seed },
    );

  it('has the gradients of a convolution', () => holds(convolutionCalls, 1));
  it('has the gradients of a depthwise convolution', () => holds(depthwiseCalls, 2));
  it('has the gradient of max pooling', () => holds((g) => [poolCall('MaxPoolGrad', g)], 3));
  it('finds the gradient of average pooling in the backend', () =>
    holds((g) => [poolCall('AvgPoolGrad', g)], 4));

  it('sums an image of many rows in bands, and many small ones together', async () => {
    for (const [batch, side, channels] of [
      [1, 50, 24],
      [2, 40, 33],
      [70, 3, 9],
    ] as const)
      for (const call of convolutionCalls({
        ...{
          batch,
          size: [side, side + 1],
          kernel: [2, 1],
          strides: [2, 1],
          channels,
          outputs: 3,
          pad: 'same',
        },
      }))
        await expectAgreement(call);
  });

  it('gives all of the gradient to the first of equal pixels', async () => {
    await tf.setBackend('wasm');
    const gradient = tf.tidy(() => {
      const pooled = tf.grad((x: tf.Tensor) => tf.maxPool(x as tf.Tensor4D, 2, 2, 'valid'));
      return pooled(tf.ones<tf.Rank.R4>([1, 2, 2, 1])).dataSync();
    });
    expect([...gradient]).toEqual([1, 0, 0, 0]);
  });

  it('adds the rows of a segment, whatever their order', async () => {
    const size = fc.integer({ min: 1, max: 9 });
    await fc.assert(
      fc.asyncProperty(
        size,
        size,
        fc.array(fc.integer({ min: -1, max: 9 }), { minLength: 1 }),
        async (n, inner, ids) =>
          expectAgreement({
            kernel: 'UnsortedSegmentSum',
            inputs: {
              x: { shape: [ids.length, inner, 2] },
              segmentIds: { shape: [ids.length], values: Int32Array.from(ids) },
            },
            attrs: { numSegments: n },
          }),
      ),
      { numRuns: 60, seed: 5 },
    );
  });

  it('multiplies matrices, transposed or not, single or in batches', async () => {
    const size = fc.integer({ min: 1, max: 20 });
    const shape = fc.tuple(size, size, size, fc.integer({ min: 1, max: 2 }), fc.boolean(), fc.boolean());
    await fc.assert(
      fc.asyncProperty(shape, ([m, k, n, batch, transposeA, transposeB]) =>
        expectAgreement({
          kernel: 'BatchMatMul',
          inputs: {
            a: { shape: transposeA ? [batch, k, m] : [batch, m, k] },
            b: { shape: transposeB ? [batch, n, k] : [batch, k, n] },
          },
          attrs: { transposeA, transposeB },
        }),
      ),
      { numRuns: 80, seed: 6 },
    );
  });

  it.each(['Sum', 'Mean'])('has %s over any axes', async (kernel) => {
    const size = fc.constantFrom(1, 2, 3, 7, 8, 11, 300);
    const axes = fc.subarray([0, 1, 2]);
    await fc.assert(
      fc.asyncProperty(fc.tuple(size, size, size), axes, fc.boolean(), (shape, axis, keepDims) =>
        expectAgreement({
          kernel,
          inputs: { x: { shape: shape.map((n, i) => (i === 2 ? Math.min(n, 20) : n)) } },
          attrs: { axis, keepDims },
        }),
      ),
      { numRuns: 80, seed: 7 },
    );
  });

  it.each([tf.sum, tf.mean])('keeps the digits of long columns: %o', async (reduce) => {
    await tf.setBackend('wasm');
    const rows = 1 << 20;
    const total = tf.tidy(() => reduce(tf.fill([2, rows, 2], 0.1), 1).dataSync());
    const expected = Math.fround(0.1) * (reduce === tf.sum ? rows : 1);
    for (const value of total) expect(Math.abs(value / expected - 1)).toBeLessThan(1e-5);
  });

  it('normalises by given moments', async () => {
    const size = fc.constantFrom(1, 2, 3, 13, 40);
    const channels = fc.constantFrom(1, 2, 3, 4, 5, 8, 13, 32, 100);
    await fc.assert(
      fc.asyncProperty(size, size, channels, fc.boolean(), fc.boolean(), (n, pixels, c, scaled, shifted) =>
        expectAgreement({
          kernel: 'FusedBatchNorm',
          inputs: {
            x: { shape: [n, pixels, 1, c] },
            mean: { shape: [c], values: values([c], 2).map((value) => 100 * value) },
            variance: { shape: [c], values: values([c], 3).map((value) => value * value) },
            ...(scaled ? { scale: { shape: [c] } } : {}),
            ...(shifted ? { offset: { shape: [c] } } : {}),
          },
          attrs: { varianceEpsilon: 1e-3 },
        }),
      ),
      { numRuns: 80, seed: 9 },
    );
  });

  it('refuses what it cannot do, by name', async () => {
    await tf.setBackend('wasm');
    const [call] = convolutionCalls({
      ...{ batch: 1, size: [4, 4], kernel: [2, 2], strides: [1, 1], channels: 1, outputs: 1, pad: 'valid' },
    });
    const channelsFirst = { ...call!, attrs: { ...call!.attrs, dataFormat: 'NCHW' } };
    await expect(run('wasm', channelsFirst)).rejects.toThrow(/Conv2DBackpropFilter.*NHWC.*NCHW/);
    const integers = {
      ...call!,
      inputs: { ...call!.inputs, x: { shape: [1, 4, 4, 1], values: new Int32Array(16) } },
    };
    await expect(run('wasm', integers)).rejects.toThrow(/x to be float32, received int32/);
  });

  it.each(['Conv2DBackpropFilter', 'Conv2DBackpropInput', 'MaxPoolGrad'])(
    'would catch a wrong %s',
    async (kernel) => {
      const right = tf.getKernel(kernel, 'wasm');
      const g: Geometry = {
        batch: 2,
        size: [5, 7],
        kernel: [3, 3],
        strides: [2, 1],
        channels: 4,
        outputs: 5,
        pad: 'same',
      };
      const call = [...convolutionCalls(g), poolCall('MaxPoolGrad', g)].find((one) => one.kernel === kernel)!;
      const wrong: tf.KernelFunc = (parameters) => {
        const output = right.kernelFunc(parameters) as tf.TensorInfo;
        const numbers = (
          parameters.backend as { typedArrayFromHeap(t: tf.TensorInfo): Float32Array }
        ).typedArrayFromHeap(output);
        numbers[numbers.length - 1]! += 0.05;
        return output;
      };
      tf.unregisterKernel(kernel, 'wasm');
      tf.registerKernel({ ...right, kernelFunc: wrong });
      try {
        await expect(expectAgreement(call)).rejects.toThrow(/largest difference/);
      } finally {
        tf.unregisterKernel(kernel, 'wasm');
        tf.registerKernel(right);
      }
      await expectAgreement(call);
    },
  );
});

describe('dilated depthwise gradients', () => {
  beforeAll(() => useBackend('wasm'));

  /** y = Σ over taps in doubles; tfjs's own gradient refuses dilation, and its JavaScript kernel ignores it. */
  it('are the adjoints of the dilated convolution', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 1, max: 3 }),
        pad,
        async (rows, columns, p) => {
          await tf.setBackend('wasm');
          tf.tidy(() => {
            const x = tf.tensor4d(values([2, 11, 9, 3], 1), [2, 11, 9, 3]);
            const w = tf.tensor4d(values([3, 3, 3, 2], 2), [3, 3, 3, 2]);
            const dilations: [number, number] = [rows, typeof p === 'number' ? rows : columns];
            const y = tf.depthwiseConv2d(x, w, 1, p, 'NHWC', dilations, rounding(p));
            const dy = tf.tensor4d(values(y.shape, 3), y.shape);
            const attrs = { strides: [1, 1], pad: p, dilations, dimRoundingMode: rounding(p) };
            const adjoint = (kernel: string, inputs: tf.NamedTensorMap, more: object): tf.Tensor =>
              tf.engine().runKernel(kernel, inputs, { ...attrs, ...more } as unknown as tf.NamedAttrMap);
            const name = 'DepthwiseConv2dNativeBackprop';
            const dx = adjoint(`${name}Input`, { dy, filter: w }, { inputShape: x.shape });
            const dw = adjoint(`${name}Filter`, { x, dy }, { filterShape: w.shape });
            const expected = y.mul(dy).sum();
            expectClose(dx.mul(x).sum(), expected, 1e-4);
            expectClose(dw.mul(w).sum(), expected, 1e-4);
          });
        },
      ),
      { numRuns: 40, seed: 8 },
    );
  });
});

describe('registration', () => {
  it('is harmless a second time and lets finite differences agree', async () => {
    await useBackend('wasm');
    const before = tf.getKernelsForBackend('wasm').map(({ kernelFunc }) => kernelFunc);
    registerTrainingKernels();
    expect(tf.getKernelsForBackend('wasm').map(({ kernelFunc }) => kernelFunc)).toEqual(before);
    const f = (x: tf.Tensor, w: tf.Tensor): tf.Scalar =>
      tf
        .conv2d(x as tf.Tensor4D, w as tf.Tensor4D, [2, 1], 'same')
        .square()
        .mean();
    const [x, w] = [
      tf.tensor(values([2, 7, 5, 3], 1), [2, 7, 5, 3]),
      tf.tensor(values([3, 2, 3, 9], 2), [3, 2, 3, 9]),
    ];
    expect(directionalError(f, [x, w])).toBeLessThan(5e-3);
    const flipped = directionalError(f, [x, w], {
      gradient: (xs) =>
        tf
          .grads((a: tf.Tensor, b: tf.Tensor) => f(a, b))([...xs])
          .map((g) => tf.neg(g)),
    });
    expect(flipped).toBeGreaterThan(0.5);
    tf.dispose([x, w]);
  });
});
