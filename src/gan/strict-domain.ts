/**
 * Degraded copies of real images that keep their domain, to train a strict domain classifier with.
 *
 * A generator finds what an ordinary domain classifier looks at before it finds the domain: a few specks, or a
 * little softness, on an image of the source move the classifier to the target although nothing of the target was
 * drawn. A classifier which has seen specked and blurred images of both domains, under their true domain, has to
 * look at what really tells the domains apart. The degradations vary in kind, number, size, contrast and softness,
 * so that no single amount of damage gives a domain away.
 */
import { imageBatch, type ImageShape } from '../augmentation/images.ts';
import { foldKey, type RandomKey, randomIntegers, uniform } from '../random/random.ts';

/** What {@link degrade} draws from. */
export interface DegradeOptions {
  /** `[low, high]` of the pixels, default `[0, 1]`. */
  readonly range?: readonly [number, number];
  /** Largest number of marks as a share of the image's pixels, default 0.04 (31 at 28×28); at least one is drawn. */
  readonly density?: number;
  /** Standard deviation of the blur in pixels, `[least, largest]`, default `[0.4, 1]`. */
  readonly blur?: readonly [number, number];
}

/** One image's dimensions and its place in the batch's pixels. */
interface Canvas {
  readonly pixels: Float32Array;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

const DIRECTIONS = [
  [0, 1],
  [1, 0],
  [1, 1],
  [1, -1],
] as const;

/** Mixes the pixel's channels with `value`; outside the image nothing happens. */
function mixPixel(canvas: Canvas, row: number, column: number, value: number, amount: number): void {
  const { pixels, height, width, channels } = canvas;
  if (row < 0 || row >= height || column < 0 || column >= width) return;
  const start = (row * width + column) * channels;
  for (let k = start; k < start + channels; k++) pixels[k] = pixels[k]! + amount * (value - pixels[k]!);
}

/** Dots, 2×2 dots and strokes of 2 or 3 pixels, two in three bright, with a contrast of 0.3 … 1. */
function addSpecks(
  canvas: Canvas,
  key: RandomKey,
  count: number,
  [low, high]: readonly [number, number],
): void {
  const { height, width } = canvas;
  const places = randomIntegers(foldKey(key, 'place'), count, 0, height * width);
  const forms = randomIntegers(foldKey(key, 'form'), count, 0, 4);
  const directions = randomIntegers(foldKey(key, 'direction'), count, 0, DIRECTIONS.length);
  const brightness = uniform(foldKey(key, 'brightness'), count);
  const contrast = uniform(foldKey(key, 'contrast'), count, 0.3, 1);
  places.forEach((place, mark) => {
    const [row, column] = [Math.floor(place / width), place % width];
    const value = brightness[mark]! < 2 / 3 ? high : low;
    const paint = (down: number, right: number) =>
      mixPixel(canvas, row + down, column + right, value, contrast[mark]!);
    const [down, right] = DIRECTIONS[directions[mark]!]!;
    const form = forms[mark]!;
    paint(0, 0);
    if (form === 1) {
      paint(0, 1);
      paint(1, 0);
      paint(1, 1);
    }
    if (form >= 2) for (let step = 1; step < form; step++) paint(step * down, step * right);
  });
}

/** Convolves along one axis with a normalised kernel; beyond the edge the edge's pixel is repeated. */
function convolve(canvas: Canvas, kernel: Float64Array, axis: 'rows' | 'columns'): void {
  const { pixels, height, width, channels } = canvas;
  const source = pixels.slice();
  const radius = (kernel.length - 1) / 2;
  const [length, stride] = axis === 'rows' ? [height, width * channels] : [width, channels];
  for (let k = 0; k < pixels.length; k++) {
    const position = Math.floor(k / stride) % length;
    let sum = 0;
    for (let offset = -radius; offset <= radius; offset++) {
      const clamped = Math.min(Math.max(position + offset, 0), length - 1);
      sum += kernel[offset + radius]! * source[k + (clamped - position) * stride]!;
    }
    pixels[k] = sum;
  }
}

function gaussianBlur(canvas: Canvas, sigma: number): void {
  const radius = Math.ceil(3 * sigma);
  const weights = Float64Array.from({ length: 2 * radius + 1 }, (_, i) =>
    Math.exp(-0.5 * ((i - radius) / sigma) ** 2),
  );
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const kernel = weights.map((weight) => weight / total);
  convolve(canvas, kernel, 'rows');
  convolve(canvas, kernel, 'columns');
}

/** Specks (40 %), blur (20 %), specks then blur (20 %: soft specks) or blur then specks (20 %). */
function degradeImage(canvas: Canvas, key: RandomKey, options: Required<DegradeOptions>): void {
  const [kind = 0, amount = 0, softness = 0] = uniform(foldKey(key, 'choice'), 3);
  const most = Math.max(1, options.density * canvas.height * canvas.width);
  // Log-uniform, so that few marks are as common as many.
  const count = Math.max(1, Math.round(most ** amount));
  const [least, largest] = options.blur;
  const speck = () => addSpecks(canvas, foldKey(key, 'specks'), count, options.range);
  const blur = () => gaussianBlur(canvas, least + softness * (largest - least));
  if (kind < 0.6) speck();
  if (kind >= 0.4) blur();
  if (kind >= 0.8) speck();
}

function checkOptions({ range, density, blur }: Required<DegradeOptions>): void {
  if (!(range[0] < range[1])) {
    throw new RangeError(`range: expected low < high, received ${range[0]}, ${range[1]}`);
  }
  if (!(density >= 0 && density <= 1)) {
    throw new RangeError(`density: expected a share in [0, 1], received ${density}`);
  }
  if (!(blur[0] > 0 && blur[0] <= blur[1] && Number.isFinite(blur[1]))) {
    throw new RangeError(`blur: expected 0 < least ≤ largest, received ${blur[0]}, ${blur[1]}`);
  }
}

/**
 * Copies of images with random specks, blur or both, for the strict domain classifier: the same domain and class.
 *
 * Every image draws its own kind of damage: specks (40 %), blur (20 %), or both, specks first or last (20 % each).
 * Specks are dots, 2×2 dots and strokes of 2 or 3 pixels, bright (two in three) or dark, mixed in with a contrast
 * of 0.3 … 1; their number is log-uniform from 1 to `density`·height·width. Blur is Gaussian. Image i depends on
 * its own pixels, the key and i only.
 *
 * @param images `[n·h·w·c]` row-major pixels within `options.range`; not changed.
 * @param shape `[n, h, w, c]`.
 * @param key Draws; use another key for every epoch.
 * @param options Range of the pixels and strength.
 * @returns `[n·h·w·c]`, within the range.
 * @throws RangeError if the pixels do not fit the shape, a pixel is outside the range, or an option is not valid.
 * @example
 * ```ts
 * import { degrade } from 'model-patching/gan';
 * import { randomKey } from 'model-patching/random';
 * const clean = new Float32Array(2 * 8 * 8).fill(0.25);
 * const specked = degrade(clean, [2, 8, 8, 1], randomKey(3), { range: [0, 1] });
 * if (specked.length !== 128 || specked.some((p) => p < 0 || p > 1)) throw new Error('same shape and range');
 * ```
 */
export function degrade(
  images: Float32Array,
  shape: ImageShape,
  key: RandomKey,
  options: DegradeOptions = {},
): Float32Array {
  const settings = { range: [0, 1], density: 0.04, blur: [0.4, 1], ...options } as const;
  checkOptions(settings);
  const [count, height, width, channels] = shape;
  const size = height * width * channels;
  const degraded = imageBatch(images.slice(), shape).pixels;
  const [low, high] = settings.range;
  const outside = degraded.find((pixel) => !(pixel >= low && pixel <= high));
  if (outside !== undefined) {
    throw new RangeError(`images: expected pixels in [${low}, ${high}], received ${outside}`);
  }
  for (let i = 0; i < count; i++) {
    const pixels = degraded.subarray(i * size, (i + 1) * size);
    degradeImage({ pixels, height, width, channels }, foldKey(key, i), settings);
  }
  // Rounding in the blur may step over an end of the range by an ulp.
  return degraded.map((pixel) => Math.min(Math.max(pixel, low), high));
}
