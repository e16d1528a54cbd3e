import { describe, expect, it } from 'vitest';
import { joinedBytes, u16, u32, u64, u8 } from '../../src/weights/little-endian.ts';

describe('numbers as bytes', () => {
  it('have their lowest byte first', () => {
    expect([...u8(1, 255)]).toEqual([1, 255]);
    expect([...u16(0x0102, 3)]).toEqual([2, 1, 3, 0]);
    expect([...u32(0xfffefdfc)]).toEqual([0xfc, 0xfd, 0xfe, 0xff]);
    expect([...u64(2 ** 40 + 7)]).toEqual([7, 0, 0, 0, 0, 1, 0, 0]);
  });

  it('are what Node writes, up to the largest exact one', () => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(BigInt(Number.MAX_SAFE_INTEGER));
    expect([...u64(Number.MAX_SAFE_INTEGER)]).toEqual([...bytes]);
  });

  it('are joined, and filled up with zeros', () => {
    expect([...joinedBytes([u8(1), u16(2), new Uint8Array(0)])]).toEqual([1, 2, 0]);
    expect([...joinedBytes([u8(1, 2)], 4)]).toEqual([1, 2, 0, 0]);
    expect(() => joinedBytes([u8(1, 2)], 1)).toThrow(RangeError);
  });
});
