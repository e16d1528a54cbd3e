/**
 * The pixels of MNIST images with any corruption. A corruption is one function of an image and a key; another one is
 * added by naming it, and its images are a pure function of the seed, its name, and the image's split and position.
 */
import { either as E } from 'fp-ts';
import { foldKey, randomKey, type RandomKey } from '../random/random.ts';
import { dottedLine, zigzag } from './corruptions.ts';
import { refuse, type DataError } from './data-error.ts';
import type { MnistImage } from './mnist-correlation-names.ts';
import { MNIST_PIXELS, type Mnist } from './mnist.ts';

/** Draws over an image of 784 grey values, 0 … 255, and leaves the original as it is. */
export type MnistCorruption = (image: Uint8Array, key: RandomKey) => Uint8Array;

/** The corruptions that there are, by their published names. */
export const MNIST_CORRUPTIONS: Readonly<Record<string, MnistCorruption>> = {
  zigzag,
  dotted_line: dottedLine,
};

/** The names under which corruptions draw, so that an image is the same whichever way it is asked for. */
const keyName = (corruption: string): string => (corruption === 'dotted_line' ? 'dottedLine' : corruption);

/**
 * A function that gives the pixels of MNIST images.
 *
 * @param mnist Both splits.
 * @param options Seed of the corruptions (default 0), and corruptions beside {@link MNIST_CORRUPTIONS}.
 * @returns The image's pixels, `[28, 28, 1]` row-major; or that its position or corruption is none.
 * @example
 * ```ts
 * import { mnistLoader } from 'model-patching/data';
 * const split = { images: new Uint8Array(784).fill(9), labels: Uint8Array.of(4) };
 * const invert = (image: Uint8Array) => image.map((value) => 255 - value);
 * const load = mnistLoader({ train: split, test: split }, { corruptions: { invert } });
 * const inverted = await load({ split: 'train', index: 0, corruption: 'invert' });
 * if (inverted._tag === 'Left' || inverted.right[0] !== 246) throw new Error('246 expected');
 * ```
 */
export function mnistLoader(
  mnist: Mnist,
  options: {
    readonly seed?: number;
    readonly corruptions?: Readonly<Record<string, MnistCorruption>>;
  } = {},
): (image: MnistImage) => Promise<E.Either<DataError, Uint8Array>> {
  const { seed = 0 } = options;
  const corruptions = new Map(Object.entries({ ...MNIST_CORRUPTIONS, ...options.corruptions }));
  const load = ({ split, index, corruption }: MnistImage): E.Either<DataError, Uint8Array> => {
    const { images, labels } = mnist[split];
    const where = `MNIST ${split} image ${index}`;
    if (!(Number.isInteger(index) && index >= 0 && index < labels.length)) {
      const expected = `an image below ${labels.length}`;
      return refuse(where, expected, String(index), 'give the MNIST that was described');
    }
    const clean = images.slice(index * MNIST_PIXELS, (index + 1) * MNIST_PIXELS);
    if (corruption === null) return E.right(clean);
    const corrupt = corruptions.get(corruption);
    return corrupt === undefined
      ? refuse(
          where,
          `one of the corruptions ${[...corruptions.keys()].join(', ')}`,
          corruption,
          'correct the name, or add the corruption',
        )
      : E.right(corrupt(clean, foldKey(randomKey(seed), keyName(corruption), split, index)));
  };
  return (image) => Promise.resolve(load(image));
}
