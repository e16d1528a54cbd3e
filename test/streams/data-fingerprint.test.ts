import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { decodeListing, encodeListing, fingerprintOf } from '../../src/streams/data-fingerprint.ts';

const images = ['a', 'b'].map((content, i) => ({
  split: 'train',
  label: i,
  subgroup: 0,
  group: 'a',
  content,
  name: `${content}.png`,
}));
const listing = { classes: ['cat', 'dog'], subgroups: ['in'], images, trainingCounts: { a: 5 } };
const digest = (changed: Partial<typeof listing>): string => fingerprintOf({ ...listing, ...changed }).digest;

describe('the digest of a listing', () => {
  it('is of everything but names', () => {
    expect(digest({ images: images.map((image) => ({ ...image, name: 'x' })) })).toBe(digest({}));
    const others = [
      { classes: ['cat', 'fox'] },
      { subgroups: ['out'] },
      { images: [...images].reverse() },
      { images: images.slice(1) },
      { trainingCounts: { a: 4 } },
      ...[{ split: 'test' }, { label: 7 }, { subgroup: 1 }, { group: 'b' }, { content: 'c' }].map(
        (change) => ({
          images: [{ ...images[0]!, ...change }, images[1]!],
        }),
      ),
    ].map(digest);
    expect(new Set([...others, digest({})]).size).toBe(11);
  });
});

describe('the file of a listing', () => {
  it('gives it back', async () => {
    const digit = { split: 'test', label: 4, subgroup: 0, content: 'c', name: 'test 0' };
    for (const each of [listing, { classes: [], subgroups: [], images: [digit] }])
      expect(await decodeListing(await encodeListing(each), 'data.gz')).toEqual({
        _tag: 'Right',
        right: each,
      });
  });

  it('of an earlier version is told', async () => {
    expect(await decodeListing(gzipSync('{"format":1}'), 'data.gz')).toMatchObject({
      left: { found: 'one of format 1, which an earlier version wrote' },
    });
  });

  it('is refused when it is damaged or another one', async () => {
    const bytes = await encodeListing(listing);
    for (const wrong of [bytes.slice(0, 40), Uint8Array.of(1, 2, 3)])
      expect(await decodeListing(wrong, 'data.gz')).toMatchObject({
        _tag: 'Left',
        left: { where: 'data.gz', found: 'another or a damaged file' },
      });
  });
});

it('a listing that unpacks to a thousand times its size is none', async () => {
  const before = process.memoryUsage().arrayBuffers;
  const decoded = await decodeListing(gzipSync(new Uint8Array(2 ** 28)), 'data.gz');
  expect(decoded).toMatchObject({ left: { where: 'data.gz', found: 'another or a damaged file' } });
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 26);
});
