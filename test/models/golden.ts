/** What the golden tests of the networks share: weights and inputs by hash, and the comparisons. */
import * as tf from '@tensorflow/tfjs';
import { expect } from 'vitest';
import { valueAndGradients } from '../../src/gradients.ts';
import type { Network, NetworkWeights } from '../../src/models/network.ts';
import { expectClose, readFixture } from '../support/fixture.ts';

interface Summary {
  readonly shape: readonly number[];
  readonly mean: number;
  readonly l1: number;
  readonly indices: readonly number[];
  readonly values: readonly number[];
}

interface Gradient {
  readonly k?: number;
  readonly l2: number;
  readonly indices: readonly number[];
  readonly values: readonly number[];
}

interface Gradients {
  readonly loss: number;
  readonly weights: readonly Gradient[];
  readonly input: Gradient;
}

interface WeightSpecification {
  readonly k: number;
  readonly name: string;
  readonly kind: string;
  readonly shape: readonly number[];
  readonly trainable: boolean;
}

export interface ModelCase {
  readonly model: string;
  readonly weightsConvention: { readonly seed: number; readonly kernelGain: number };
  readonly input: {
    readonly shape: readonly number[];
    readonly seed: number;
    readonly frequency: number;
    readonly phase: number;
    readonly low: number;
    readonly high: number;
  };
  readonly params: { readonly total: number; readonly trainable: number };
  readonly weights: readonly WeightSpecification[] | string;
  readonly outputEval: Summary;
  readonly outputTrain?: Summary;
  readonly outputTrainDropoutOff?: Summary;
  readonly nonTrainableAfterTrain?: readonly { readonly k: number; readonly values: readonly number[] }[];
  readonly gradients?: Gradients;
}

/** A ReLU's argument that is nearer to zero than single precision can tell. */
interface Kink {
  /** What is added to the gradients' values, weights first and the input last, with the slope of the other side. */
  readonly moved: readonly (readonly number[])[];
}

/** Gradients of a case of `models` in double precision, of the same elements. */
export interface DoubleCase extends Gradients {
  readonly model: string;
  readonly inputShape: readonly number[];
  /** The nearest kinks, for a network that is held to one of the derivatives there. */
  readonly kinks?: readonly Kink[];
}

export const fixture = readFixture<ModelCase>('models');

/** The fixture's hash u(k, i) ∈ [−1, 1). */
export function hash(k: number, i: number, seed: number): number {
  let h = Math.imul(i + 1, 0x9e3779b1) ^ Math.imul(k + 1, 0x85ebca6b) ^ Math.imul(seed, 0xc2b2ae35);
  h ^= h >>> 16;
  h = Math.imul(h, 0x7feb352d);
  h ^= h >>> 15;
  h = Math.imul(h, 0x846ca68b);
  h ^= h >>> 16;
  return (h >>> 0) / 2 ** 31 - 1;
}

const product = (shape: readonly number[]): number => shape.reduce((p, n) => p * n, 1);

function weightValues(
  { k, name, kind, shape }: WeightSpecification,
  seed: number,
  gain: number,
): Float32Array {
  const [a, b, c, d] = shape as [number, number, number, number];
  const fan = shape.length === 2 ? a : name.includes('conv2d_transpose') ? (a * b * d) / 4 : a * b * c;
  const map: Record<string, (u: number) => number> = {
    kernel: (u) => gain * Math.sqrt(3 / fan) * u,
    gamma: (u) => 1 + 0.1 * u,
    scale: (u) => 1 + 0.1 * u,
    moving_variance: (u) => 1 + 0.1 * Math.abs(u),
  };
  const f = map[kind] ?? ((u: number) => 0.1 * u);
  return Float32Array.from({ length: product(shape) }, (_, i) => f(hash(k, i, seed)));
}

