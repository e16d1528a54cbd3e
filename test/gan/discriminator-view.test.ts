import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { discriminatorView, discriminatorViews } from '../../src/gan/discriminator-view.ts';
import { foldKey, normal, randomKey } from '../../src/random/random.ts';
import { useBackend } from '../support/backend.ts';
import { directionalError } from '../support/finite-difference.ts';
import { expectClose } from '../support/fixture.ts';

type Shape = [number, number, number, number];
const draw = (name: string, shape: Shape): tf.Tensor4D =>
  tf.tensor4d(normal(foldKey(randomKey(3), name), tf.util.sizeFromShape(shape)), shape);

describe.each(['wasm', 'cpu'] as const)('views on %s', (backend) => {
  beforeAll(() => useBackend(backend));

  it('leave images alone where nothing is set', () => {
    const images = draw('images', [3, 4, 5, 2]);
    const view = discriminatorViews(randomKey(1), images.shape, {});
    const seen = discriminatorView(images, view);
    expectClose(seen.dataSync(), images.dataSync(), 1e-6);
    tf.dispose([images, view.rows, view.columns, seen]);
  });

  it('move an image by whole pixels, black from outside, each channel alike', () => {
    const shape: Shape = [40, 6, 7, 2];
    const images = draw('images', shape);
    const view = discriminatorViews(randomKey(7), shape, { shift: 2, probability: 1 });
    const [before, after] = [images.arraySync(), discriminatorView(images, view).arraySync()];
    const moves = new Set<string>();
    before.forEach((image, i) => {
      const found = [-2, -1, 0, 1, 2].flatMap((down) =>
        [-2, -1, 0, 1, 2].flatMap((right) => {
          const fits = image.every((_, r) =>
            image[0]!.every((_, c) => {
              const expected = image[r + down]?.[c + right] ?? [-1, -1];
              return expected.every((value, k) => Math.abs(value - after[i]![r]![c]![k]!) < 1e-5);
            }),
          );
          return fits ? [`${down},${right}`] : [];
        }),
      );
      expect(found).toHaveLength(1);
      moves.add(found[0]!);
    });
    // Of 25 moves 40 images take more than half.
    expect(moves.size).toBeGreaterThan(12);
    tf.dispose([images, view.rows, view.columns]);
  });

  it('mirror some images, left to right', () => {
    const shape: Shape = [20, 3, 4, 1];
    const images = draw('images', shape);
    const view = discriminatorViews(randomKey(2), shape, { mirror: true, probability: 1 });
    const [before, after] = [images.arraySync(), discriminatorView(images, view).arraySync()];
    const mirrored = before.filter((image, i) =>
      image.every((row, r) => row.every(([v], c) => Math.abs(v! - after[i]![r]![3 - c]![0]!) < 1e-5)),
    );
    expect(mirrored.length).toBeGreaterThan(3);
    expect(mirrored.length).toBeLessThan(17);
    tf.dispose([images, view.rows, view.columns]);
  });

  it('change as large a share of the images as is set', () => {
    const shape: Shape = [400, 4, 4, 1];
    const images = tf.ones<tf.Rank.R4>(shape);
    const view = discriminatorViews(randomKey(4), shape, { cutout: 2, probability: 0.25 });
    const black = discriminatorView(images, view).sum([1, 2, 3]).dataSync();
    const holes = black.filter((sum) => sum === 16 - 8).length;
    expect(holes + black.filter((sum) => sum === 16).length).toBe(400);
    // Binomial of 400 and 1/4: 100 ± 4 · 8.7.
    expect(Math.abs(holes - 100)).toBeLessThan(35);
    tf.dispose([images, view.rows, view.columns, view.mask!]);
  });

  it.each([1, 3])(
    'have the gradients of their finite differences, first and second, %i channels',
    (channels) => {
      const shape: Shape = [2, 6, 5, channels];
      const images = draw('images', shape);
      const options = { shift: 1, scale: 0.2, mirror: true, cutout: 2, probability: 1 };
      const view = discriminatorViews(randomKey(5), shape, options);
      const cubes = (x: tf.Tensor): tf.Scalar =>
        tf.tidy(() =>
          discriminatorView(x as tf.Tensor4D, view)
            .pow(3)
            .sum(),
        );
      expect(directionalError(cubes as never, [images])).toBeLessThan(1e-3);
      const slopes = (x: tf.Tensor): tf.Scalar =>
        tf
          .grad(cubes as never)(x)
          .square()
          .sum();
      expect(directionalError(slopes as never, [images], { epsilon: 1e-3 })).toBeLessThan(1e-2);
      tf.dispose([images, view.rows, view.columns, view.mask!]);
    },
  );
});

describe('views', () => {
  beforeAll(() => useBackend('cpu'));

  it('are a function of their key', () => {
    const at = (seed: number) => discriminatorViews(randomKey(seed), [4, 8, 8, 1], { shift: 3, scale: 0.1 });
    const [one, same, other] = [at(1), at(1), at(2)].map(({ rows }) => Array.from(rows.dataSync()));
    expect(same).toEqual(one);
    expect(other).not.toEqual(one);
  });

  it('refuse images of another size, or a mask of one image for several', () => {
    const view = discriminatorViews(randomKey(1), [2, 4, 5, 1], { cutout: 2 });
    const [mask, tall, images] = [
      tf.ones<tf.Rank.R4>([1, 4, 5, 1]),
      draw('tall', [2, 5, 5, 1]),
      draw('images', [2, 4, 5, 3]),
    ];
    expect(() => discriminatorView(tall, view)).toThrow('rows: expected shape [2, 5, 5], received [2, 4, 4]');
    expect(() => discriminatorView(images, { ...view, mask })).toThrow(
      'mask: expected shape [2, 4, 5, 1], received [1, 4, 5, 1]',
    );
    tf.dispose([view.rows, view.columns, view.mask!, mask, tall, images]);
  });

  it.each([
    [{ probability: 1.1 }, 'probability: expected a number in [0, 1], received 1.1'],
    [{ shift: 0.5 }, 'shift: expected a natural number of pixels, received 0.5'],
    [{ scale: 1 }, 'scale: expected a number in [0, 1), received 1'],
    [{ cutout: 9 }, 'cutout: expected 0 to 8 pixels, received 9'],
  ])('refuse %o', (options, message) => {
    expect(() => discriminatorViews(randomKey(1), [1, 8, 9, 1], options)).toThrow(message);
  });
});
