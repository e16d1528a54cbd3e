import fc from 'fast-check';
import { imageBatch, type Images } from '../../src/augmentation/images.ts';
import { randomIntegers, randomKey } from '../../src/random/random.ts';

export function noise(seed: number, shape: readonly [number, number, number, number]): Images<Uint8Array> {
  const size = shape.reduce((product, n) => product * n, 1);
  return imageBatch(Uint8Array.from(randomIntegers(randomKey(seed), size, 0, 256)), shape);
}

const side = fc.integer({ min: 1, max: 9 });

export const batch = fc
  .tuple(fc.nat(1000), fc.integer({ min: 1, max: 4 }), side, side, fc.integer({ min: 1, max: 3 }))
  .map(([seed, n, h, w, c]) => noise(seed, [n, h, w, c]));

export const image = (images: Images, i: number): Images => {
  const size = images.pixels.length / images.shape[0];
  const pixels = images.pixels.slice(i * size, (i + 1) * size);
  return imageBatch(pixels, [1, images.shape[1], images.shape[2], images.shape[3]]);
};
