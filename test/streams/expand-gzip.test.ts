import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { expandedBound, expandGzip } from '../../src/streams/expand-gzip.ts';

const MEBIBYTE = 2 ** 20;

it('unpacks a file into one piece of the size that its end states', async () => {
  const bytes = Uint8Array.from({ length: 100_000 }, (_, i) => (i * i) % 251);
  expect(new Uint8Array(await expandGzip(gzipSync(bytes), 100_000))).toEqual(bytes);
});

it('unpacks several members, of which the end states the last one alone', async () => {
  const members = Buffer.concat([gzipSync('ab'.repeat(5000)), gzipSync('c')]);
  expect(Buffer.from(await expandGzip(members, 20_000)).toString()).toBe(`${'ab'.repeat(5000)}c`);
});

it('refuses what expands to more than it may, whatever its end states', async () => {
  const bomb = gzipSync(new Uint8Array(8 * MEBIBYTE));
  expect(bomb.length).toBeLessThan(MEBIBYTE / 64);
  const lying = Buffer.from(bomb);
  lying.writeUInt32LE(10, lying.length - 4);
  for (const packed of [bomb, lying])
    await expect(expandGzip(packed, MEBIBYTE)).rejects.toMatchObject({ code: 'ERR_BUFFER_TOO_LARGE' });
});

it('bounds what a file may expand to by 32 MiB and so many times its size', () => {
  expect(expandedBound(1000, 40)).toBe(32 * MEBIBYTE + 40_000);
});
