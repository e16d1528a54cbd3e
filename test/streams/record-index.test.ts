import fs, { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { either as E } from 'fp-ts';
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { DataError } from '../../src/data/data-error.ts';
import { encodeExample, encodeLabelledImage } from '../../src/data/example.ts';
import { encodePng } from '../../src/data/png.ts';
import { encodeTfRecords, maskedCrc32c } from '../../src/data/tfrecord.ts';
import { imageReader } from '../../src/streams/load-image.ts';
import { indexTranslations, scratchFolder } from '../../src/streams/record-folder.ts';
import { findShards } from '../../src/streams/list-shards.ts';
import { indexRecords } from '../../src/streams/record-index.ts';
import { readRecordShards, writeRecordShards } from '../../src/streams/record-files.ts';
import { readFixture } from '../support/fixture.ts';

const root = mkdtempSync(join(tmpdir(), 'record-index-'));
const scratch = scratchFolder();
afterAll(async () => {
  await scratch.remove();
  rmSync(root, { recursive: true });
});

function right<A>(result: E.Either<DataError, A>): A {
  if (E.isLeft(result)) throw new Error(JSON.stringify(result.left));
  return result.right;
}

function left(result: E.Either<DataError, unknown>): DataError {
  if (E.isRight(result)) throw new Error('expected an error');
  return result.left;
}

/** Grey images of different lengths; the last one does not fit into one piece of a file as it is read. */
const image = (value: number, side = 2) =>
  encodePng({
    height: side,
    width: side,
    channels: 1,
    pixels: Uint8Array.from({ length: side * side }, (_, i) => (i === 0 ? value : (i * i * 31 + i) % 251)),
  });
const RECORDS = [1, 2, 3, 4, 5, 6, 7].map((value) =>
  encodeLabelledImage({ image: image(value, value === 5 ? 1400 : value), label: value % 2 }),
);

const counts = (...sizes: number[]) => {
  let next = 0;
  return sizes.map((size) => encodeTfRecords(RECORDS.slice(next, (next += size))));
};

describe('an index of records', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(root, 'case-'));
  });
  const write = (name: string, bytes: Uint8Array) => {
    writeFileSync(join(folder, name), bytes);
    return join(folder, name);
  };

  it.each([
    ['plain', (bytes: Uint8Array) => bytes],
    ['compressed', (bytes: Uint8Array) => new Uint8Array(gzipSync(bytes))],
  ])('finds every record of published shards and reads its image: %s', async (_, stored) => {
    counts(3, 3, 1).forEach((bytes, i) => write(`0${i}-3.tfrec`, stored(bytes)));
    const { records: indexed } = right(await indexTranslations(folder, scratch, { count: 7 }));
    expect(indexed.map(({ value }) => value)).toEqual([1, 0, 1, 0, 1, 0, 1]);
    const reader = imageReader({ shape: [1, 1, 1], fit: 'crop' });
    const whole = imageReader({ shape: [7, 7, 1] });
    const last = right(await whole.load(indexed[6]!.image));
    expect(last[0]).toBe(7);
    expect(last[1]).toBe(32);
    expect([...right(await reader.load(indexed[0]!.image))]).toEqual([1]);
    await Promise.all([reader.close(), whole.close()]);
  });

  it('names a damaged image by its shard, the same every time, also where that was expanded', async () => {
    const damaged = encodeLabelledImage({ image: Uint8Array.of(1, 2, 3), label: 1 });
    const shard = write('00-1.tfrec', gzipSync(encodeTfRecords([damaged])));
    const reader = imageReader({ shape: [1, 1, 1] });
    for (const place of [scratch, scratchFolder()]) {
      const [record] = right(await indexTranslations(folder, place)).records;
      expect(left(await reader.load(record!.image)).where).toBe(`${shard}, expanded, record at byte 12`);
      if (place !== scratch) await place.remove();
    }
    await reader.close();
  });

  it('accepts record folders of our own, plain or compressed, and checks what they were made from', async () => {
    for (const compression of ['none', 'gzip'] as const) {
      const settings = { seed: 1 };
      right(await writeRecordShards(folder, compression, RECORDS, { settings, shardSize: 4, compression }));
      const shard = readFileSync(join(folder, compression, '00-4.tfrec'));
      expect(shard[0] === 0x1f && shard[1] === 0x8b).toBe(compression === 'gzip');
      const { records } = right(await readRecordShards(folder, compression, { settings }));
      expect(records.map((record) => [...record.subarray(0, 99)])).toEqual(
        RECORDS.map((record) => [...record.subarray(0, 99)]),
      );
      const path = join(folder, compression);
      expect(right(await indexTranslations(path, scratch, { settings })).records.length).toBe(7);
      const other = left(await indexTranslations(path, scratch, { settings: { seed: 2 } }));
      expect(other.found).toBe('{"seed":1}');
    }
  });

  it.each(['none', 'gzip'] as const)(
    'holds shards to their manifest: compression %s',
    async (compression) => {
      const written = { settings: { seed: 1 }, shardSize: 4, compression };
      right(await writeRecordShards(folder, 'one', RECORDS, written));
      right(await writeRecordShards(folder, 'other', [...RECORDS].reverse(), written));
      const [shard, from] = ['one', 'other'].map((name) => join(folder, name, '00-4.tfrec')) as [
        string,
        string,
      ];
      const bytes = readFileSync(from);
      writeFileSync(shard, bytes);
      const found = left(await indexTranslations(join(folder, 'one'), scratch));
      expect(found.where).toBe(shard);
      expect(found.expected).toMatch(/^(\d+ bytes, as its manifest says|the SHA-256 \w+ of its manifest)$/);
      expect(found.cure).toBe('copy the record folder again, or make it again');
      // As many bytes as the manifest says.
      const manifest = join(folder, 'one', 'manifest.json');
      const text = readFileSync(manifest, 'utf8');
      writeFileSync(manifest, text.replace(/"bytes": \d+/, `"bytes": ${bytes.length}`));
      expect(left(await indexTranslations(join(folder, 'one'), scratch)).expected).toMatch(/^the SHA-256 /);
      rmSync(shard);
      expect(left(await indexTranslations(join(folder, 'one'), scratch)).where).toBe(shard);
    },
  );

  it('gives the offsets at which the records lie, in whatever folders', async () => {
    mkdirSync(join(folder, 'b'));
    const [first, second] = counts(2, 5);
    write('a.tfrecord', first!);
    write('b/c.tfrecords', second!);
    const shards = right(await findShards(folder)).paths;
    expect(shards).toEqual([join(folder, 'a.tfrecord'), join(folder, 'b/c.tfrecords')]);
    const indexed = right(await indexRecords(shards, scratch.path, () => E.right(null)));
    expect(indexed.length).toBe(7);
    for (const [i, { image: location }] of indexed.entries()) {
      const { offset, length } = location.record!;
      const stored = readFileSync(location.file).subarray(offset, offset + length);
      expect(stored.equals(RECORDS[i]!)).toBe(true);
    }
  });

  it('reads the published program’s own shards', async () => {
    const { cases } = readFixture<{
      readonly what: string;
      readonly shards: readonly { readonly file: string; readonly base64: string }[];
      readonly labels: readonly number[];
      readonly decoded: { readonly values: number[][][][] };
    }>('records');
    for (const { shards, labels, decoded } of cases.filter(({ what }) => what === 'stage-1 output shards')) {
      for (const { file, base64 } of shards) write(file, Buffer.from(base64, 'base64'));
      const { records: indexed } = right(await indexTranslations(folder, scratch, { count: labels.length }));
      expect(indexed.map(({ value }) => value)).toEqual(labels);
      const reader = imageReader({ shape: [16, 16, 3] });
      let worst = 0;
      let sum = 0;
      for (const [i, { image: location }] of indexed.entries()) {
        const pixels = right(await reader.load(location));
        decoded.values[i]!.flat(2).forEach((value, at) => {
          worst = Math.max(worst, Math.abs(value - pixels[at]!));
          sum += Math.abs(value - pixels[at]!);
        });
      }
      await reader.close();
      // The values are from TensorFlow's fast transform; its accurate one is 10 levels from them, 1.9 in the mean.
      expect(worst).toBeLessThanOrEqual(10);
      expect(sum / (labels.length * 768)).toBeLessThan(2);
    }
  });

  const lengthField = (length: bigint) => {
    const bytes = new Uint8Array(12);
    const view = new DataView(bytes.buffer);
    view.setBigUint64(0, length, true);
    view.setUint32(8, maskedCrc32c(bytes.subarray(0, 8)), true);
    return bytes;
  };
  const flipped = (bytes: Uint8Array, at: number) => bytes.map((byte, i) => (i === at ? byte ^ 1 : byte));
  const whole = encodeTfRecords(RECORDS.slice(0, 3));
  const second = 16 + RECORDS[0]!.length;
  it.each([
    [
      'a record that is cut',
      whole.subarray(0, whole.length - 9),
      /byte \d+$/,
      /^the end of the file at byte/,
    ],
    ['a header that is cut', whole.subarray(0, second + 5), new RegExp(`byte ${second}$`), /^5 bytes$/],
    ['a changed byte', flipped(whole, second + 20), new RegExp(`byte ${second + 12}$`), /^checksum 0x/],
    ['a changed length', flipped(whole, second), new RegExp(`byte ${second}$`), /^checksum 0x/],
    [
      'a length of 2^60',
      Buffer.concat([whole, lengthField(2n ** 60n)]),
      new RegExp(`byte ${whole.length}$`),
      /^1152921504606846976 bytes$/,
    ],
    ['no records', new TextEncoder().encode('not a record file at all'), /byte 0$/, /^checksum 0x/],
    ['no example', encodeTfRecords([Uint8Array.of(255, 255, 255)]), /record 0$/, /that are none/],
    [
      'no image',
      encodeTfRecords([encodeExample({ label: { kind: 'int64', values: [1n] } })]),
      /record 0, feature image$/,
      /^none$/,
    ],
    [
      'a label of another kind',
      encodeTfRecords([
        encodeExample({
          image: { kind: 'bytes', values: [image(1)] },
          label: { kind: 'float', values: [1] },
        }),
      ]),
      /record 0, feature label$/,
      /^float$/,
    ],
  ])('names the shard and the place: %s', async (_, bytes, where, found) => {
    for (const compressed of [false, true]) {
      const file = write('00-10240.tfrec', compressed ? gzipSync(bytes) : bytes);
      const error = left(await indexTranslations(folder, scratch));
      expect(error.where).toContain(file);
      expect(error.where).toMatch(where);
      expect(error.found).toMatch(found);
    }
  });

  it('names a compressed shard that is cut', async () => {
    const bytes = gzipSync(whole);
    const file = write('00-10240.tfrec', bytes.subarray(0, bytes.length - 20));
    expect(left(await indexTranslations(folder, scratch))).toMatchObject({
      where: file,
      found: 'unexpected end of file',
    });
  });

  it('does not read a shard twice that is there plain and compressed', async () => {
    write('00-3.tfrec', counts(3)[0]!);
    write('00-3.tfrec.gz', gzipSync(counts(3)[0]!));
    expect(left(await findShards(folder))).toMatchObject({
      where: folder,
      found: '00-3.tfrec and 00-3.tfrec.gz',
    });
  });

  it('misses shards, folders and records', async () => {
    expect(left(await findShards(join(folder, 'none'))).found).toBe('no such folder');
    expect(left(await findShards(folder)).found).toBe('an empty folder');
    write('00-3.tfrec', counts(3)[0]!);
    write('02-3.tfrec', counts(3)[0]!);
    expect(left(await findShards(folder))).toMatchObject({
      expected: 'a shard 01-3.tfrec before 02-3.tfrec',
    });
    rmSync(join(folder, '02-3.tfrec'));
    expect(left(await indexTranslations(folder, scratch, { count: 4 }))).toMatchObject({
      where: folder,
      expected: '4 records, one of each image of the group',
      found: '3',
    });
    const unknown = left(await indexTranslations(folder, scratch, { settings: { seed: 1 } }));
    expect(unknown.where).toBe(join(folder, 'manifest.json'));
  });
});

