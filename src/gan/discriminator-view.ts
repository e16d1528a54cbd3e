/**
 * What a discriminator is shown of an image: the image moved, scaled, mirrored and with a hole, at random. Few real
 * images are soon known by heart; real and generated ones are therefore changed alike, in the updates of both sides,
 * so that the generator is not taught the changes (Karras et al., "Training generative adversarial networks with
 * limited data", NeurIPS 2020; Zhao et al., "Differentiable augmentation for data-efficient GAN training", NeurIPS 2020).
 */
import * as tf from '@tensorflow/tfjs';
import { foldKey, uniform, type RandomKey } from '../random/random.ts';

/** How much images are changed; a setting that is not given changes nothing. */
export interface DiscriminatorViewOptions {
  /** Share of images that are changed, 0.9 unless given. */
  readonly probability?: number;
  /** Most pixels that an image moves, up or down and left or right, a whole number. */
  readonly shift?: number;
  /** Largest relative change of either side, below 1. */
  readonly scale?: number;
  /** Whether half of the images are mirrored, left to right. */
  readonly mirror?: boolean;
  /** Side of the square that is taken out, pixels. */
  readonly cutout?: number;
}

/** One view of each image of a batch. */
export type DiscriminatorView = {
  /** R, `[batch, height, height]`. */
  readonly rows: tf.Tensor3D;
  /** C, `[batch, width, width]`. */
  readonly columns: tf.Tensor3D;
  /** 0 in the hole and 1 elsewhere, `[batch, height, width, 1]`; only with `cutout`. */
  readonly mask?: tf.Tensor4D;
};

/**
 * Images as a discriminator sees them.
 *
 * mask ⊙ (R (x + 1) Cᵀ) − 1: images in [−1, 1] are changed as ink on black, and what comes in from outside is black.
 *
 * @param images `[batch, height, width, channels]`.
 * @param view Of each image, see {@link discriminatorViews}.
 * @returns The shape of `images`; differentiable any number of times.
 * @throws Error if the shapes do not fit.
 * @see Karras et al., NeurIPS 2020, section 2; Zhao et al., NeurIPS 2020, equation 4
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { discriminatorView } from 'model-patching/gan';
 * const image = tf.tensor4d([1, 0, -1, 0], [1, 2, 2, 1]);
 * const [same, swapped] = [tf.tensor3d([[[1, 0], [0, 1]]]), tf.tensor3d([[[0, 1], [1, 0]]])];
 * const seen = discriminatorView(image, { rows: swapped, columns: same });
 * if (seen.dataSync().join() !== '-1,0,1,0') throw new Error('the rows change places');
 * tf.dispose([image, same, swapped, seen]);
 * ```
 */
export function discriminatorView(
  images: tf.Tensor4D,
  { rows, columns, mask }: DiscriminatorView,
): tf.Tensor4D {
  const [batch, height, width, channels] = images.shape;
  assertShape('rows', rows, [batch, height, height]);
  assertShape('columns', columns, [batch, width, width]);
  if (mask !== undefined) assertShape('mask', mask, [batch, height, width, 1]);
  return tf.tidy(() => {
    const ink = images.add(1).reshape<tf.Tensor3D>([batch, height, width * channels]);
    const moved = tf.matMul(rows, ink);
    const turned =
      channels === 1
        ? tf.matMul(moved, columns, false, true).reshape<tf.Tensor4D>(images.shape)
        : tf
            .matMul(
              columns,
              moved
                .reshape([batch, height, width, channels])
                .transpose([0, 2, 1, 3])
                .reshape([batch, width, height * channels]),
            )
            .reshape([batch, width, height, channels])
            .transpose<tf.Tensor4D>([0, 2, 1, 3]);
    return (mask === undefined ? turned : turned.mul(mask)).sub<tf.Tensor4D>(1);
  });
}

/** Bilinear sampling of an axis at centre + scale·(i − centre) + shift, as the matrices of a batch. */
function samplingMatrices(size: number, shifts: Float32Array, scales: Float32Array): tf.Tensor3D {
  const centre = (size - 1) / 2;
  const entries = new Float32Array(shifts.length * size * size);
  shifts.forEach((shift, image) => {
    for (let to = 0; to < size; to++) {
      const from = (to - centre) * scales[image]! + centre + shift;
      for (const near of [Math.floor(from), Math.floor(from) + 1]) {
        const weight = 1 - Math.abs(from - near);
        if (near >= 0 && near < size) entries[(image * size + to) * size + near]! = weight;
      }
    }
  });
  return tf.tensor3d(entries, [shifts.length, size, size]);
}

