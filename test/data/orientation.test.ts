import { describe, expect, it } from 'vitest';
import { decodeImage } from '../../src/data/decode-image.ts';
import { readImageHeader } from '../../src/data/image-header.ts';
import { exifOrientation, turned } from '../../src/data/orientation.ts';
import { bytesOf } from './image-cases.ts';
import { JPEG_IMAGES } from './jpeg-cases.ts';

const { turned: images } = JPEG_IMAGES;

/** A PNG with its chunk eXIf behind the pixels. */
function exifLast(png: Uint8Array): Uint8Array {
  const view = new DataView(png.buffer, png.byteOffset);
  const chunks: { readonly type: string; readonly bytes: Uint8Array }[] = [];
  for (let at = 8; at < png.length;) {
    const end = at + 12 + view.getUint32(at);
    chunks.push({ type: String.fromCharCode(...png.subarray(at + 4, at + 8)), bytes: png.subarray(at, end) });
    at = end;
  }
  const parts = (test: (type: string) => boolean) => chunks.filter(({ type }) => test(type));
  const ordered = [
    ...parts((type) => type !== 'eXIf' && type !== 'IEND'),
    ...parts((type) => type === 'eXIf'),
    ...parts((type) => type === 'IEND'),
  ];
  return new Uint8Array(Buffer.concat([png.subarray(0, 8), ...ordered.map(({ bytes }) => bytes)]));
}

describe('images with an orientation', () => {
  it.each(images)('are upright: $what', ({ base64, shape, pixels, orientation }) => {
    const [height, width, channels] = shape;
    const expected = { _tag: 'Right', right: { height, width, channels, pixels: bytesOf(pixels) } };
    const bytes = bytesOf(base64);
    const files = bytes[0] === 0x89 ? [bytes, exifLast(bytes)] : [bytes];
    for (const file of files) {
      expect(decodeImage(file)).toEqual(expected);
      expect(readImageHeader(file)).toMatchObject({ right: { height, width, orientation } });
    }
  });

  it('are left as they are stored where that is asked for', () => {
    const stored = images.filter(({ orientation }) => orientation === 1);
    for (const { what, base64 } of images) {
      const [kind] = what.split(',');
      const one = stored.find((image) => image.what.startsWith(kind!))!;
      const expected = { height: 3, width: 5, pixels: bytesOf(one.pixels) };
      const bytes = bytesOf(base64);
      expect(decodeImage(bytes, { orientation: 'stored' }), what).toMatchObject({ right: expected });
      const header = readImageHeader(bytes, what, { orientation: 'stored' });
      expect(header).toMatchObject({ right: { height: 3, width: 5, orientation: 1 } });
    }
  });

  it('of one row are turned by hand', () => {
    const image = { height: 1, width: 2, channels: 3, pixels: Uint8Array.of(1, 2, 3, 4, 5, 6) };
    expect(turned(image, 1)).toBe(image);
    expect([...turned(image, 2).pixels]).toEqual([4, 5, 6, 1, 2, 3]);
    expect(turned(image, 6)).toEqual({ ...image, height: 2, width: 1 });
    expect([...turned(image, 8).pixels]).toEqual([4, 5, 6, 1, 2, 3]);
  });
});

describe('Exif data that make no sense', () => {
  const exif = (...entry: number[]) =>
    Uint8Array.of(0x4d, 0x4d, 0, 42, 0, 0, 0, 8, 0, 1, ...entry, 0, 0, 0, 0);
  it.each([
    ['nothing', new Uint8Array(0), undefined],
    ['a long', exif(1, 18, 0, 4, 0, 0, 0, 1, 0, 0, 0, 6), 6],
    ['a byte', exif(1, 18, 0, 1, 0, 0, 0, 1, 3, 0, 0, 0), 3],
    ['zero', exif(1, 18, 0, 3, 0, 0, 0, 1, 0, 0, 0, 0), 1],
    ['nine', exif(1, 18, 0, 3, 0, 0, 0, 1, 0, 9, 0, 0), 1],
    ['a text', exif(1, 18, 0, 2, 0, 0, 0, 1, 0, 6, 0, 0), 1],
    ['a directory outside', Uint8Array.of(0x49, 0x49, 42, 0, 255, 255, 255, 255), undefined],
    ['a directory cut short', exif(1, 18, 0, 3).subarray(0, 14), undefined],
    ['another order of bytes', Uint8Array.of(0x4d, 0x49, 0, 42, 0, 0, 0, 8), undefined],
  ])('leave an image as it is, or are understood: %s', (_, bytes, orientation) => {
    expect(exifOrientation(bytes)).toBe(orientation);
  });
});
