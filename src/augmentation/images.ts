/**
 * Batches of images on the host, and augmentations as pure functions of a batch and a random key.
 *
 * An augmentation never looks at another image, and takes the draws of image i from the key folded with i alone.
 * What happens to an image depends on its place in the batch and on nothing else in it. Augmentations compose, each
 * stage over the whole batch before the next, as the published pipelines do (Goel, Gu, Li, Ré, "Model patching",
 * ICLR 2021).
 */
import { foldKey, randomIntegers, uniform, type RandomKey } from '../random/random.ts';

/** Bytes 0–255, or numbers in whatever range the caller holds. */
export type Pixels = Uint8Array | Float32Array;

/** Number of images, height, width, channels. */
export type ImageShape = readonly [count: number, height: number, width: number, channels: number];

/** A batch of images `[n, h, w, c]`, row-major. */
export interface Images<P extends Pixels = Pixels> {
  readonly pixels: P;
  readonly shape: ImageShape;
}

/** A pure function of a batch and a key; it may change the images' shape or their kind of number, not their count. */
export type Augmentation = (images: Images, key: RandomKey) => Images;

/**
 * A batch of images around existing numbers, which are not copied.
 *
 * @param pixels n·h·w·c numbers, row-major.
 * @param shape `[n, h, w, c]`; h, w and c at least 1.
 * @throws RangeError if the shape is not four whole numbers, or holds another number of pixels.
 * @example
 * ```ts
 * import { imageBatch } from 'model-patching/augmentation';
 * const images = imageBatch(new Uint8Array(2 * 28 * 28), [2, 28, 28, 1]);
 * if (images.shape[0] !== 2) throw new Error('two images expected');
 * ```
 */
export function imageBatch<P extends Pixels>(pixels: P, shape: ImageShape): Images<P> {
  const whole = shape.length === 4 && shape.every((n, i) => Number.isInteger(n) && n >= (i === 0 ? 0 : 1));
  if (!whole)
    throw new RangeError(`shape: expected [n, h, w, c] in whole numbers, received [${shape.join()}]`);
  const size = shape[0] * shape[1] * shape[2] * shape[3];
  if (pixels.length !== size) {
    throw new RangeError(
      `pixels: expected ${size} numbers for [${shape.join()}], received ${pixels.length} numbers`,
    );
  }
  return { pixels, shape };
}

/** Zeros of the same kind of number. */
export function emptyLike<P extends Pixels>(pixels: P, length: number): P {
  return (pixels instanceof Uint8Array ? new Uint8Array(length) : new Float32Array(length)) as P;
}

/** Throws unless there is one draw of `width` numbers for each image. */
export function assertDraws(
  name: string,
  draws: ArrayLike<number | boolean>,
  images: Images,
  width = 1,
): void {
  const expected = images.shape[0] * width;
  if (draws.length !== expected) {
    const shape = width === 1 ? `[${images.shape[0]}]` : `[${images.shape[0]}, ${width}]`;
    throw new RangeError(`${name}: expected ${shape}, received ${draws.length} numbers`);
  }
}

/** Uniform draws `[n, width]` from [low, high), those of image i from the key folded with i. */
export function uniformPerImage(key: RandomKey, count: number, width: number, low: number, high: number) {
  const draws = new Float32Array(count * width);
  for (let i = 0; i < count; i++) draws.set(uniform(foldKey(key, i), width, low, high), i * width);
  return draws;
}

/** Uniform integers `[n, width]` from [low, high), those of image i from the key folded with i. */
export function integersPerImage(key: RandomKey, count: number, width: number, low: number, high: number) {
  const draws = new Int32Array(count * width);
  for (let i = 0; i < count; i++) draws.set(randomIntegers(foldKey(key, i), width, low, high), i * width);
  return draws;
}

/**
 * Augmentations one after the other; stage s draws from the key folded with s.
 *
 * @param stages Augmentations; functions of the images alone, such as the scalings, fit too.
 * @returns The composed augmentation; of no stages, the identity.
 * @example
 * ```ts
 * import { compose, imageBatch, minusOneToOne, randomPadAndCrop, randomRotation } from 'model-patching/augmentation';
 * import { randomKey } from 'model-patching/random';
 * const augment = compose(randomRotation(45), randomPadAndCrop(), minusOneToOne);
 * const { pixels } = augment(imageBatch(new Uint8Array(28 * 28), [1, 28, 28, 1]), randomKey(3));
 * if (!pixels.every((value) => value === -1)) throw new Error('a black image stays black');
 * ```
 */
export function compose(...stages: readonly Augmentation[]): Augmentation {
  return (images, key) =>
    stages.reduce((batch, augment, stage) => augment(batch, foldKey(key, stage)), images);
}