/** The case's weights under our names: matched by order alone, shapes checked. */
function goldenWeights(
  network: Network,
  { weightsConvention: { seed, kernelGain }, weights }: ModelCase,
): { weights: NetworkWeights; names: string[] } {
  const own = network.weights();
  const order = network.model.layers.flatMap((layer) =>
    layer.weights.map((w) => `${layer.name}/${w.originalName.split('/').pop()}`),
  );
  const specifications = weights as readonly WeightSpecification[];
  expect(order.length, 'number of weights').toBe(specifications.length);
  const tensors = specifications.map((specification, i) => {
    const name = order[i]!;
    const mine = own.trainable[name] ?? own.statistics[name];
    expect(mine?.shape, `${name} for ${specification.name}`).toEqual([...specification.shape]);
    expect(name in own.trainable, name).toBe(specification.trainable);
    return [
      name,
      tf.tensor(weightValues(specification, seed, kernelGain), [...specification.shape]),
    ] as const;
  });
  tf.dispose([own.trainable, own.statistics]);
  const part = (trainable: boolean): tf.NamedTensorMap =>
    Object.fromEntries(tensors.filter((_, i) => specifications[i]!.trainable === trainable));
  return { weights: { trainable: part(true), statistics: part(false) }, names: order };
}

function goldenInput({ input }: ModelCase): tf.Tensor {
  const { shape, seed, frequency, phase, low, high } = input;
  return tf.tensor(
    Float32Array.from({ length: product(shape) }, (_, i) => {
      const s = 0.6 * Math.sin(frequency * i + phase) + 0.4 * hash(1000, i, seed);
      return ((s + 1) / 2) * (high - low) + low;
    }),
    [...shape],
  );
}

/** Of a gradient, relative to its norm: the fixtures' own. */
const GRADIENT_TOLERANCE = 1e-3;

function expectOutput(actual: tf.Tensor, expected: Summary, tolerance: number, what: string): void {
  expect(actual.shape, what).toEqual([...expected.shape]);
  const values = actual.dataSync<'float32'>();
  expectClose(
    expected.indices.map((i) => values[i]!),
    expected.values,
    tolerance,
    what,
  );
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
  const l1 = values.reduce((sum, v) => sum + Math.abs(v), 0) / values.length;
  expectClose([mean, l1], [expected.mean, expected.l1], tolerance, `${what}: mean and mean magnitude`);
}

function expectGradient(
  actual: tf.Tensor,
  { l2, indices, values }: Gradient,
  tolerance: number,
  what: string,
): void {
  const numbers = actual.dataSync<'float32'>();
  const norm = Math.sqrt(numbers.reduce((sum, v) => sum + v * v, 0));
  expect(Math.abs(norm - l2), `${what}: norm ${norm}, expected ${l2}`).toBeLessThanOrEqual(
    tolerance * l2 + 1e-7,
  );
  const worst = Math.max(...indices.map((index, i) => Math.abs(numbers[index]! - values[i]!)));
  expect(worst, `${what}: largest difference, norm ${l2}`).toBeLessThanOrEqual(tolerance * l2 + 1e-7);
}

/** How far a gradient is from the one in double precision, relative to the latter's norm. */
const deviation = (values: readonly number[], double: Gradient): number =>
  Math.max(...values.map((value, i) => Math.abs(value - double.values[i]!))) / double.l2;

/**
 * As near to double precision as the reference's own single precision, over all gradients: their largest deviation and
 * its root mean square. Where rounding alone moves a gradient by several percent, its value in single precision proves
 * nothing, and a single tensor may be nearer or farther by chance.
 */
function expectAsNearToDouble(
  actual: (k: number | undefined) => tf.Tensor,
  reference: Gradients,
  double: Gradients,
): void {
  const singles = [...reference.weights, reference.input];
  const doubles = [...double.weights, double.input];
  const ours = doubles.map((gradient) => {
    const numbers = actual(gradient.k).dataSync();
    return deviation(
      gradient.indices.map((index) => numbers[index]!),
      gradient,
    );
  });
  const theirs = doubles.map((gradient, i) => deviation(singles[i]!.values, gradient));
  const rootMeanSquare = (values: number[]): number =>
    Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0) / values.length);
  expect(rootMeanSquare(ours), 'root mean square').toBeLessThanOrEqual(rootMeanSquare(theirs));
  expect(Math.max(...ours), 'largest').toBeLessThanOrEqual(Math.max(...theirs));
}

