import { createHash } from 'node:crypto';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { cacheFolder, contentHashes } from '../../src/streams/content-hashes.ts';

const scratch = mkdtempSync(join(tmpdir(), 'content-hashes-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 32);

/** Files that were written just now are not kept, since a further change might have the same time. */
const later = (): Promise<void> => setTimeout(150);

let count = 0;
/** A folder with two files, and a cache of its own. */
function data() {
  const [root, cache] = ['root', 'cache'].map((name) => join(scratch, `${name}-${count}`)) as [
    string,
    string,
  ];
  count += 1;
  mkdirSync(root);
  const write = (name: string, text: string): void => writeFileSync(join(root, name), text);
  write('a', 'one');
  write('b', 'two');
  const images = ['a', 'b'].map((name) => ({ file: join(root, name) }));
  const cached = (): string => join(cache, 'hashes', readdirSync(join(cache, 'hashes'))[0]!);
  return { root, cache, write, images, cached, hashes: () => contentHashes(root, images, { cache }) };
}

/** Says in the cache that a file of these bytes has other contents, so that a reading from it shows. */
function mark(path: string, text: string): void {
  writeFileSync(path, readFileSync(path, 'utf8').replace(hashOf(text), 'f'.repeat(32)));
}

describe('contentHashes', () => {
  it('are SHA-256 of the files, cut to 128 bits, in their order', async () => {
    const { hashes, root, images, cache } = data();
    expect(await hashes()).toEqual([hashOf('one'), hashOf('two')]);
    expect(await contentHashes(root, [...images].reverse(), { cache })).toEqual([
      hashOf('two'),
      hashOf('one'),
    ]);
  });

  it('are read from the cache where size and time of change are the same, and only there', async () => {
    const { hashes, cached, write, root } = data();
    await later();
    await hashes();
    mark(cached(), 'one');
    expect((await hashes())[0]).toBe('f'.repeat(32));
    write('a', 'seven');
    expect((await hashes())[0]).toBe(hashOf('seven'));
    await later();
    await hashes();
    mark(cached(), 'seven');
    const { atime, mtime } = statSync(join(root, 'a'));
    utimesSync(join(root, 'a'), atime, new Date(mtime.getTime() + 5000));
    expect((await hashes())[0]).toBe(hashOf('seven'));
  });

  it('notice a change that keeps size and time of contents', async () => {
    const { hashes, write, root } = data();
    await later();
    await hashes();
    const { atime, mtime } = statSync(join(root, 'a'));
    write('a', 'two');
    utimesSync(join(root, 'a'), atime, mtime);
    expect((await hashes())[0]).toBe(hashOf('two'));
  });

  it('are not kept of files that were written just now', async () => {
    const { hashes, cached } = data();
    await hashes();
    expect(cached).toThrow(/ENOENT/);
  });

  it('are taken again where the cache is damaged, of another root, or cannot be written', async () => {
    const { hashes, cached, root, images } = data();
    await later();
    await hashes();
    writeFileSync(cached(), '{"format": 1');
    expect(await hashes()).toEqual([hashOf('one'), hashOf('two')]);
    writeFileSync(join(scratch, 'a file'), '');
    expect(await contentHashes(root, images, { cache: join(scratch, 'a file') })).toEqual([
      hashOf('one'),
      hashOf('two'),
    ]);
  });

  it('of what cannot be read differ from all others, and are not kept', async () => {
    const { hashes, root, cached } = data();
    await later();
    rmSync(join(root, 'b'));
    const [, missing] = await hashes();
    expect(missing).toMatch(/^unreadable /);
    expect(readFileSync(cached(), 'utf8')).not.toContain('unreadable');
    writeFileSync(join(root, 'b'), 'two');
    expect((await hashes())[1]).toBe(hashOf('two'));
  });

  it('end when a stop is asked for, keep what was done, and go on from there', async () => {
    const { root, cache, cached } = data();
    const images = Array.from({ length: 300 }, (_, i) => {
      const file = join(root, `${i}.png`);
      writeFileSync(file, `${i}`);
      return { file };
    });
    await later();
    let asked = 0;
    const stopRequested = () => ++asked === 2;
    await expect(contentHashes(root, images, { cache, stopRequested })).rejects.toMatchObject({
      exitCode: 75,
    });
    const kept = (): number =>
      (JSON.parse(readFileSync(cached(), 'utf8')) as { files: unknown[] }).files.length;
    const first = kept();
    expect(first).toBeGreaterThanOrEqual(128);
    expect(first).toBeLessThan(300);
    expect(await contentHashes(root, images, { cache })).toEqual(images.map((_, i) => hashOf(`${i}`)));
    expect(kept()).toBe(300);
  });

  it('leave nothing in the folder of the data, and no temporary file', async () => {
    const { hashes, root, cache } = data();
    await later();
    await Promise.all([hashes(), hashes()]);
    expect(readdirSync(root)).toEqual(['a', 'b']);
    expect(readdirSync(join(cache, 'hashes'))).toHaveLength(1);
  });
});

describe('cacheFolder', () => {
  it('is that of the variable, or of the user', () => {
    expect(cacheFolder({ MODEL_PATCHING_CACHE: '/c' })).toBe('/c');
    expect(cacheFolder({ XDG_CACHE_HOME: '/x' })).toBe('/x/model-patching');
    expect(cacheFolder({})).toMatch(/\/\.cache\/model-patching$/);
  });
});
