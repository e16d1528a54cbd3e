import { describe, expect, it } from 'vitest';
import { fitImage, withChannels } from '../../src/data/fit-image.ts';

describe('fitting', () => {
  it('turns grey into colour and back without loss', () => {
    const grey = {
      height: 1,
      width: 256,
      channels: 1,
      pixels: Uint8Array.from({ length: 256 }, (_, i) => i),
    };
    expect([...withChannels(withChannels(grey, 3), 1).pixels]).toEqual([...grey.pixels]);
    expect(() => withChannels(grey, 2)).toThrow('expected 1 or 3');
  });

  it('crops the middle or stretches the whole', () => {
    const pixels = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
    const tall = { height: 4, width: 2, channels: 1, pixels };
    expect([...fitImage(tall, [2, 2, 1], { fit: 'crop' }).pixels]).toEqual([3, 4, 5, 6]);
    expect([...fitImage(tall, [2, 2, 1]).pixels]).toEqual([2, 3, 6, 7]);
    expect(fitImage(tall, [4, 2, 1]).pixels).toBe(pixels);
  });
});