/** The gradients with those kinks on their other side that come nearest to `actual`: rounding decides which. */
export function onNearestSides(
  actual: (k: number | undefined) => Readonly<Record<number, number>>,
  double: Gradients,
  kinks: readonly Kink[],
): Gradient[] {
  const gradients = [...double.weights, double.input];
  const relative = (values: readonly (readonly number[])[]): number[] =>
    values.flatMap((of, g) => of.map((value) => value / (gradients[g]!.l2 + 1e-4)));
  const deviation = relative(
    gradients.map(({ k, indices, values }) => indices.map((index, i) => actual(k)[index]! - values[i]!)),
  );
  const moves = kinks.map(({ moved }) => relative(moved));
  const distance = (sides: number): number =>
    deviation.reduce((sum, value, i) => {
      const moved = moves.reduce((total, move, j) => total + (sides & (1 << j) ? move[i]! : 0), 0);
      return sum + (value - moved) ** 2;
    }, 0);
  const distances = Array.from({ length: 1 << kinks.length }, (_, sides) => distance(sides));
  const nearest = distances.indexOf(Math.min(...distances));
  const chosen = kinks.filter((_, j) => nearest & (1 << j));
  return gradients.map((gradient, g) => ({
    ...gradient,
    values: gradient.values.map((value, i) =>
      chosen.reduce((total, { moved }) => total + moved[g]![i]!, value),
    ),
  }));
}

export interface GoldenOptions {
  /** Applied to our logits where the fixture holds probabilities. */
  readonly head?: (logits: tf.Tensor) => tf.Tensor;
  /** Which parts are compared; default all that the case has. */
  readonly parts?: readonly ('eval' | 'train' | 'gradients')[];
  /** Whose weights to use where the case only refers to another. */
  readonly weightsOf?: ModelCase;
  /** The gradients in double precision, for networks whose gradients single precision does not determine. */
  readonly double?: DoubleCase | undefined;
}

/** Compares every number of a case; disposes the network. */
export function expectGolden(
  network: Network,
  golden: ModelCase,
  { head = (x) => x, parts = ['eval', 'train', 'gradients'], weightsOf = golden, double }: GoldenOptions = {},
): void {
  tf.tidy(() => {
    const { weights, names } = goldenWeights(network, weightsOf);
    const count = Object.values(weights.trainable).reduce((sum, w) => sum + w.size, 0);
    expect(count, 'trainable parameters').toBe(golden.params.trainable);
    const x = goldenInput(golden);
    const run = (mode: 'train' | 'infer'): tf.Tensor => head(network.forward(x, { mode, weights }).output);
    if (parts.includes('eval'))
      expectOutput(
        tf.tidy(() => run('infer')),
        golden.outputEval,
        2e-5,
        'evaluation',
      );
    const train = golden.outputTrainDropoutOff ?? golden.outputTrain;
    if (train && parts.includes('train')) {
      const { output, statistics } = network.forward(x, { mode: 'train', weights });
      expectOutput(head(output), train, 1e-4, 'training');
      for (const { k, values } of golden.nonTrainableAfterTrain ?? [])
        expectClose(statistics[names[k]!]!.dataSync().slice(0, values.length), values, 1e-4, names[k]!);
    }
    if (golden.gradients && parts.includes('gradients')) {
      const { loss, gradients } = valueAndGradients(
        () => {
          const { output } = network.forward(x, { mode: 'train', weights });
          const y = head(output);
          const coefficients = Float32Array.from({ length: y.size }, (_, i) =>
            hash(2000, i, golden.input.seed),
          );
          return { loss: y.mul(tf.tensor(coefficients, y.shape)).mean<tf.Scalar>(), aux: {} };
        },
        { ...weights.trainable, x },
      );
      expectClose(loss, golden.gradients.loss, 1e-4, 'loss');
      const actual = (k: number | undefined): tf.Tensor => gradients[k === undefined ? 'x' : names[k]!]!;
      if (double && !double.kinks) return expectAsNearToDouble(actual, golden.gradients, double);
      const expected = double?.kinks
        ? onNearestSides((k) => actual(k).dataSync(), double, double.kinks)
        : [...golden.gradients.weights, golden.gradients.input];
      for (const gradient of expected)
        expectGradient(actual(gradient.k), gradient, GRADIENT_TOLERANCE, names[gradient.k ?? -1] ?? 'input');
    }
  });
  network.model.dispose();
}
