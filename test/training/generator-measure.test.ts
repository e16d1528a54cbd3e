import type * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { imageBatch } from '../../src/augmentation/images.ts';
import { foldKey, normal, randomKey } from '../../src/random/random.ts';
import { imagesWithNoise, translateImages } from '../../src/training/generator-measure.ts';
import { useBackend } from '../support/backend.ts';

beforeAll(() => useBackend('cpu'));

const key = randomKey(4);
const two = imageBatch(Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8), [2, 2, 1, 2]);

describe('noise of a translation', () => {
  it('stands behind the channels, the same at every pixel of an image', () => {
    const { pixels, shape } = imagesWithNoise(two, { planes: 2, key });
    const [first, second] = [0, 1].map((image) => [...normal(foldKey(key, image), 2)]);
    expect(shape).toEqual([2, 2, 1, 4]);
    expect([...pixels]).toEqual([1, 2, ...first!, 3, 4, ...first!, 5, 6, ...second!, 7, 8, ...second!]);
  });

  it('of an image does not depend on the images beside it, and another key gives another translation', () => {
    const second = imageBatch(two.pixels.slice(4), [1, 2, 1, 2]);
    const all = imagesWithNoise(two, { planes: 2, key });
    expect([...imagesWithNoise(second, { planes: 2, key }, 1).pixels]).toEqual([...all.pixels.slice(8)]);
    expect([...imagesWithNoise(second, { planes: 2, key: randomKey(5) }, 1).pixels]).not.toEqual([
      ...all.pixels.slice(8),
    ]);
  });

  it('leaves the images of a generator without noise as they are', () => {
    expect(imagesWithNoise(two, undefined)).toBe(two);
    expect(imagesWithNoise(two, { planes: 0, key })).toBe(two);
  });

  it('reaches the generator', async () => {
    const network = {
      forward: (x: tf.Tensor) => ({ output: x.slice([0, 0, 0, 2], [-1, -1, -1, 2]), statistics: {} }),
    };
    const weights = { trainable: {}, statistics: {} };
    const { pixels, shape } = await translateImages(two, { network, weights, noise: { planes: 2, key } });
    expect(shape).toEqual([2, 2, 1, 2]);
    expect([...pixels.slice(0, 2)]).toEqual([...normal(foldKey(key, 0), 2)]);
  });
});
