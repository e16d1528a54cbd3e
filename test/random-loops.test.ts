/** The WebAssembly loops of random numbers and masks against plain JavaScript: the same bits, whatever the length. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fillMask } from '../src/layers/dropout.ts';
import { randomLoops } from '../src/random-loops.ts';
import { fillWords, randomKey, threefry2x32 } from '../src/random.ts';

/** Around the ends of vectors and of the pieces in which the loops work. */
const length = fc.oneof(
  fc.nat(100),
  fc.integer({ min: 2040, max: 2060 }),
  fc.integer({ min: 8180, max: 20_000 }),
);
const stream = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const runs = { seed: 3, numRuns: 150 };

describe('the loops', () => {
  const { fillWords: wordsOf, fillMask: maskOf } = randomLoops()!;

  it('draw the words of plain JavaScript, which are those of the block function', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), stream, length, (seed, streamOfKey, count) => {
        const key = randomKey(seed);
        const [words, plain] = [new Uint32Array(count), new Uint32Array(count)];
        wordsOf(words, key, streamOfKey);
        fillWords(plain, key, streamOfKey);
        expect(words).toEqual(plain);
        for (const i of [0, count >> 1, count - 1].filter((index) => index >= 0 && index < count))
          expect(words[i]).toBe(threefry2x32(key, i >>> 1, streamOfKey)[i & 1]);
      }),
      runs,
    );
  });

  it('make the masks of plain JavaScript', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), fc.nat(255), fc.integer(), length, (seed, threshold, kept, count) => {
        const key = randomKey(seed);
        const [mask, plain] = [new Int32Array(count), new Int32Array(count)];
        maskOf(mask, key, 7, threshold, kept);
        fillMask[8](plain, key, 7, threshold, kept);
        expect(mask).toEqual(plain);
      }),
      runs,
    );
  });
});
