import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { encodeExample } from '../../src/data/example.ts';
import { encodePng } from '../../src/data/png.ts';
import { encodeTfRecords } from '../../src/data/tfrecord.ts';
import { openDecodePool } from '../../src/streams/decode-pool.ts';
import { ProgramError } from '../../src/system/program.ts';

const root = mkdtempSync(join(tmpdir(), 'decode-pool-'));
afterAll(() => rmSync(root, { recursive: true }));

const grey = (value: number) =>
  encodePng({ height: 2, width: 2, channels: 1, pixels: new Uint8Array(4).fill(value) });
const FILES = Array.from({ length: 40 }, (_, value) => {
  const file = join(root, `${value}.png`);
  writeFileSync(file, grey(value));
  return { file };
});

const examples = [7, 8, 9].map((value) =>
  encodeExample({
    image: { kind: 'bytes', values: [grey(value)] },
    'a feature that nobody knows': { kind: 'float', values: [1] },
  }),
);
const shard = join(root, '00-3.tfrec');
writeFileSync(shard, encodeTfRecords(examples));
const RECORDS = examples.map(({ length }, i) => ({
  file: shard,
  record: { offset: 12 + examples.slice(0, i).reduce((sum, before) => sum + before.length + 16, 0), length },
}));

/** A worker that ends with exit code 3 at its first image, and fails at one whose name says so. */
const endingScript = pathToFileURL(join(root, 'ending-worker.mjs'));
writeFileSync(
  endingScript,
  `import { parentPort } from 'node:worker_threads';
  parentPort.on('message', ({ location }) => {
    if (location.file === 'failing.png') throw new Error('out of luck');
    process.exit(3);
  });`,
);

async function pixelsOf(loaded: ReturnType<ReturnType<typeof openDecodePool>['load']>): Promise<number[]> {
  const result = await loaded;
  if (result._tag === 'Left') throw new Error(JSON.stringify(result.left));
  return [...result.right];
}

describe.each([0, 2])('a pool of %i workers', (workers) => {
  const pool = openDecodePool({ shape: [1, 1, 3], workers });
  afterAll(() => pool.close());

  it('loads files and records, each for whom it was asked', async () => {
    const locations = [...FILES, ...RECORDS, ...FILES];
    const loaded = await Promise.all(locations.map((location) => pixelsOf(pool.load(location))));
    const values = [...FILES.map((_, value) => value), 7, 8, 9, ...FILES.map((_, value) => value)];
    expect(loaded).toEqual(values.map((value) => [value, value, value]));
  });

  it('says what is wrong with a file or a record, and goes on', async () => {
    const text = join(root, 'page.png');
    writeFileSync(text, '<html>not found</html>');
    const [first] = RECORDS;
    const damaged = join(root, 'damaged.tfrec');
    const bytes = encodeTfRecords(examples);
    bytes[40]! ^= 1;
    writeFileSync(damaged, bytes);
    const noImage = join(root, 'no-image.tfrec');
    const record = encodeExample({ picture: { kind: 'bytes', values: [grey(1)] } });
    writeFileSync(noImage, encodeTfRecords([record]));
    const cases = [
      [{ file: join(root, 'none.png') }, { found: 'no such file' }],
      [{ file: root }, { found: expect.stringMatching(/folder|EISDIR/) }],
      [{ file: text }, { where: text, found: expect.stringContaining('text that begins with') }],
      [{ ...first!, file: damaged }, { found: expect.stringContaining('checksum') }],
      [
        { file: shard, record: { offset: 12, length: 10_000 } },
        { expected: expect.stringContaining('10004') },
      ],
      [{ file: noImage, record: { offset: 12, length: record.length } }, { found: 'none' }],
    ] as const;
    for (const [location, error] of cases) {
      expect(await pool.load(location)).toMatchObject({ _tag: 'Left', left: error });
    }
    expect(await pixelsOf(pool.load(FILES[5]!))).toEqual([5, 5, 5]);
  });
});

