import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { either as E } from 'fp-ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findShards } from '../../src/streams/list-shards.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'shards-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const write = (name: string, contents: string | Uint8Array = name): void => {
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  writeFileSync(join(folder, name), contents);
};

describe('the shards of a folder', () => {
  it('are found by the names that tools of TensorFlow give, in the order of their numbers', async () => {
    const names = ['x.tfrecord-00000-of-00002', 'x.tfrecord-00001-of-00002', 'Y/B.TFRECORDS'];
    [...names].reverse().forEach((name) => write(name));
    expect(await findShards(folder)).toEqual(
      E.right({ paths: [names[0], names[1], names[2]].map((name) => join(folder, name!)), notices: [] }),
    );
  });

  it('are told from what macOS puts beside them, which a line names', async () => {
    for (const name of ['00-4.tfrec', '01-4.tfrec', '._00-4.tfrec', '__MACOSX/._01-4.tfrec']) write(name);
    expect(await findShards(folder)).toEqual(
      E.right({
        paths: ['00-4.tfrec', '01-4.tfrec'].map((name) => join(folder, name)),
        notices: [
          `${folder}: left out __MACOSX/._01-4.tfrec, ._00-4.tfrec, which are no shards: hidden files, or what macOS puts beside them`,
        ],
      }),
    );
  });

  it('are refused with the missing one', async () => {
    write('a.tfrecord-00001-of-00002');
    expect(await findShards(folder)).toMatchObject({
      left: { where: folder, found: '1; missing: 00000' },
    });
  });

  it('are refused with two of one content, whatever they are called', async () => {
    const long = new Uint8Array(100_000).fill(7);
    const other = long.slice();
    // The two differ behind the beginning that is compared first.
    other[99_999] = 8;
    write('a.tfrec', long);
    write('b.tfrec', other);
    write('empty-1.tfrec', '');
    write('empty-2.tfrec', '');
    expect(E.isRight(await findShards(folder))).toBe(true);
    write('c/d.tfrec', long);
    expect(await findShards(folder)).toMatchObject({
      left: {
        expected: 'every shard once',
        found: 'a.tfrec and c/d.tfrec, which have the same contents',
        cure: 'remove one of them',
      },
    });
  });

  it('are files, also in folders that are called as shards are, and links to files', async () => {
    for (const name of ['train.tfrecord/part-0.tfrecord', 'val.tfrecord/part-0.tfrecord']) write(name);
    write('blobs/1');
    symlinkSync(join(folder, 'blobs'), join(folder, 'linked.tfrecord'), 'dir');
    symlinkSync(join(folder, 'blobs/1'), join(folder, 'z.tfrecord'));
    const names = ['train.tfrecord/part-0.tfrecord', 'val.tfrecord/part-0.tfrecord', 'z.tfrecord'];
    expect(await findShards(folder)).toEqual(
      E.right({ paths: names.map((name) => join(folder, name)), notices: [] }),
    );
  });

  it('are missing in folders of Spark whose files have other names, and there once these are renamed', async () => {
    const parts = ['train.tfrecord/part-r-00000', 'val.tfrecord/part-r-00000'];
    parts.forEach((name) => write(name));
    write('train.tfrecord/_SUCCESS', '');
    write('train.tfrecord/.part-r-00000.crc');
    expect(await findShards(folder)).toMatchObject({
      left: {
        where: folder,
        found:
          'files with other names in folders that are called as shards are: train.tfrecord, val.tfrecord',
        cure: 'give their files that ending, e.g. rename train.tfrecord/part-r-00000 to train.tfrecord/part-r-00000.tfrecord',
      },
    });
    for (const name of parts) renameSync(join(folder, name), join(folder, `${name}.tfrecord`));
    expect(await findShards(folder)).toMatchObject({
      right: { paths: parts.map((name) => join(folder, `${name}.tfrecord`)) },
    });
  });

  it('that cannot be read are a fault with their path', async () => {
    symlinkSync(join(folder, 'nowhere'), join(folder, 'a.tfrecord'));
    const result = await findShards(folder);
    expect(result).toMatchObject({ left: { where: folder } });
    expect(JSON.stringify(result)).toContain(join(folder, 'a.tfrecord'));
  });
});
