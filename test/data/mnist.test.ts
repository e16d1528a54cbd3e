import { describe, expect, it } from 'vitest';
import type { DataError } from '../../src/data/data-error.ts';
import { encodeIdx } from '../../src/data/idx.ts';
import { decodeMnistSplit } from '../../src/data/mnist.ts';

function leftOf<A>(result: { _tag: 'Left'; left: DataError } | { _tag: 'Right'; right: A }): DataError {
  if (result._tag === 'Right') throw new Error('expected an error');
  return result.left;
}

describe('decodeMnistSplit', () => {
  const images = encodeIdx({ shape: [2, 28, 28], values: new Uint8Array(2 * 784).fill(9) });
  const labels = encodeIdx({ shape: [2], values: Uint8Array.of(3, 9) });

  it('joins images and labels', () => {
    const split = decodeMnistSplit({ images, labels });
    expect(split).toEqual({
      _tag: 'Right',
      right: { images: new Uint8Array(1568).fill(9), labels: Uint8Array.of(3, 9) },
    });
  });

  it.each([
    ['labels for images', { images: labels, labels }, 'images, byte 4', 'shape [2]'],
    [
      'images of another size',
      { images: encodeIdx({ shape: [1, 2, 2], values: new Uint8Array(4) }), labels },
      'images, byte 4',
      'shape [1, 2, 2]',
    ],
    [
      'no images',
      { images: encodeIdx({ shape: [0, 28, 28], values: new Uint8Array(0) }), labels },
      'images, byte 4',
      'shape [0, 28, 28]',
    ],
    ['images for labels', { images, labels: images }, 'labels, byte 4', 'shape [2, 28, 28]'],
    [
      'another number of labels',
      { images, labels: encodeIdx({ shape: [3], values: Uint8Array.of(1, 2, 3) }) },
      'labels, byte 4',
      'shape [3]',
    ],
    [
      'a label that is no digit',
      { images, labels: encodeIdx({ shape: [2], values: Uint8Array.of(1, 10) }) },
      'labels, byte 9',
      '10',
    ],
  ])('refuses %s', (_, files, where, found) => {
    const error = leftOf(decodeMnistSplit(files));
    expect(error.where).toBe(where);
    expect(error.found).toContain(found);
  });
});
