import { beforeAll, describe, expect, it } from 'vitest';
import fc from 'fast-check';
import * as tf from '@tensorflow/tfjs';
import { normal, randomKey } from '../../src/random.ts';
import { registerTrainingKernels } from '../../src/wasm/index.ts';
import { useBackend } from '../support/backend.ts';
import { directionalError } from '../support/finite-difference.ts';
import { expectClose } from '../support/fixture.ts';

const wasm = (): tf.KernelBackend & { numDataIds(): number } => tf.backend() as ReturnType<typeof wasm>;
const values = (shape: readonly number[], seed: number): Float32Array =>
  Float32Array.from(normal(randomKey(seed), tf.util.sizeFromShape([...shape])));

interface Call {
  readonly kernel: string;
  readonly inputs: Readonly<Record<string, { shape: number[]; values?: Int32Array }>>;
  readonly attrs: object;
}

/** The kernel's result on one backend, from inputs that are the same on every backend; nothing is left behind. */
async function run(backend: 'wasm' | 'cpu', { kernel, inputs, attrs }: Call): Promise<Float32Array> {
  await tf.setBackend(backend);
  const before = [tf.memory().numTensors, wasm().numDataIds()];
  const result = tf.tidy(() => {
    const tensors = Object.entries(inputs).map(([name, { shape, values: given }], i) => [
      name,
      given ? tf.tensor(given, shape, 'int32') : tf.tensor(values(shape, i + 1), shape),
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
const geometry = fc
  .record({
    batch: fc.integer({ min: 1, max: 3 }),
    size: fc.tuple(fc.integer({ min: 3, max: 11 }), fc.integer({ min: 3, max: 11 })),
    kernel: fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 })),
    strides: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
    channels: fc.constantFrom(1, 2, 3, 4, 5, 8, 13),
    outputs: fc.constantFrom(1, 3, 4, 7, 8, 12, 17),
    pad,
  })
  .filter(({ size, kernel, pad: p }) => p === 'same' || (kernel[0] <= size[0] && kernel[1] <= size[1]));

const rounding = (p: Pad): 'floor' | undefined => (typeof p === 'string' ? undefined : 'floor');

describe('kernels against the pure-JavaScript backend', () => {
  beforeAll(() => useBackend('wasm'));

  it('has the gradients of a convolution', async () => {
    await fc.assert(
      fc.asyncProperty(geometry, async ({ batch, size, kernel, strides, channels, outputs, pad: p }) => {
        const x = [batch, ...size, channels] as [number, number, number, number];
        const filter = [...kernel, channels, outputs] as [number, number, number, number];
        const attrs = { strides, pad: p, dataFormat: 'NHWC', dimRoundingMode: rounding(p) };
        const info = tf.backend_util.computeConv2DInfo(x, filter, strides, 1, p, rounding(p));
        const dy = { shape: info.outShape };
        await expectAgreement({
          kernel: 'Conv2DBackpropFilter',
          inputs: { x: { shape: x }, dy },
          attrs: { ...attrs, filterShape: filter },
        });
        await expectAgreement({
          kernel: 'Conv2DBackpropInput',
          inputs: { dy, filter: { shape: filter } },
          attrs: { ...attrs, inputShape: x },
        });
      }),
      { numRuns: 150, seed: 1 },
    );
  });
});
