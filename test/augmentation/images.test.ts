import { describe, expect, it } from 'vitest';
import { compose, imageBatch, type Augmentation } from '../../src/augmentation/images.ts';
import { foldKey, randomKey } from '../../src/random/random.ts';
import { noise } from './random-images.ts';

describe('composition', () => {
  it('gives stage s the key folded with s, the whole batch going through each stage', () => {
    const keys: string[] = [];
    const stage: Augmentation = (images, key) => {
      keys.push(key.join());
      return images;
    };
    compose(stage, stage)(noise(0, [2, 2, 2, 1]), randomKey(4));
    expect(keys).toEqual([foldKey(randomKey(4), 0).join(), foldKey(randomKey(4), 1).join()]);
  });
});

describe('misuse throws, naming what was expected and received', () => {
  it.each<[string, () => unknown, RegExp]>([
    ['size', () => imageBatch(new Uint8Array(5), [1, 2, 3, 1]), /pixels: expected 6 .* received 5/],
    ['shape', () => imageBatch(new Uint8Array(0), [1, 0, 3, 1]), /shape: expected \[n, h, w, c\].*1,0,3,1/],
  ])('%s', (_, call, message) => {
    expect(call).toThrow(RangeError);
    expect(call).toThrow(message);
  });
});
