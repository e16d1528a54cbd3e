import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeImage } from '../../src/data/decode-image.ts';
import { encodePng } from '../../src/data/png.ts';

describe('PNG', () => {
  it('is lossless for grey and RGB', () => {
    const images = fc
      .tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 }), fc.constantFrom(1, 3))
      .chain(([height, width, channels]) => {
        const size = height * width * channels;
        return fc.record({
          height: fc.constant(height),
          width: fc.constant(width),
          channels: fc.constant(channels),
          pixels: fc.uint8Array({ minLength: size, maxLength: size }),
        });
      });
    fc.assert(
      fc.property(images, (image) => {
        expect(decodeImage(encodePng(image))).toEqual({ _tag: 'Right', right: image });
      }),
    );
  });

  it('refuses pixels that do not fit', () => {
    const pixels = new Uint8Array(4);
    expect(() => encodePng({ height: 2, width: 1, channels: 1, pixels })).toThrow('received [2, 1, 1]');
    expect(() => encodePng({ height: 1, width: 2, channels: 2, pixels })).toThrow('received [1, 2, 2]');
  });
});