describe('a compressed shard from outside', () => {
  const indexed = async (packed: Uint8Array) => {
    const folder = mkdtempSync(join(root, 'packed-'));
    const expansions = join(folder, 'scratch');
    mkdirSync(expansions);
    writeFileSync(join(folder, '00-10.tfrec'), packed);
    const found = await indexRecords(
      [join(folder, '00-10.tfrec')],
      () => Promise.resolve(expansions),
      E.right,
    );
    return { found, files: readdirSync(expansions), expansions };
  };

  it('that expands to far more than images do is refused, and nothing of it is left', async () => {
    const { found, files } = await indexed(gzipSync(new Uint8Array(2 ** 27)));
    expect(left(found).found).toMatch(/^more than \d+ bytes once it is expanded/);
    expect(files).toEqual([]);
  });

  it('whose record is longer than the shard and 16 MiB is refused, and nothing of it is left', async () => {
    const { found, files } = await indexed(gzipSync(encodeTfRecords([new Uint8Array(2 ** 25)])));
    expect(left(found).expected).toMatch(/^a record of at most 16\d{6} bytes$/);
    expect(files).toEqual([]);
  });

  it('is cut off, and nothing of it is left', async () => {
    const { found, files } = await indexed(gzipSync(encodeTfRecords(RECORDS)).subarray(0, 200));
    expect(left(found).expected).toBe('a readable file of records');
    expect(files).toEqual([]);
  });

  it('is refused before a slow disk has made its file, and nothing of it is made afterwards', async () => {
    const openAtOnce = fs.open;
    const opens = vi.spyOn(fs, 'open').mockImplementation(((path: string, ...rest: unknown[]) => {
      const later = path.includes('scratch') ? 50 : 0;
      setTimeout(() => Reflect.apply(openAtOnce, fs, [path, ...rest]), later);
    }) as typeof fs.open);
    const { found, files, expansions } = await indexed(gzipSync(encodeTfRecords(RECORDS)).fill(0xff, 10));
    opens.mockRestore();
    expect(left(found).expected).toBe('a readable file of records');
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect([files, readdirSync(expansions)]).toEqual([[], []]);
  });
});
