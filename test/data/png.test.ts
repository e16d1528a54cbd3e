import { encode } from 'fast-png';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodePng, encodePng } from '../../src/data/png.ts';

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
        expect(decodePng(encodePng(image))).toEqual({ _tag: 'Right', right: image });
      }),
    );
  });

  it('refuses pixels that do not fit', () => {
    const pixels = new Uint8Array(4);
    expect(() => encodePng({ height: 2, width: 1, channels: 1, pixels })).toThrow('received [2, 1, 1]');
    expect(() => encodePng({ height: 1, width: 2, channels: 2, pixels })).toThrow('received [1, 2, 2]');
  });

  const png = encodePng({ height: 2, width: 2, channels: 1, pixels: Uint8Array.of(1, 2, 3, 4) });
  const huge = png.slice();
  new DataView(huge.buffer).setUint32(16, 2 ** 31 - 1);
  it.each([
    ['nothing', new Uint8Array(0), 'no such image'],
    ['JPEG', Uint8Array.of(0xff, 0xd8, 0xff, 0xe0), 'no such image'],
    ['a cut file', png.subarray(0, 50), 'no such image'],
    ['a changed byte', png.map((value, i) => (i === 45 ? value ^ 1 : value)), 'no such image'],
    ['an absurd size', huge, `one of ${(2 ** 31 - 1) * 2} pixels`],
    [
      'sixteen bits',
      encode({ height: 1, width: 1, channels: 1, depth: 16, data: Uint16Array.of(7) }),
      '1 channels of 16 bits',
    ],
    [
      'transparency',
      encode({ height: 1, width: 1, channels: 4, data: new Uint8Array(4) }),
      '4 channels of 8 bits',
    ],
  ])('refuses %s', (_, bytes, found) => {
    const decoded = decodePng(bytes, 'image 3');
    if (decoded._tag === 'Right') throw new Error('expected an error');
    expect(decoded.left.where).toBe('image 3');
    expect(decoded.left.found).toContain(found);
  });
});
