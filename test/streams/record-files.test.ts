import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { encodeTfRecords } from '../../src/data/tfrecord.ts';
import {
  readRecordShards,
  removeAbandonedRecords,
  writeRecordShards,
} from '../../src/streams/record-files.ts';

const root = mkdtempSync(join(tmpdir(), 'record-files-'));

afterAll(() => rmSync(root, { recursive: true }));

const NAME = '(Y=0)(Z=1)(A-F)';

const RECORDS = Array.from({ length: 7 }, (_, i) => Uint8Array.from({ length: i }, () => i));

const SETTINGS = { seed: 1, generator: { width: 0.25 } };

async function failure(result: Promise<{ _tag: 'Left'; left: unknown } | { _tag: 'Right' }>) {
  const settled = await result;
  if (settled._tag === 'Right') throw new Error('expected an error');
  return settled.left as { where: string; expected: string; found: string; cure: string };
}

describe('record folders', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(root, 'case-'));
  });
  const write = (records: Iterable<Uint8Array> | AsyncIterable<Uint8Array> = RECORDS, replace = false) =>
    writeRecordShards(folder, NAME, records, { settings: SETTINGS, shardSize: 3, replace });
  const manifestPath = () => join(folder, NAME, 'manifest.json');
  const editManifest = (edit: (manifest: Record<string, unknown>) => unknown) =>
    writeFileSync(manifestPath(), JSON.stringify(edit(JSON.parse(readFileSync(manifestPath(), 'utf8')))));

  it('come back as they were written, in shards of the asked size', async () => {
    expect((await write())._tag).toBe('Right');
    expect(readdirSync(folder)).toEqual([NAME]);
    expect(readdirSync(join(folder, NAME)).sort()).toEqual([
      '00-3.tfrec',
      '01-3.tfrec',
      '02-3.tfrec',
      'manifest.json',
    ]);
    const read = await readRecordShards(folder, NAME, { settings: SETTINGS });
    if (read._tag === 'Left') throw new Error(JSON.stringify(read.left));
    expect(read.right.records.map((record) => [...record])).toEqual(RECORDS.map((record) => [...record]));
    expect(read.right.manifest).toMatchObject({ count: 7, shardSize: 3, settings: SETTINGS });
    expect(read.right.manifest.shards.map(({ count }) => count)).toEqual([3, 3, 1]);
  });

  it('may be empty, nested in new folders and made one record at a time', async () => {
    const none = await writeRecordShards(join(folder, 'a', 'b'), NAME, [], { settings: null });
    expect(none).toMatchObject({ _tag: 'Right', right: { count: 0, shards: [] } });
    const read = await readRecordShards(join(folder, 'a', 'b'), NAME);
    expect(read).toMatchObject({ _tag: 'Right', right: { records: [] } });

    async function* slowly() {
      for (const record of RECORDS) yield await Promise.resolve(record);
    }
    expect(await write(slowly())).toMatchObject({ _tag: 'Right', right: { count: 7 } });
  });

  it('leave nothing behind when the records cannot be made', async () => {
    function* broken() {
      yield RECORDS[0]!;
      throw new Error('the generator gave NaN');
    }
    expect((await failure(write(broken()))).found).toBe('the generator gave NaN');
    expect(readdirSync(folder)).toEqual([]);
  });

  it('of which a killed writer leaves parts are removed, and no others', async () => {
    await write();
    // As the writer names what it has not put in its place yet.
    async function* stopped() {
      const [temporary] = readdirSync(folder).filter((name) => name !== NAME);
      for (const name of [temporary!, `${temporary}-former`])
        mkdirSync(join(folder, name, 'kept'), { recursive: true });
      await removeAbandonedRecords(folder);
      expect(readdirSync(folder)).toEqual([NAME]);
      yield await Promise.reject<Uint8Array>(new Error('killed'));
    }
    await write(stopped(), true);
    expect((await readRecordShards(folder, NAME))._tag).toBe('Right');
    await removeAbandonedRecords(join(folder, 'not there'));
  });

  it('are not overwritten unless asked, and then replaced whole', async () => {
    await write();
    expect((await failure(write())).found).toBe('one that is there already');
    expect((await write(RECORDS.slice(0, 2), true))._tag).toBe('Right');
    expect(readdirSync(folder)).toEqual([NAME]);
    expect(readdirSync(join(folder, NAME)).sort()).toEqual(['00-3.tfrec', 'manifest.json']);

    function* broken(): Generator<Uint8Array> {
      yield RECORDS[0]!;
      throw new Error('stopped');
    }
    await failure(write(broken(), true));
    expect(await readRecordShards(folder, NAME)).toMatchObject({
      _tag: 'Right',
      right: { manifest: { count: 2 } },
    });
  });

  it('refuse other settings, whatever the order of keys', async () => {
    await write();
    const same = { generator: { width: 0.25 }, seed: 1 };
    expect((await readRecordShards(folder, NAME, { settings: same }))._tag).toBe('Right');
    const other = await failure(readRecordShards(folder, NAME, { settings: { ...SETTINGS, seed: 2 } }));
    expect(other.found).toBe(JSON.stringify(SETTINGS));
    expect(other.expected).toContain('"seed":2');
  });

  it.each([
    [
      'a changed byte',
      (bytes: Uint8Array) => bytes.map((value, i) => (i === 12 ? value ^ 1 : value)),
      'SHA-256',
    ],
    ['a cut shard', (bytes: Uint8Array) => bytes.subarray(0, 20), 'bytes'],
    ['another shard', () => encodeTfRecords([Uint8Array.of(1)]), 'bytes'],
  ])('name the damaged shard: %s', async (_, damage, expected) => {
    await write();
    const path = join(folder, NAME, '01-3.tfrec');
    writeFileSync(path, damage(readFileSync(path)));
    const error = await failure(readRecordShards(folder, NAME));
    expect(error.where).toBe(path);
    expect(error.expected).toContain(expected);
  });

  it('name what is missing or wrong in the manifest', async () => {
    expect((await failure(readRecordShards(folder, NAME))).where).toBe(manifestPath());
    await write();
    rmSync(join(folder, NAME, '02-3.tfrec'));
    expect((await failure(readRecordShards(folder, NAME))).where).toBe(join(folder, NAME, '02-3.tfrec'));

    editManifest((manifest) => ({ ...manifest, count: 'many' }));
    expect((await failure(readRecordShards(folder, NAME))).found).toBe('count "many"');
    editManifest((manifest) => ({ ...manifest, count: 7, shards: [{ ...shardOf(manifest), file: '../x' }] }));
    expect((await failure(readRecordShards(folder, NAME))).found).toBe('a path');
    writeFileSync(manifestPath(), '{');
    expect((await failure(readRecordShards(folder, NAME))).where).toBe(manifestPath());
  });

  it('have plain names', async () => {
    for (const name of ['', '.', '..', 'a/b', '../x', '.hidden']) {
      const error = await failure(writeRecordShards(folder, name, [], { settings: null }));
      expect(error.found).toBe(JSON.stringify(name));
    }
    expect(readdirSync(folder)).toEqual([]);
  });

  it('say that their place cannot be written', async () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    const error = await failure(writeRecordShards(file, NAME, RECORDS, { settings: null }));
    expect(error.found).toMatch(/ENOTDIR|EEXIST/);
  });
});

function shardOf(manifest: Record<string, unknown>): object {
  return (manifest['shards'] as object[])[0]!;
}

it('a compressed shard expands to 32 MiB and four times its size, unless more is asked for', async () => {
  const folder = mkdtempSync(join(root, 'bomb-'));
  const settings = { seed: 1 };
  await writeRecordShards(folder, 'zeros', [new Uint8Array(2 ** 26)], { settings, compression: 'gzip' });
  const refused = await failure(readRecordShards(folder, 'zeros'));
  expect(refused.expected).toMatch(/^a compressed shard of at most 33\d{6} bytes$/);
  const read = await readRecordShards(folder, 'zeros', { largestShard: 2 ** 27 });
  expect(read).toMatchObject({ _tag: 'Right', right: { records: { length: 1 } } });
});
