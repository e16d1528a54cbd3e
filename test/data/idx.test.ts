import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDataError, type DataError } from '../../src/data/data-error.ts';
import { decodeIdx, encodeIdx } from '../../src/data/idx.ts';

const VALID = Uint8Array.of(0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6);

function leftOf<A>(result: { _tag: 'Left'; left: DataError } | { _tag: 'Right'; right: A }): DataError {
  if (result._tag === 'Right') throw new Error('expected an error');
  return result.left;
}

describe('decodeIdx', () => {
  it('reads a hand-made file, also from the middle of a buffer', () => {
    const padded = new Uint8Array(VALID.length + 5);
    padded.set(VALID, 3);
    const expected = { _tag: 'Right', right: { shape: [2, 3], values: Uint8Array.of(1, 2, 3, 4, 5, 6) } };
    expect(decodeIdx(VALID)).toEqual(expected);
    expect(decodeIdx(padded.subarray(3, 3 + VALID.length))).toEqual(expected);
    const shared = Buffer.from(VALID);
    const decoded = decodeIdx(shared);
    shared.fill(0);
    expect(decoded).toEqual(expected);
  });

  it.each([
    ['nothing', Uint8Array.of(), 'byte 0', 'an empty file'],
    ['gzip', Uint8Array.of(0x1f, 0x8b, 8, 0), 'byte 0', '1f 8b 08 00'],
    ['float elements', Uint8Array.of(0, 0, 0x0d, 1, 0, 0, 0, 0), 'byte 0', '00 00 0d 01'],
    ['four dimensions', Uint8Array.of(0, 0, 8, 4), 'byte 0', '00 00 08 04'],
    ['no dimension', Uint8Array.of(0, 0, 8, 0), 'byte 0', '00 00 08 00'],
    ['a cut header', VALID.subarray(0, 10), 'byte 10', 'the end of the file'],
    ['a cut body', VALID.subarray(0, 16), 'byte 16', 'the end of the file'],
    ['bytes left over', Uint8Array.of(...VALID, 7, 7), 'byte 18', '2 bytes more'],
    [
      'a size whose product overflows 32 bits',
      Uint8Array.of(0, 0, 8, 3, ...[255, 255, 255, 255], ...[255, 255, 255, 255], ...[255, 255, 255, 255]),
      'byte 16',
      'the end of the file',
    ],
  ])('refuses %s', (_, bytes, where, found) => {
    const error = leftOf(decodeIdx(bytes, 'digits'));
    expect(error.where).toBe(`digits, ${where}`);
    expect(error.found).toBe(found);
    expect(formatDataError(error)).not.toContain('\n');
  });

  it('undoes encodeIdx, and every shortened file is an error', () => {
    const arrays = fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 3 }).chain((shape) =>
      fc.record({
        shape: fc.constant(shape),
        values: fc.uint8Array({
          minLength: shape.reduce((a, b) => a * b, 1),
          maxLength: shape.reduce((a, b) => a * b, 1),
        }),
      }),
    );
    fc.assert(
      fc.property(arrays, fc.nat(), (array, cut) => {
        const bytes = encodeIdx(array);
        expect(decodeIdx(bytes)).toEqual({ _tag: 'Right', right: array });
        expect(decodeIdx(bytes.subarray(0, cut % bytes.length))._tag).toBe('Left');
      }),
    );
  });

  it('never throws on arbitrary bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        decodeIdx(Uint8Array.of(0, 0, 8, ...bytes));
      }),
    );
  });
});

describe('encodeIdx', () => {
  it('refuses a shape that does not fit', () => {
    expect(() => encodeIdx({ shape: [2], values: new Uint8Array(3) })).toThrow('received [2]');
    expect(() => encodeIdx({ shape: [], values: new Uint8Array(1) })).toThrow('received []');
  });
});
