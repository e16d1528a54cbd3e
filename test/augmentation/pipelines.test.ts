import { describe, expect, it } from 'vitest';
import { cropAndEnlarge } from '../../src/augmentation/crop-and-enlarge.ts';
import { flipHorizontally, padAndCrop } from '../../src/augmentation/crop-and-flip.ts';
import { imageBatch, integersPerImage, uniformPerImage } from '../../src/augmentation/images.ts';
import { imagePipeline, imageScaling } from '../../src/augmentation/pipelines.ts';
import { rotate } from '../../src/augmentation/rotation.ts';
import { imagenetNormalization, minusOneToOne, zeroToOne } from '../../src/augmentation/scaling.ts';
import { foldKey, randomKey } from '../../src/random/random.ts';

const images = imageBatch(
  Uint8Array.from({ length: 5 * 12 * 10 * 3 }, (_, i) => (i * 89 + (i >> 3)) % 256),
  [5, 12, 10, 3],
);
const key = randomKey(17);

describe('published pipelines', () => {
  it('of MNIST-Correlation’s stage 1 rotate, shift, then scale', () => {
    const pipeline = imagePipeline({
      augmentations: [
        { kind: 'rotr', degrees: 45 },
        { kind: 'pad:crop', padding: 4, offsets: 'published' },
      ],
      scaling: { kind: 'BasicImagePreprocessing', range: 'minusone-one' },
    });
    const rotated = rotate(images, uniformPerImage(foldKey(key, 0), 5, 1, -45, 45));
    const shifted = padAndCrop(rotated, integersPerImage(foldKey(key, 1), 5, 2, 0, 8), 4);
    expect(pipeline(images, key)).toEqual(minusOneToOne(shifted));
  });

  it('of Waterbirds’ and CelebA’s stage 1 flip, crop, then scale', () => {
    const pipeline = imagePipeline({
      augmentations: [
        { kind: 'fliplr', probability: 0.5 },
        { kind: 'crop', fraction: 0.1 },
      ],
      scaling: { kind: 'BasicImagePreprocessing', range: 'minusone-one' },
    });
    const draws = uniformPerImage(foldKey(key, 0), 5, 1, 0, 1);
    const flipped = flipHorizontally(
      images,
      Array.from(draws, (draw) => draw > 0.5),
    );
    const cropped = cropAndEnlarge(flipped, uniformPerImage(foldKey(key, 1), 5, 4, 0, 0.1));
    expect(pipeline(images, key)).toEqual(minusOneToOne(cropped));
    expect(pipeline(images, key)).toEqual(pipeline(images, key));
    expect(pipeline(images, randomKey(18))).not.toEqual(pipeline(images, key));
  });

  it('of stage 2 only scale', () => {
    expect(imagePipeline({ scaling: { kind: 'ImageNetPreprocessing' } })(images, key)).toEqual(
      imagenetNormalization(images),
    );
    const zeroOne = imageScaling({ kind: 'BasicImagePreprocessing', range: 'zero-one' });
    expect(zeroOne(images)).toEqual(zeroToOne(images));
    expect(imageScaling({ kind: 'BasicImagePreprocessing', range: 'none' })(images)).toEqual({
      pixels: Float32Array.from(images.pixels),
      shape: images.shape,
    });
    expect(imagePipeline({})(images, key)).toBe(images);
  });

  it('refuse settings out of their range', () => {
    expect(() => imagePipeline({ augmentations: [{ kind: 'pad:crop', padding: 0 }] })).toThrow('padding');
    expect(() => imagePipeline({ augmentations: [{ kind: 'fliplr', probability: 2 }] })).toThrow(
      'probability',
    );
  });
});
