import { describe, expect, it } from 'vitest';
import { decodeImage } from '../../../src/data/decode-image.ts';
import { encodeJpeg } from '../../../src/data/jpeg/encode-jpeg.ts';
import { bytesOf } from '../image-cases.ts';
import { JPEG_IMAGES, sha256 } from '../jpeg-cases.ts';

describe('JPEG files', () => {
  it.each(JPEG_IMAGES.written)('have the bytes that libjpeg writes: $what', ({ shape, pixels, files }) => {
    const [height, width, channels] = shape;
    const image = { height, width, channels, pixels: bytesOf(pixels) };
    const hashes = Object.keys(files).map((quality) => [quality, sha256(encodeJpeg(image, Number(quality)))]);
    expect(hashes.length).toBe(8);
    expect(Object.fromEntries(hashes)).toEqual(files);
  });

  it('are read back near to what was written', () => {
    for (const { shape, pixels } of JPEG_IMAGES.written.filter(({ what }) => what.startsWith('picture'))) {
      const [height, width, channels] = shape;
      const image = { height, width, channels, pixels: bytesOf(pixels) };
      const back = decodeImage(encodeJpeg(image, 100));
      if (back._tag === 'Left') throw new Error(back.left.found);
      expect(back.right.channels).toBe(channels);
      back.right.pixels.forEach((value, i) => {
        expect(Math.abs(value - image.pixels[i]!)).toBeLessThanOrEqual(4);
      });
    }
  });

  it('are not made of what is no image, or no quality', () => {
    const image = { height: 1, width: 1, channels: 1, pixels: Uint8Array.of(5) };
    expect(() => encodeJpeg(image, 0)).toThrow('quality: expected 1 … 100, received 0');
    expect(() => encodeJpeg({ ...image, channels: 2 })).toThrow(RangeError);
    expect(() => encodeJpeg({ ...image, height: 0, pixels: new Uint8Array(0) })).toThrow('rows and columns');
    const wide = { height: 1, width: 65_536, channels: 1, pixels: new Uint8Array(65_536) };
    expect(() => encodeJpeg(wide)).toThrow('rows and columns');
  });
});
