import { encode } from 'fast-png';
import { describe, expect, it } from 'vitest';
import { decodeImage, largestSixteenBitValue } from '../../src/data/decode-image.ts';
import { decodePngValues, largestValue } from '../../src/data/decode-png.ts';
import { encodePng } from '../../src/data/png.ts';

/** A row of sixteen-bit pixels. */
const sixteen = (channels: number, ...values: number[]): Uint8Array =>
  encode({ height: 1, width: values.length / channels, channels, depth: 16, data: Uint16Array.from(values) });

describe('sixteen-bit PNG images', () => {
  it('keep their upper eight bits', () => {
    const decoded = decodeImage(sixteen(1, 0, 255, 256, 4095, 32_768, 65_535));
    expect(decoded).toMatchObject({ right: { pixels: Uint8Array.of(0, 0, 1, 15, 128, 255) } });
  });

  it('are scaled by the maximum that is given', () => {
    // ⌊256 v / 4096⌋, ⌊256 v / 1024⌋, and ⌊256 v / 1001⌋.
    const twelve = decodeImage(sixteen(1, 0, 15, 16, 2048, 4095), { sixteenBitMaximum: 4095 });
    expect(twelve).toMatchObject({ right: { pixels: Uint8Array.of(0, 0, 1, 128, 255) } });
    const ten = decodeImage(sixteen(3, 0, 4, 1023, 512, 3, 1000), { sixteenBitMaximum: 1023 });
    expect(ten).toMatchObject({ right: { channels: 3, pixels: Uint8Array.of(0, 1, 255, 128, 0, 250) } });
    const thousand = decodeImage(sixteen(1, 500, 1000), { sixteenBitMaximum: 1000 });
    expect(thousand).toMatchObject({ right: { pixels: Uint8Array.of(127, 255) } });
  });

  it('that exceed the maximum are refused', () => {
    const decoded = decodeImage(sixteen(1, 4096, 7), { name: 'a.png', sixteenBitMaximum: 4095 });
    const left = { where: 'a.png', expected: 'sixteen-bit values of at most 4095', found: '4096' };
    expect(decoded).toMatchObject({ left });
  });

  it('say their largest value, without transparency; others have none', () => {
    expect(largestSixteenBitValue(sixteen(2, 17, 65_535, 300, 65_535))).toMatchObject({ right: 300 });
    expect(largestSixteenBitValue(sixteen(4, 9, 8, 7, 65_535))).toMatchObject({ right: 9 });
    const eight = encodePng({ height: 1, width: 1, channels: 1, pixels: Uint8Array.of(200) });
    expect(largestSixteenBitValue(eight)).toMatchObject({ right: null });
    expect(largestSixteenBitValue(Uint8Array.of(1, 2))).toMatchObject({ _tag: 'Left' });
  });

  it('leave images of eight bits alone', () => {
    const image = { height: 1, width: 2, channels: 1, pixels: Uint8Array.of(3, 250) };
    expect(decodeImage(encodePng(image), { sixteenBitMaximum: 100 })).toMatchObject({ right: image });
  });
});

it('values of a PNG are those that are stored', () => {
  const values = decodePngValues(sixteen(2, 5, 1, 6, 2), { height: 1, width: 2, channels: 1 }, 'a.png');
  expect(values).toMatchObject({ right: Uint16Array.of(5, 6) });
  expect(largestValue([3, 9, 4])).toBe(9);
});
