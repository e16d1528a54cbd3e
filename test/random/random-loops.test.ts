/** Random words and masks by WebAssembly and, without it, by JavaScript alone: the same bits, whatever the length. */
import fc from 'fast-check';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { dropoutMask } from '../../src/layers/dropout.ts';
import { randomLoops } from '../../src/random/random-loops.ts';
import { randomKey, randomWords } from '../../src/random/random.ts';
import { threefry2x32 } from '../../src/random/threefry.ts';

/** The modules as they are in an engine whose WebAssembly is this. */
async function inAnEngineWith(engine: unknown) {
  vi.resetModules();
  vi.stubGlobal('WebAssembly', engine);
  const [random, loops, dropout] = [
    await import('../../src/random/random.ts'),
    await import('../../src/random/random-loops.ts'),
    await import('../../src/layers/dropout.ts'),
  ];
  expect(loops.randomLoops()).toBeUndefined();
  vi.unstubAllGlobals();
  return { ...random, ...dropout };
}

const { Memory, Instance } = WebAssembly;
const forbidding = {
  Memory,
  Instance,
  Module: function (): never {
    throw new WebAssembly.CompileError('forbidden by the policy of this page');
  },
};
const plain = await inAnEngineWith(undefined);
const forbidden = await inAnEngineWith(forbidding);

/** Around the ends of vectors and of the pieces in which the loops work. */
const length = fc.oneof(
  fc.nat(100),
  ...[2048, 8192, 16_384].map((end) => fc.integer({ min: end - 20, max: end + 20 })),
);
const stream = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const sameBytes = (one: ArrayBufferView, other: ArrayBufferView): boolean =>
  Buffer.from(one.buffer, one.byteOffset, one.byteLength).equals(
    Buffer.from(other.buffer, other.byteOffset, other.byteLength),
  );

describe('with and without WebAssembly', () => {
  afterAll(() => vi.unstubAllGlobals());

  it('the loops are there', () => {
    expect(randomLoops()).toBeDefined();
  });

  it('words are those of the block function', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), stream, length, (seed, streamOfKey, count) => {
        const key = randomKey(seed);
        const words = randomWords(key, streamOfKey, count);
        expect(words.length).toBe(count);
        expect(sameBytes(words, plain.randomWords(key, streamOfKey, count))).toBe(true);
        expect(sameBytes(words, forbidden.randomWords(key, streamOfKey, count))).toBe(true);
        for (const i of [0, count >> 1, count - 1].filter((index) => index >= 0 && index < count))
          expect(words[i]).toBe(threefry2x32(key, i >>> 1, streamOfKey)[i & 1]);
      }),
      { seed: 3, numRuns: 60 },
    );
  });

  it('masks of every rate of eight bits are the same, and the greatest rate keeps a few', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), fc.nat(255), length, (seed, numerator, count) => {
        const [mask, expected] = [dropoutMask, plain.dropoutMask].map((make) => {
          const tensor = make(randomKey(seed), [count], numerator / 256);
          const values = tensor.dataSync();
          tensor.dispose();
          return values;
        });
        expect(sameBytes(mask!, expected!)).toBe(true);
      }),
      { seed: 3, numRuns: 60 },
    );
    const sparse = dropoutMask(randomKey(1), [20_000], 255 / 256);
    expect(new Set(sparse.dataSync())).toEqual(new Set([0, 256]));
    sparse.dispose();
  });
});
