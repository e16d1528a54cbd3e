import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { appendFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { either as E } from 'fp-ts';
import { afterAll, describe, expect, it } from 'vitest';
import { runLog } from '../../src/runs/run-log.ts';
import { encodeTfRecords } from '../../src/data/tfrecord.ts';
import { writeRecordShards } from '../../src/streams/record-files.ts';
import { indexRecords } from '../../src/streams/record-index.ts';
import { writeFileAtomically } from '../../src/system/atomic-file.ts';
import { FullDiskError, withRoomFor } from '../../src/system/full-disk.ts';

/** A device of Linux on which every write finds the disk full. */
const FULL = '/dev/full';

const message = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'written',
    (error: unknown) => {
      expect(error).toBeInstanceOf(FullDiskError);
      return (error as Error).message;
    },
  );

describe.runIf(existsSync(FULL))('a full disk', () => {
  it('is told with the file, the bytes that it needs and a cure', async () => {
    const failed = withRoomFor('/data/run/best.json', 1234567, () => appendFile(FULL, 'text'));
    expect(await message(failed)).toMatch(
      /^\/data\/run\/best\.json: expected room for its 1,234,567 bytes, found a full disk with .+ \(ENOSPC\); make room/,
    );
  });

  it('of a log is told of the log', async () => {
    const text = '{"step":1,"loss":0.5}\n';
    expect(await message(runLog(FULL).append([{ step: 1, loss: 0.5 }]))).toContain(
      `${FULL}: expected room for its ${text.length} bytes`,
    );
  });
});

it('leaves any other error of a write as it is', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'no-folder-'));
  rmSync(folder, { recursive: true });
  await expect(withRoomFor('a', 1, () => writeFile(join(folder, 'a'), 'x'))).rejects.toMatchObject({
    code: 'ENOENT',
  });
});

it('says of a quota that it is one', async () => {
  const quota = Object.assign(new Error('EDQUOT: disk quota exceeded, write'), { code: 'EDQUOT' });
  expect(await message(withRoomFor('a', 1, () => Promise.reject(quota)))).toContain(
    'found that this user may write no more there (EDQUOT)',
  );
});

const disk = mkdtempSync(join(tmpdir(), 'small-disk-'));
const mounted =
  spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=65536', 'tmpfs', disk], { stdio: 'ignore' }).status === 0;
afterAll(() => {
  if (mounted) spawnSync('umount', [disk]);
  rmSync(disk, { recursive: true });
});

/** Where the user may not mount one, the device above stands for a full disk. */
describe.runIf(mounted)('a disk of 65,536 bytes', () => {
  it('keeps no part of a file that does not fit, and the file that was there before', async () => {
    const path = join(disk, 'checkpoint');
    await writeFileAtomically(path, 'former');
    const parts = [new Uint8Array(60_000), new Uint8Array(10_000)];
    expect(await message(writeFileAtomically(path, parts))).toContain(
      `${path}: expected room for its 70,000 bytes, found a full disk with`,
    );
    expect(readdirSync(disk)).toEqual(['checkpoint']);
  });

  it('names the shard of records by the place where it belongs, and leaves nothing behind', async () => {
    const records = [new Uint8Array(20_000), new Uint8Array(50_000)];
    const written = await writeRecordShards(disk, 'train', records, { settings: {}, shardSize: 1 });
    expect(written).toMatchObject({
      left: {
        where: join(disk, 'train', '01-1.tfrec'),
        // Twelve bytes of header and four of checksum stand around the record.
        expected: 'room for its 50,016 bytes',
      },
    });
    expect(readdirSync(disk)).toEqual(['checkpoint']);
  });

  it('names what a compressed shard expands to', async () => {
    const shard = join(tmpdir(), 'large.tfrec.gz');
    writeFileSync(shard, gzipSync(encodeTfRecords([new Uint8Array(100_000)])));
    const indexed = await indexRecords([shard], () => Promise.resolve(disk), E.right);
    rmSync(shard);
    expect(indexed).toMatchObject({ left: { expected: 'room for its 100,016 bytes' } });
    expect(E.isLeft(indexed) && indexed.left.where.startsWith(join(disk, ''))).toBe(true);
  });
});