describe('a pool', () => {
  it.each([
    [FILES[3]!.file, 'exit code 3'],
    ['failing.png', 'out of luck'],
  ])('whose worker dies says so once, with the image: %s', async (file, found) => {
    const pool = openDecodePool({ shape: [1, 1, 1], workers: 2, script: endingScript });
    const results = await Promise.allSettled([file, file, file].map((path) => pool.load({ file: path })));
    for (const result of results) {
      expect(result.status).toBe('rejected');
      const { reason } = result as PromiseRejectedResult;
      expect(reason).toBeInstanceOf(ProgramError);
      expect(reason.message).toContain(`a decode worker, at ${file}`);
      expect(reason.message).toContain(found);
    }
    await expect(pool.load({ file })).rejects.toThrow(found);
    await pool.close();
  });

  it('whose worker hangs says so within the time limit, with the image, and its other loads end too', async () => {
    const script = join(root, 'hanging-worker.mjs');
    writeFileSync(
      script,
      `import { parentPort } from 'node:worker_threads';
      parentPort.on('message', ({ id, location }) => {
        if (location.file === 'hanging.png') for (;;);
        parentPort.postMessage({ id, pixels: Uint8Array.of(6) });
      });`,
    );
    const pool = openDecodePool({
      shape: [1, 1, 1],
      workers: 1,
      timeLimit: 0.2,
      script: pathToFileURL(script),
    });
    expect(await pixelsOf(pool.load({ file: 'first.png' }))).toEqual([6]);
    const files = ['hanging.png', 'behind.png'];
    for (const result of await Promise.allSettled(files.map((file) => pool.load({ file })))) {
      const { reason } = result as PromiseRejectedResult;
      expect(reason).toMatchObject({
        exitCode: 1,
        message:
          'a decode worker, at hanging.png: expected the image to be decoded within 0.2 s, found it still at work; look at this image and its disk; the same command goes on from the last checkpoint',
      });
    }
    await pool.close();
  });

  it('takes an answer that lay in the queue longer than the time limit while this thread was held', async () => {
    const script = join(root, 'prompt-worker.mjs');
    writeFileSync(
      script,
      `import { parentPort } from 'node:worker_threads';
      parentPort.on('message', ({ id }) => parentPort.postMessage({ id, pixels: Uint8Array.of(6) }));`,
    );
    const pool = openDecodePool({
      shape: [1, 1, 1],
      workers: 1,
      timeLimit: 0.1,
      script: pathToFileURL(script),
    });
    await pixelsOf(pool.load({ file: 'first.png' }));
    const loaded = pixelsOf(pool.load({ file: 'second.png' }));
    for (const end = Date.now() + 500; Date.now() < end;);
    expect(await loaded).toEqual([6]);
    await pool.close();
  });

  it('starts its workers with the first image', async () => {
    const script = join(root, 'late-worker.mjs');
    const pool = openDecodePool({ shape: [1, 1, 1], workers: 1, script: pathToFileURL(script) });
    await setTimeout(300);
    // A worker that had started by now would have found no program.
    writeFileSync(
      script,
      `import { parentPort } from 'node:worker_threads';
      parentPort.on('message', ({ id }) => parentPort.postMessage({ id, pixels: Uint8Array.of(6) }));`,
    );
    expect(await pixelsOf(pool.load(FILES[0]!))).toEqual([6]);
    await pool.close();
  });

  it('that is closed before its first image refuses it', async () => {
    const pool = openDecodePool({ shape: [1, 1, 1], workers: 1 });
    await pool.close();
    await expect(pool.load(FILES[0]!)).rejects.toThrow('closed');
  });

  it('that is closed refuses what is under way and what comes after', async () => {
    const pool = openDecodePool({ shape: [1, 1, 1], workers: 1 });
    const loads = Promise.allSettled(FILES.map((file) => pool.load(file)));
    await pool.close();
    const refused = (await loads).filter(({ status }) => status === 'rejected');
    expect(refused.length).toBeGreaterThan(0);
    await expect(pool.load(FILES[0]!)).rejects.toThrow('closed');
  });

  it('that is forgotten does not keep a process alive', () => {
    const module = new URL('../../src/streams/decode-pool.ts', import.meta.url).href;
    const program = `
      const { openDecodePool } = await import(${JSON.stringify(module)});
      const pool = openDecodePool({ shape: [1, 1, 1], workers: 1 });
      const loaded = await pool.load({ file: ${JSON.stringify(FILES[9]!.file)} });
      console.log(loaded.right.join());`;
    const output = execFileSync(
      process.execPath,
      ['--import', 'tsx', '--input-type=module', '--eval', program],
      { timeout: 20_000, encoding: 'utf8' },
    );
    expect(output.trim()).toBe('9');
  });

  it('decodes in a checkout whose folder has quotes and signs of URLs in its name', () => {
    const checkout = join(root, 'it\'s "here" `x` ${y} %20 #1');
    cpSync(new URL('../../src', import.meta.url), join(checkout, 'src'), { recursive: true });
    cpSync(new URL('../../package.json', import.meta.url), join(checkout, 'package.json'));
    symlinkSync(
      realpathSync(new URL('../../node_modules', import.meta.url)),
      join(checkout, 'node_modules'),
      'dir',
    );
    const program = `
      const { openDecodePool } = await import('./src/streams/decode-pool.ts');
      const pool = openDecodePool({ shape: [1, 1, 1], workers: 1 });
      const loaded = await pool.load({ file: ${JSON.stringify(FILES[9]!.file)} });
      console.log(loaded.right.join());
      await pool.close();`;
    const main = join(checkout, 'main.mjs');
    writeFileSync(main, program);
    const output = execFileSync(process.execPath, ['--conditions=source', '--import', 'tsx', main], {
      cwd: checkout,
      timeout: 60_000,
      encoding: 'utf8',
    });
    expect(output.trim()).toBe('9');
  });

  it('that is closed while an answer lies in the queue lets the program go on', () => {
    // Its worker writes the file that it is asked for once its answer is on its way, and then takes a second to end.
    const script = join(root, 'telling-worker.mjs');
    writeFileSync(
      script,
      `import { pbkdf2Sync } from 'node:crypto';
      import { writeFileSync } from 'node:fs';
      import { parentPort } from 'node:worker_threads';
      parentPort.on('message', ({ id, location }) => {
        parentPort.postMessage({ id, pixels: Uint8Array.of(1) });
        writeFileSync(location.file, '');
        if (location.file.endsWith('last')) pbkdf2Sync('', '', 1_000_000, 64, 'sha512');
      });`,
    );
    const module = new URL('../../src/streams/decode-pool.ts', import.meta.url).href;
    const last = join(root, 'last');
    const program = `
      const { existsSync } = await import('node:fs');
      const { openDecodePool } = await import(${JSON.stringify(module)});
      const script = new URL(${JSON.stringify(pathToFileURL(script).href)});
      const pool = openDecodePool({ shape: [1, 1, 1], workers: 1, script });
      await pool.load({ file: ${JSON.stringify(join(root, 'first'))} });
      const refused = pool.load({ file: ${JSON.stringify(last)} }).catch((error) => error.message);
      while (!existsSync(${JSON.stringify(last)}));
      await pool.close();
      console.log(await refused);`;
    const output = execFileSync(
      process.execPath,
      ['--import', 'tsx', '--input-type=module', '--eval', program],
      { timeout: 20_000, encoding: 'utf8' },
    );
    expect(output.trim()).toBe('the decode workers are closed');
  });

  it('goes on while this thread is held, as it is by a native step', async () => {
    const script = join(root, 'writing-worker.mjs');
    writeFileSync(
      script,
      `import { writeFileSync } from 'node:fs';
      import { parentPort } from 'node:worker_threads';
      parentPort.on('message', ({ id, location }) => {
        writeFileSync(location.file, '');
        parentPort.postMessage({ id, pixels: Uint8Array.of(id) });
      });`,
    );
    const pool = openDecodePool({ shape: [1, 1, 1], workers: 2, script: pathToFileURL(script) });
    const files = Array.from({ length: 7 }, (_, i) => join(root, `held-${i}`));
    const loads = files.map((file) => pixelsOf(pool.load({ file })));
    for (const end = Date.now() + 20_000; Date.now() < end && !files.every((file) => existsSync(file)););
    expect(files.filter((file) => existsSync(file))).toEqual(files);
    expect(await Promise.all(loads)).toEqual(files.map((_, i) => [i]));
    await pool.close();
  });

  it('refuses shapes that no image can have', () => {
    expect(() => openDecodePool({ shape: [0, 1, 3] })).toThrow('shape');
    expect(() => openDecodePool({ shape: [1, 1, 2] })).toThrow('shape');
    expect(() => openDecodePool({ shape: [1, 1, 1], workers: 1.5 })).toThrow('workers');
    expect(() => openDecodePool({ shape: [1, 1, 1], timeLimit: 0 })).toThrow('timeLimit');
  });
});
