import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeImage } from '../../../src/data/decode-image.ts';
import { bytesOf } from '../image-cases.ts';
import { JPEG_IMAGES, jpegFile, sha256 } from '../jpeg-cases.ts';

const failure = (bytes: Uint8Array) => {
  const decoded = decodeImage(bytes, { name: 'a.jpg' });
  if (decoded._tag === 'Right') throw new Error('expected an error');
  return decoded.left;
};

/** The file with bytes put in before its last marker. */
const beforeEnd = (bytes: Uint8Array, ...added: number[]): Uint8Array =>
  Uint8Array.of(...bytes.subarray(0, -2), ...added, 0xff, 0xd9);

/** Where the first marker of a kind is. */
const markerAt = (bytes: Uint8Array, marker: number, from = 0): number =>
  bytes.findIndex((byte, i) => i >= from && byte === 0xff && bytes[i + 1] === marker);

describe('JPEG images', () => {
  it('have the bytes that libjpeg gives, over the grid of colour spaces, subsamplings, processes and restarts', () => {
    const wrong = JPEG_IMAGES.cases.filter(({ base64, shape, sha256: expected }) => {
      const decoded = decodeImage(bytesOf(base64));
      if (decoded._tag === 'Left') return true;
      const { height, width, channels, pixels } = decoded.right;
      return [height, width, channels].join() !== shape.join() || sha256(pixels) !== expected;
    });
    expect(JPEG_IMAGES.cases.length).toBeGreaterThan(90);
    expect(wrong.map(({ what }) => what)).toEqual([]);
  });

  it('may have bytes between their data and the marker behind them, and fill bytes before markers', () => {
    const whole = jpegFile('YCbCr 4:2:0');
    const expected = decodeImage(whole);
    expect(decodeImage(beforeEnd(whole, 0, 0, 7))).toEqual(expected);
    expect(decodeImage(beforeEnd(whole, 0xff, 0xff))).toEqual(expected);
    const frame = markerAt(whole, 0xc0);
    const filled = Uint8Array.of(...whole.subarray(0, frame), 0xff, 0xff, ...whole.subarray(frame));
    expect(decodeImage(filled)).toEqual(expected);
    // A second picture, as some cameras put behind the first.
    expect(decodeImage(Uint8Array.of(...whole, ...jpegFile('grey')))).toEqual(expected);
  });
});

