import { describe, expect, it } from 'vitest';
import { decodeNpy, encodeNpy } from '../../src/weights/npy.ts';

/** An empty array of so many dimensions, stored by column. */
function withAxes(count: number): Uint8Array {
  const text = `{'descr': '<f4', 'fortran_order': True, 'shape': (${'1,'.repeat(count - 1)}0,), }\n`;
  const head = Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 2, 0, 0, 0, 0, 0]);
  head.writeUInt32LE(text.length, 8);
  return new Uint8Array(Buffer.concat([head, Buffer.from(text)]));
}

describe('an array of NumPy', () => {
  it('comes back', () => {
    const values = Float32Array.of(1, 2, 3, 4, 5, 6);
    const decoded = decodeNpy(encodeNpy([2, 3], values), 'a');
    expect(decoded).toMatchObject({ right: { name: 'a', shape: [2, 3], type: 'float32' } });
  });

  it('has at most 64 dimensions: steps of a million would take hours', () => {
    expect(decodeNpy(withAxes(64), 'a')).toMatchObject({ right: { type: 'float32' } });
    expect(decodeNpy(withAxes(65), 'a')).toMatchObject({ left: { found: '65' } });
    expect(decodeNpy(withAxes(1_000_000), 'a')).toMatchObject({
      left: { expected: 'at most 64 dimensions' },
    });
  });
});
