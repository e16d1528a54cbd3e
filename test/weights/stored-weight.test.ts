import { describe, expect, it } from 'vitest';
import { storedValues } from '../../src/weights/stored-weight.ts';

describe('numbers', () => {
  const read = (type: 'float16' | 'bfloat16' | 'float64', ...bytes: number[]): number[] => {
    const size = { float16: 2, bfloat16: 2, float64: 8 }[type];
    const view = Uint8Array.from([99, ...bytes]).subarray(1);
    return [...storedValues({ name: 'w', shape: [bytes.length / size], type, bytes: view })];
  };

  it('of half precision: zero, one, −2, the smallest, the largest, infinity, none', () => {
    expect(read('float16', 0, 0, 0, 0x3c, 0, 0xc0, 1, 0, 0xff, 0x7b, 0, 0xfc, 1, 0x7c)).toEqual([
      0,
      1,
      -2,
      2 ** -24,
      65504,
      -Infinity,
      NaN,
    ]);
  });

  it('of brain and double precision', () => {
    expect(read('bfloat16', 0x80, 0x3f, 0x49, 0xc0)).toEqual([1, -3.140625]);
    expect(read('float64', 0, 0, 0, 0, 0, 0, 0xf8, 0x3f)).toEqual([1.5]);
  });
});
