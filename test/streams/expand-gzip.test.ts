import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { expandedBound, expandGzip } from '../../src/streams/expand-gzip.ts';

/** A packed file whose end says that it holds so many bytes. */
function saying(file: Uint8Array, size: number): Uint8Array {
  const packed = gzipSync(file);
  packed.writeUInt32LE(size, packed.length - 4);
  return packed;
}

describe('a gzip file from outside', () => {
  it('is unpacked up to the bound and no further', async () => {
    const file = Buffer.alloc(100_000, 'ab');
    expect(Buffer.from(await expandGzip(gzipSync(file), file.length))).toEqual(file);
    const refused = { code: 'ERR_BUFFER_TOO_LARGE' };
    await expect(expandGzip(gzipSync(file), file.length - 1)).rejects.toMatchObject(refused);
    await expect(expandGzip(gzipSync(new Uint8Array(2 ** 27)), 2 ** 20)).rejects.toMatchObject(refused);
  });

  it('reserves no more than it can hold, whatever its end says', async () => {
    const before = process.memoryUsage().arrayBuffers;
    await expect(expandGzip(saying(Buffer.from('abc'), 2 ** 32 - 1), 2 ** 30)).rejects.toThrow('length');
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 22);
    await expect(expandGzip(Uint8Array.of(0x1f, 0x8b), 100)).rejects.toThrow();
  });

  it('may hold 32 MiB and some times its own size', () => {
    expect(expandedBound(1000, 4)).toBe(33_554_432 + 4000);
  });
});
