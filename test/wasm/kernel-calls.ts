import { expect } from 'vitest';
import fc from 'fast-check';
import * as tf from '@tensorflow/tfjs';
import { normal, randomKey } from '../../src/random/random.ts';
import { expectClose } from '../support/fixture.ts';

export const wasm = (): tf.KernelBackend & { numDataIds(): number } =>
  tf.backend() as ReturnType<typeof wasm>;

export const values = (shape: readonly number[], seed: number): Float32Array =>
  Float32Array.from(normal(randomKey(seed), tf.util.sizeFromShape([...shape])));

export interface Call {
  readonly kernel: string;
  readonly inputs: Readonly<Record<string, { shape: number[]; values?: Int32Array | Float32Array }>>;
  readonly attrs: object;
}

/** The kernel's result on one backend, from inputs that are the same on every backend; nothing is left behind. */
export async function run(backend: 'wasm' | 'cpu', { kernel, inputs, attrs }: Call): Promise<Float32Array> {
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
export async function expectAgreement(call: Call): Promise<void> {
  const ours = await run('wasm', call);
  expect(await run('wasm', call), `${call.kernel} is not bit-equal the second time`).toEqual(ours);
  expectClose(ours, await run('cpu', call), 1e-4, `${call.kernel} ${JSON.stringify(call)}`);
}

type Pad = 'same' | 'valid' | number | [[0, 0], [number, number], [number, number], [0, 0]];

const side = fc.integer({ min: 0, max: 6 });

export const pad: fc.Arbitrary<Pad> = fc.oneof(
  fc.constantFrom<Pad>('same', 'valid'),
  side,
  fc.tuple(side, side, side, side).map(([t, b, l, r]): Pad => [
    [0, 0],
    [t, b],
    [l, r],
    [0, 0],
  ]),
);

type Shape4 = [number, number, number, number];

export interface Geometry {
  readonly batch: number;
  readonly size: [number, number];
  readonly kernel: [number, number];
  readonly strides: [number, number];
  readonly channels: number;
  readonly outputs: number;
  readonly pad: Pad;
}

export const rounding = (p: Pad): 'floor' | undefined => (typeof p === 'string' ? undefined : 'floor');

const outputShape = ({ batch, size, kernel, strides, channels, outputs, pad: p }: Geometry): Shape4 =>
  tf.backend_util.computeConv2DInfo(
    [batch, ...size, channels],
    [...kernel, channels, outputs],
    strides,
    1,
    p,
    rounding(p),
  ).outShape;

export const geometry: fc.Arbitrary<Geometry> = fc
  .record({
    batch: fc.constantFrom(1, 2, 3, 9),
    size: fc.tuple(fc.integer({ min: 3, max: 11 }), fc.integer({ min: 3, max: 11 })),
    kernel: fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 })),
    strides: fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 })),
    channels: fc.constantFrom(1, 2, 3, 4, 5, 8, 13),
    outputs: fc.constantFrom(1, 3, 4, 7, 8, 12, 17, 70),
    pad,
  })
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
  .filter((g) => outputShape(g).every((length) => length > 0));

export function convolutionCalls(of: Geometry): Call[] {
  const { batch, size, kernel, strides, channels, outputs, pad: p } = of;
  const x: Shape4 = [batch, ...size, channels];
  const filter: Shape4 = [...kernel, channels, outputs];
  const attrs = { strides, pad: p, dataFormat: 'NHWC', dimRoundingMode: rounding(p) };
  const dy = { shape: outputShape(of) };
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

export function depthwiseCalls({
  batch,
  size,
  kernel,
  strides,
  channels,
  outputs,
  pad: p,
}: Geometry): Call[] {
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

export function poolCall(kernel: 'MaxPoolGrad' | 'AvgPoolGrad', g: Geometry): Call {
  const x: Shape4 = [g.batch, ...g.size, g.channels];
  const { outShape } = tf.backend_util.computePool2DInfo(x, g.kernel, g.strides, 1, g.pad, rounding(g.pad));
  const common = { dy: { shape: outShape }, input: { shape: x } };
  return {
    kernel,
    inputs: kernel === 'MaxPoolGrad' ? { ...common, output: { shape: outShape } } : common,
    attrs: { filterSize: g.kernel, strides: g.strides, pad: g.pad, dimRoundingMode: rounding(g.pad) },
  };
}