describe('JPEG images that are not whole', () => {
  it.each(['YCbCr 4:2:0', 'YCbCr 4:4:4', 'CMYK', 'grey', 'scans', 'one component'])(
    'are refused with the place, wherever they are cut: %s',
    (what) => {
      const whole = jpegFile(what);
      const scan = markerAt(whole, 0xda);
      for (let length = 2; length < whole.length; length += length < scan ? 37 : 3) {
        const { found } = failure(whole.subarray(0, length));
        const [, place] = /^a damaged one \(byte (\d+): /.exec(found) ?? [];
        if (length > scan + 20) expect(Number(place)).toBeLessThanOrEqual(length);
      }
    },
  );

  it('are refused where data are missing in the middle, though the end is there', () => {
    for (const what of ['YCbCr 4:4:4', 'grey', 'scans']) {
      const whole = jpegFile(what);
      const scan = markerAt(whole, 0xda);
      const middle = scan + 20 + ((whole.length - scan) >> 2);
      expect(failure(beforeEnd(whole.subarray(0, middle))).found).toMatch(/^a damaged one \(byte \d+: /);
    }
  });

  it('are refused where a restart marker is another one', () => {
    const { what, base64 } = JPEG_IMAGES.cases.find((image) =>
      image.what.includes('33 x 17, sequential, restart 5'),
    )!;
    const bytes = bytesOf(base64);
    const restart = markerAt(bytes, 0xd0, markerAt(bytes, 0xda));
    expect(restart, what).toBeGreaterThan(0);
    bytes[restart + 1] = 0xd3;
    expect(failure(bytes)).toMatchObject({
      where: 'a.jpg',
      expected: 'a whole JPEG image',
      found: `a damaged one (byte ${restart}: expected the restart marker 0, found marker d3)`,
    });
  });

  it('are refused where scans of a progressive image are missing', () => {
    const whole = jpegFile("scans of one's own");
    const first = markerAt(whole, 0xda);
    const second = markerAt(whole, 0xc4, first + 1);
    expect(failure(Uint8Array.of(...whole.subarray(0, second), 0xff, 0xd9))).toMatchObject({
      found: expect.stringContaining('expected all scans of component 1, found some of them'),
    });
  });

  it('are refused where a table is missing', () => {
    const whole = jpegFile('grey');
    const table = markerAt(whole, 0xc4);
    whole[table + 1] = 0xe5;
    expect(failure(whole).found).toContain('expected the Huffman table 0, found none');
    const steps = jpegFile('grey');
    steps[markerAt(steps, 0xdb) + 1] = 0xe5;
    expect(failure(steps).found).toContain('expected the quantisation table 0, found none');
  });

  it('never throw, and never give another size, whatever bytes are changed', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...JPEG_IMAGES.cases),
        fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(255)), {
          minLength: 1,
          maxLength: 3,
        }),
        ({ base64 }, changes) => {
          const bytes = bytesOf(base64);
          for (const [place, value] of changes) bytes[Math.floor(place * (bytes.length - 1))] = value;
          const decoded = decodeImage(bytes, { maximumPixels: 10_000 });
          if (decoded._tag === 'Left') return;
          const { height, width, channels, pixels } = decoded.right;
          expect(pixels.length).toBe(height * width * channels);
        },
      ),
      { seed: 23, numRuns: 1500 },
    );
  });
});

describe('JPEG images of other kinds', () => {
  it('are refused by name', () => {
    const [arithmetic] = JPEG_IMAGES.refused;
    expect(failure(bytesOf(arithmetic!.base64)).found).toBe('one with arithmetic codes');
    const twelve = jpegFile('YCbCr');
    twelve[markerAt(twelve, 0xc0) + 4] = 12;
    expect(failure(twelve).found).toBe('3 channels of 12 bits');
    const lossless = jpegFile('YCbCr');
    lossless[markerAt(lossless, 0xc0) + 1] = 0xc3;
    expect(failure(lossless).found).toBe('a lossless one');
  });

  it('that claim many pixels in a short file take no memory', () => {
    const large = jpegFile('grey');
    large.set([0x20, 0, 0x20, 0], markerAt(large, 0xc0) + 5);
    expect(failure(large)).toMatchObject({
      found: expect.stringContaining('expected data of 1048576 blocks'),
    });
  });

  it('that hide another frame from the header are refused', () => {
    const whole = jpegFile('grey');
    const frame = markerAt(whole, 0xc0);
    const other = whole.slice(frame, frame + 2 + whole[frame + 3]!);
    other.set([0x80, 0, 0x80, 0], 5);
    // A marker of zero is a segment to some readers, and no marker to others.
    const hidden = [0xff, 0x00, 0x00, other.length + 2, ...other];
    const bytes = Uint8Array.of(...whole.subarray(0, frame), ...hidden, ...whole.subarray(frame));
    expect(failure(bytes)).toMatchObject({
      found: expect.stringContaining('expected one frame, found another'),
    });
  });
});

it('an image of more blocks than its bytes can hold is refused before anything is reserved', () => {
  const file = jpegFile('grey').slice();
  const frame = markerAt(file, 0xc0);
  // Two bits a block are four blocks a byte at most.
  const side = 8 * Math.ceil(Math.sqrt(4 * file.length));
  file.set([side >> 8, side & 255, side >> 8, side & 255], frame + 5);
  expect(failure(file).found).toMatch(/expected data of \d+ blocks, found \d+ bytes/);
});
