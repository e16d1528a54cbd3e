import { deflateSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crc32 } from '../support/png.ts';
import { decodeImage } from '../../src/data/decode-image.ts';
import { encodePng } from '../../src/data/png.ts';
import { bytesOf, cases, fileOf } from './image-cases.ts';

function decodeOrThrow(bytes: Uint8Array) {
  const decoded = decodeImage(bytes);
  if (decoded._tag === 'Left') throw new Error(JSON.stringify(decoded.left));
  return decoded.right;
}

function failure(bytes: Uint8Array, maximumPixels?: number) {
  const decoded = decodeImage(bytes, {
    name: 'bird.jpg',
    ...(maximumPixels === undefined ? {} : { maximumPixels }),
  });
  if (decoded._tag === 'Right') throw new Error('expected an error');
  return decoded.left;
}

/** A PNG file with the given header and compressed data. */
function pngFile(width: number, height: number, data: Uint8Array): Uint8Array {
  const chunk = (type: string, body: Uint8Array) => {
    const bytes = Buffer.concat([Buffer.from(type, 'latin1'), body]);
    const framed = Buffer.alloc(8 + bytes.length);
    framed.writeUInt32BE(body.length, 0);
    bytes.copy(framed, 4);
    framed.writeUInt32BE(crc32(bytes), 4 + bytes.length);
    return framed;
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const signature = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
  return new Uint8Array(
    Buffer.concat([signature, chunk('IHDR', header), chunk('IDAT', data), chunk('IEND', new Uint8Array(0))]),
  );
}

describe('images by other programs', () => {
  it.each(cases)('decode as they do: $what', ({ base64, tolerance, shape, pixels }) => {
    const image = decodeOrThrow(bytesOf(base64));
    expect([image.height, image.width, image.channels]).toEqual(shape);
    const expected = bytesOf(pixels);
    expect(image.pixels.length).toBe(expected.length);
    const differences = Array.from(image.pixels, (value, i) => Math.abs(value - expected[i]!));
    expect(Math.max(...differences)).toBeLessThanOrEqual(tolerance);
  });
});

describe('images that are none', () => {
  const encoder = new TextEncoder();
  it.each([
    ['an empty file', new Uint8Array(0), 'an empty file'],
    ['a web page', encoder.encode('<html><body>404'), 'text that begins with "<html><body>404"'],
    ['a GIF', encoder.encode('GIF89a\x01'), 'a GIF image'],
    ['a WebP', encoder.encode('RIFF\x10\x00\x00\x00WEBPVP8 '), 'a WebP image'],
    ['noise', Uint8Array.of(1, 2, 3, 4), 'bytes that begin with 01 02 03 04'],
  ])('are named: %s', (_, bytes, found) => {
    const error = failure(bytes);
    expect(error).toMatchObject({ where: 'bird.jpg', expected: 'a JPEG or PNG image', found });
  });

  it('are refused from their header if they claim too many pixels', () => {
    const huge = pngFile(50_000, 50_000, deflateSync(new Uint8Array(10)));
    expect(failure(huge).found).toBe('one of 50000 × 50000');
    const jpeg = fileOf('JPEG 4:4:4').slice();
    const frame = jpeg.findIndex((byte, i) => byte === 0xff && jpeg[i + 1] === 0xc0);
    jpeg.set([0xff, 0xff, 0xff, 0xff], frame + 5);
    expect(failure(jpeg).found).toBe('one of 65535 × 65535');
    expect(failure(fileOf('PNG grey'), 100).expected).toBe('an image of at most 100 pixels');
  });

  it('are refused without inflating them if they hold more than their header says', () => {
    const bomb = pngFile(1, 1, deflateSync(Buffer.alloc(2 ** 21, 'random?'), { level: 0 }));
    expect(failure(bomb).expected).toContain('for 1 × 1 pixels');
  });

  it('are refused if they have no pixels', () => {
    expect(failure(pngFile(0, 3, deflateSync(new Uint8Array(3)))).found).toBe('one of 0 × 3 pixels');
  });
});

describe('damaged images', () => {
  it.each(cases)('are an error wherever they are cut: $what', ({ base64 }) => {
    const whole = bytesOf(base64);
    for (let length = 0; length < whole.length - 1; length += Math.ceil(whole.length / 60)) {
      expect(decodeImage(whole.subarray(0, length))._tag).toBe('Left');
    }
  });

  it('never throw, hang or give another size, whatever byte is changed', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...cases),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.nat(255),
        ({ base64, shape }, place, value) => {
          const bytes = bytesOf(base64);
          bytes[Math.floor(place * (bytes.length - 1))] = value;
          const decoded = decodeImage(bytes, { maximumPixels: 10_000 });
          if (decoded._tag === 'Left') return;
          const { height, width, channels, pixels } = decoded.right;
          expect(pixels.length).toBe(height * width * channels);
          expect(shape.length).toBe(3);
        },
      ),
      { seed: 11, numRuns: 400 },
    );
  });

  it('are told by the checksum of a PNG', () => {
    const png = encodePng({ height: 4, width: 4, channels: 3, pixels: new Uint8Array(48).fill(7) });
    png[png.length - 20]! ^= 1;
    expect(failure(png)).toMatchObject({ where: 'bird.jpg', expected: 'a whole PNG image' });
  });
});
