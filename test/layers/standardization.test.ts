import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { batchNormalization, batchNormalizationWith } from '../../src/layers/batch-normalization.ts';
import { instanceNormalization } from '../../src/layers/instance-normalization.ts';
import { foldKey, normal, randomKey } from '../../src/random/random.ts';
import { useBackend } from '../support/backend.ts';
import { directionalError } from '../support/finite-difference.ts';
import { expectClose } from '../support/fixture.ts';

const draw = <T extends tf.Tensor>(name: string, shape: number[], mean = 0): T =>
  tf.tensor(normal(foldKey(randomKey(5), name), tf.util.sizeFromShape(shape), mean), shape) as T;

type Affine = { scale?: tf.Tensor; offset?: tf.Tensor };

type Normalization = (x: tf.Tensor4D, affine: Affine) => tf.Tensor;

/** A nonlinearity whose second derivative tfjs has: it loses that of operations which save their output, as tanh. */
const cube = (y: tf.Tensor): tf.Tensor => y.mul(y).mul(y);

const plain =
  (axes: number[], epsilon: number): Normalization =>
  (x, { scale, offset }) => {
    const mean = x.mean(axes, true);
    const centred = x.sub(mean);
    const standardized = centred.div(centred.square().mean(axes, true).add(epsilon).sqrt());
    const scaled = scale ? standardized.mul(scale) : standardized;
    return offset ? scaled.add(offset) : scaled;
  };

const moving = (): { mean: tf.Tensor; variance: tf.Tensor } => ({
  mean: tf.tensor1d([0.2, -0.3, 0.1]),
  variance: tf.tensor1d([0.8, 1.3, 2]),
});

const cases: readonly [string, Normalization, Normalization][] = [
  ['batch, training', (x, affine) => batchNormalization(x, affine, 1e-2).output, plain([0, 1, 2], 1e-2)],
  [
    'batch, inference',
    (x, affine) => batchNormalizationWith(x, moving(), affine, 1e-2),
    (x, { scale, offset }) => {
      const { mean, variance } = moving();
      const y = x.sub(mean).div(variance.add(1e-2).sqrt());
      const scaled = scale ? y.mul(scale) : y;
      return offset ? scaled.add(offset) : scaled;
    },
  ],
  ['instance', (x, affine) => instanceNormalization(x, affine, 1e-2), plain([1, 2], 1e-2)],
];

describe.each(['wasm', 'cpu'] as const)('on %s', (backend) => {
  beforeAll(() => useBackend(backend));

  describe.each(cases)('%s normalisation', (_, fused, unfused) => {
    const affineOf = (names: string, [scale, offset]: readonly tf.Tensor[]): Affine => ({
      ...(names.includes('scale') ? { scale: scale! } : {}),
      ...(names.includes('offset') ? { offset: offset! } : {}),
    });
    const inputs = (): [tf.Tensor4D, tf.Tensor1D, tf.Tensor1D, tf.Tensor4D] => [
      draw('x', [3, 4, 3, 3], 0.5),
      draw('scale', [3], 1),
      draw('offset', [3]),
      draw('coefficients', [3, 4, 3, 3]),
    ];

    it.each(['scale and offset', 'offset', 'scale', 'neither'])(
      'with %s: value and gradients are those of the plain form, and of finite differences',
      (names) => {
        tf.tidy(() => {
          const [x, scale, offset, coefficients] = inputs();
          const loss =
            (form: Normalization) =>
            (...[a, ...affine]: tf.Tensor[]): tf.Scalar =>
              form(a as tf.Tensor4D, affineOf(names, affine))
                .mul(coefficients)
                .sum();
          const present = [x, ...(names === 'neither' ? [] : [scale, offset])];
          const used = names === 'scale' ? [x, scale] : names === 'offset' ? [x, offset] : present;
          const over =
            (form: Normalization) =>
            (...tensors: tf.Tensor[]): tf.Scalar =>
              names === 'offset' ? loss(form)(tensors[0]!, scale, tensors[1]!) : loss(form)(...tensors);
          expectClose(
            fused(x, affineOf(names, [scale, offset])),
            unfused(x, affineOf(names, [scale, offset])),
            1e-5,
          );
          const [mine, theirs] = [fused, unfused].map((form) => tf.grads(over(form))(used));
          mine!.forEach((gradient, i) => expectClose(gradient, theirs![i]!, 2e-5, `gradient ${i}`));
          expect(directionalError(over(fused), used)).toBeLessThanOrEqual(5e-3);
        });
      },
    );

    it('second order: a gradient penalty has the gradient of the plain form, and of finite differences', () => {
      tf.tidy(() => {
        const [x, scale, offset, coefficients] = inputs();
        const penalty =
          (form: Normalization) =>
          (...[a, s, o]: tf.Tensor[]): tf.Scalar => {
            const score = (input: tf.Tensor): tf.Scalar =>
              cube(form(input as tf.Tensor4D, { scale: s!, offset: o! }))
                .mul(coefficients)
                .sum();
            const slope = tf.grad((input: tf.Tensor) => score(input))(a!);
            return slope.square().sum([1, 2, 3]).add(1e-3).sqrt().sub(1).square().mean();
          };
        const all = [x, scale, offset];
        const [mine, theirs] = [fused, unfused].map((form) => tf.grads(penalty(form))(all));
        mine!.forEach((gradient, i) => expectClose(gradient, theirs![i]!, 5e-5, `gradient ${i}`));
        expect(directionalError(penalty(fused), all, { epsilon: 3e-3 })).toBeLessThanOrEqual(5e-3);
      });
    });
  });

  it('leaves no tensors behind, with and without gradients', () => {
    const [x, scale] = [draw<tf.Tensor4D>('x', [2, 2, 2, 3]), draw('scale', [3])];
    const before = tf.memory().numTensors;
    tf.dispose({ ...batchNormalization(x, { scale }) });
    instanceNormalization(x, { scale }).dispose();
    tf.dispose(tf.grads((a, s) => instanceNormalization(a as tf.Tensor4D, { scale: s! }).sum())([x, scale]));
    tf.dispose(tf.grads((a, s) => batchNormalization(a!, { scale: s! }).output.square().sum())([x, scale]));
    expect(tf.memory().numTensors).toBe(before);
    tf.dispose([x, scale]);
  });
});