/**
 * A view of each image of a batch, at random.
 *
 * @param key Used for nothing else.
 * @param shape Of the images, `[batch, height, width, channels]`.
 * @param options How much they are changed.
 * @returns Owned by the caller.
 * @throws RangeError if an option is out of its range.
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { discriminatorView, discriminatorViews } from 'model-patching/gan';
 * import { randomKey } from 'model-patching/random';
 * const image = tf.ones<tf.Rank.R4>([1, 4, 4, 1]);
 * const view = discriminatorViews(randomKey(1), image.shape, { probability: 1, cutout: 2 });
 * const seen = discriminatorView(image, view);
 * const black = seen.dataSync().filter((value) => value === -1).length;
 * if (black !== 4) throw new Error('four of sixteen pixels are black');
 * tf.dispose([image, view, seen]);
 * ```
 */
export function discriminatorViews(
  key: RandomKey,
  [batch, height, width]: readonly [number, number, number, number],
  { probability = 0.9, shift = 0, scale = 0, mirror = false, cutout = 0 }: DiscriminatorViewOptions,
): DiscriminatorView {
  assertOptions({ probability, shift, scale, cutout }, Math.min(height, width));
  const draws = (purpose: string): Float32Array => uniform(foldKey(key, purpose), batch);
  const changed = draws('changed').map((u) => (u < probability ? 1 : 0));
  const whole = (purpose: string, from: number, to: number): Float32Array =>
    draws(purpose).map((u) => from + Math.floor(u * (to - from + 1)));
  const axis = (name: string, size: number, mirrored?: Float32Array): tf.Tensor3D => {
    const shifts = whole(`${name} shift`, -shift, shift).map((pixels, i) => pixels * changed[i]!);
    const scales = draws(`${name} scale`).map((u, i) => {
      const factor = 1 + changed[i]! * scale * (2 * u - 1);
      return mirrored !== undefined && changed[i]! * mirrored[i]! > 0.5 ? -factor : factor;
    });
    return samplingMatrices(size, shifts, scales);
  };
  const rows = axis('rows', height);
  const columns = axis('columns', width, mirror ? draws('mirror') : undefined);
  if (cutout === 0) return { rows, columns };
  const [top, left] = [whole('top', 0, height - cutout), whole('left', 0, width - cutout)];
  const mask = Float32Array.from({ length: batch * height * width }, (_, i) => {
    const image = Math.floor(i / (height * width));
    const [row, column] = [Math.floor(i / width) % height, i % width];
    const inside = (at: number, from: number): boolean => at >= from && at < from + cutout;
    return changed[image]! && inside(row, top[image]!) && inside(column, left[image]!) ? 0 : 1;
  });
  return { rows, columns, mask: tf.tensor4d(mask, [batch, height, width, 1]) };
}

function assertOptions(
  { probability, shift, scale, cutout }: Required<Omit<DiscriminatorViewOptions, 'mirror'>>,
  side: number,
): void {
  const inRange: Readonly<Record<string, readonly [value: number, fits: boolean, range: string]>> = {
    probability: [probability, probability >= 0 && probability <= 1, 'a number in [0, 1]'],
    shift: [shift, Number.isInteger(shift) && shift >= 0, 'a natural number of pixels'],
    scale: [scale, scale >= 0 && scale < 1, 'a number in [0, 1)'],
    cutout: [cutout, Number.isInteger(cutout) && cutout >= 0 && cutout <= side, `0 to ${side} pixels`],
  };
  for (const [name, [value, fits, range]] of Object.entries(inRange))
    if (!fits) throw new RangeError(`${name}: expected ${range}, received ${value}`);
}

function assertShape(argument: string, tensor: tf.Tensor, expected: readonly number[]): void {
  if (!tf.util.arraysEqual(tensor.shape, [...expected]))
    throw new Error(
      `${argument}: expected shape [${expected.join(', ')}], received [${tensor.shape.join(', ')}]`,
    );
}
