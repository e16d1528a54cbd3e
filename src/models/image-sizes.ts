/**
 * Which heights and widths the image networks take, as arithmetic. A builder refuses what its network cannot take; who
 * checks settings asks the same rule without building anything. Every rule holds for height and width, each for itself.
 */

/** The sides of images that a network takes. */
export interface ImageSides {
  /** In words, e.g. `at least 17×17 pixels`. */
  readonly expected: string;
  /** Whether a height or width, in pixels, is one of them. */
  takes(side: number): boolean;
}

const atLeast = (smallest: number): ImageSides => ({
  expected: `at least ${smallest}×${smallest} pixels`,
  takes: (side) => side >= smallest,
});

/** Of the small CNN: each of its two stages takes two pixels off and halves the rest, and 9 leave none. */
export const SMALL_CNN_SIDES: ImageSides = atLeast(10);

/**
 * Of a PatchGAN discriminator: ⌈side/2ⁿ⁻¹⌉ − 2 patches are left, which are none below 2ⁿ + 1.
 *
 * @param convolutions n, the length of its list of filters, at least 2.
 */
export const patchDiscriminatorSides = (convolutions: number): ImageSides => atLeast(2 ** convolutions + 1);

/** Of the residual generator: halved twice and doubled twice, and at a quarter reflected by one pixel. */
export const RESNET_GENERATOR_SIDES: ImageSides = {
  expected: 'at least 8×8 pixels in multiples of 4',
  takes: (side) => side >= 8 && side % 4 === 0,
};

/** Of the published U-Nets, of which the largest is padded to 256. */
export const PUBLISHED_GENERATOR_SIDES: ImageSides = {
  expected: 'at most 256×256 pixels',
  takes: (side) => side <= 256,
};

/**
 * Makes sure that a network takes images of a shape.
 *
 * @param sides What it takes.
 * @param inputShape Height, width, channels.
 * @throws RangeError naming the sizes that it takes.
 */
export function assertSides({ expected, takes }: ImageSides, inputShape: readonly number[]): void {
  if (!inputShape.slice(0, 2).every(takes))
    throw new RangeError(`inputShape: expected ${expected}, received [${inputShape.join(', ')}]`);
}
