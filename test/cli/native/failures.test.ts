import { chmod, mkdir, readdir, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { installNative, type Machine } from '../../../src/cli/native/install.ts';
import { findNodeModules, placeIn } from '../../../src/cli/native/place.ts';
import type { NativeSettings } from '../../../src/cli/native/source.ts';
import { writeFailure } from '../../../src/cli/native/staging.ts';
import { spaceFor } from '../../../src/cli/native/wheels.ts';
import { ProgramError } from '../../../src/system/program.ts';
import { facts, fakeMachine, wheel, zip, type FakeMachine } from './fake-machine.ts';

const DEFAULTS: NativeSettings = {
  gpu: false,
  version: undefined,
  libtensorflow: undefined,
  download: false,
};
const made: FakeMachine[] = [];
afterEach(async () => {
  for (const { root } of made.splice(0)) await rm(root, { recursive: true });
});
async function machineWith(env?: NodeJS.ProcessEnv, changes?: Partial<Machine>): Promise<FakeMachine> {
  const fake = await fakeMachine(env, changes);
  made.push(fake);
  return fake;
}

/** The line that an installation fails with; nothing may be left of it. */
async function failsWith(fake: FakeMachine, settings: Partial<NativeSettings> = {}): Promise<string> {
  const error: unknown = await installNative({ ...DEFAULTS, ...settings }, fake.machine).catch(
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ProgramError);
  const { message, exitCode } = error as ProgramError;
  expect(exitCode).toBe(2);
  expect(message).not.toContain('\n');
  expect(message).toMatch(/^.+: expected .+, found .+; .+$/);
  expect(await readdir(fake.nodeModules)).toEqual(['@tensorflow']);
  expect(await readdir(join(fake.nodeModules, '@tensorflow'))).toEqual(['tfjs']);
  return message;
}

describe('an installation that cannot be made fails in one line, with exit code 2, and leaves nothing', () => {
  it('no compiler: said before anything is fetched', async () => {
    const fake = await machineWith();
    await rm(join(fake.bin, 'c++'));
    expect(await failsWith(fake)).toMatch(
      /^C\+\+ compiler: expected c\+\+, g\+\+ or clang\+\+.*apt install g\+\+/,
    );
    expect(await fake.commands()).toEqual([]);
  });

  it('a compiler that is asked for and is not there', async () => {
    const fake = await machineWith({ CXX: 'g++-99' });
    expect(await failsWith(fake)).toContain('expected CXX=g++-99 to run');
  });

  it('no Python: with the wheel to fetch by hand', async () => {
    const fake = await machineWith();
    await rm(join(fake.bin, 'python3'));
    const line = await failsWith(fake);
    expect(line).toContain('neither python3 nor python on the path');
    expect(line).toContain(
      'tensorflow_cpu-2.15.1-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl',
    );
    expect(line).toContain('--libtensorflow');
    expect(await fake.commands()).toEqual([]);
  });

  it.each([
    [{ pip: false }, 'python3 3.12 without pip'],
    [{ recent: false, version: '3.6' }, 'python3 3.6'],
  ])('a Python that will not do: %j', async (changes, found) => {
    const fake = await machineWith({ FACTS: facts(changes) });
    expect(await failsWith(fake)).toContain(`expected 3.8 or later with pip, found ${found};`);
  });

  it('no npm, or one that fails', async () => {
    const failing = await machineWith({ NPM_FAILS: 'npm error code ENOTFOUND' });
    expect(await failsWith(failing)).toContain('npm error code ENOTFOUND');
    const lacking = await machineWith();
    await rm(join(lacking.bin, 'npm'));
    expect(await failsWith(lacking)).toContain('none on the path');
  });

  it('pip fails: its own error is shown', async () => {
    const fake = await machineWith({ PIP_FAILS: 'Looking\nERROR: No matching distribution found\nmore' });
    expect(await failsWith(fake, { version: '2.99.0' })).toContain(
      'tensorflow-cpu==2.99.0: expected a wheel, found ERROR: No matching distribution found;',
    );
  });

  it('no disk space: said before anything is fetched', async () => {
    const fake = await machineWith({}, { freeBytes: () => Promise.resolve(500e6) });
    expect(await failsWith(fake)).toContain('expected 931 MB of free disk space, found 500 MB;');
    expect(spaceFor(207_208_420)).toBeGreaterThan(207_208_420 + 613_776_168);
    expect(await fake.commands()).toEqual([]);
  });

  it('a disk that fills up meanwhile', async () => {
    const place = placeIn('/project/node_modules', false);
    const full = Object.assign(new Error('no space'), { code: 'ENOSPC' });
    expect(writeFailure(full, place)?.message).toContain('the disk full; make room');
  });

  it('a wheel cut short', async () => {
    const fake = await machineWith();
    await writeFile(fake.machine.env['WHEEL']!, wheel().subarray(0, -30));
    expect(await failsWith(fake)).toContain('without the directory at their end (cut short, or no archive)');
  });

  it('a known wheel that is too short, or has another hash', async () => {
    const fake = await machineWith();
    const file = join(
      fake.root,
      'tensorflow_cpu-2.15.1-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl',
    );
    await rename(fake.machine.env['WHEEL']!, file);
    expect(await failsWith(fake, { libtensorflow: file })).toContain('expected 207208420 bytes, found');
    await truncate(file, 207_208_420);
    expect(await failsWith(fake, { libtensorflow: file })).toMatch(
      /expected SHA-256 54660c07[0-9a-f]{56}, found [0-9a-f]{64};/,
    );
  });

  it('a file of the wheel that is not what its list says', async () => {
    const fake = await machineWith();
    await writeFile(fake.machine.env['WHEEL']!, wheel('tensorflow/libtensorflow_framework.so.2'));
    expect(await failsWith(fake)).toContain('expected tensorflow/libtensorflow_framework.so.2 with SHA-256');
  });

  it('bytes of the wheel that do not unpack', async () => {
    const fake = await machineWith();
    const damaged = wheel();
    damaged.fill(0xff, 70, 90);
    await writeFile(fake.machine.env['WHEEL']!, damaged);
    expect(await failsWith(fake)).toContain('expected tensorflow/libtensorflow_cc.so.2 whole');
  });

  it('a wheel of something else, a folder of something else, no file', async () => {
    const fake = await machineWith();
    const file = join(fake.root, 'other.whl');
    await writeFile(file, zip({ 'other/a.py': 'pass', 'other-1.dist-info/RECORD': '' }));
    expect(await failsWith(fake, { libtensorflow: file })).toContain('0 of 2 libraries and 0 headers');
    expect(await failsWith(fake, { libtensorflow: fake.root })).toContain('include/tensorflow/c/c_api.h');
    expect(await failsWith(fake, { libtensorflow: join(fake.root, 'none') })).toContain('no file or folder');
    await writeFile(join(fake.root, 'other.zip'), '');
    expect(await failsWith(fake, { libtensorflow: join(fake.root, 'other.zip') })).toContain('other.zip');
  });

  it('a compiler that fails', async () => {
    const fake = await machineWith({ COMPILER_FAILS: 'In file\none.cc:3:1: error: no member\nnote' });
    expect(await failsWith(fake)).toContain('found one.cc:3:1: error: no member;');
  });

  it('a backend that does not train, or comes to another loss', async () => {
    const broken = await machineWith(
      {},
      { tryBackend: () => Promise.resolve({ ok: false, reason: 'it does not load' }) },
    );
    expect(await failsWith(broken)).toContain('expected a backend that trains, found it does not load;');
    const wrong = await machineWith(
      {},
      {
        tryBackend: (name) =>
          Promise.resolve({ ok: true, milliseconds: 1, loss: name === 'wasm' ? 0.6931 : 0.7 }),
      },
    );
    expect(await failsWith(wrong)).toContain('expected the loss of wasm, 0.6931, found 0.7;');
  });

  it.each([
    [{ system: 'darwin', architecture: 'arm64' }, 'found darwin on arm64;'],
    [{ system: 'win32', architecture: 'x64' }, 'found win32 on x64;'],
    [{ system: 'linux', architecture: 'arm64' }, 'found linux on arm64;'],
    [{ system: 'linux', architecture: 'x64', glibc: undefined }, 'without the GNU C library;'],
  ])('a platform without wheels: %j', async (platform, found) => {
    const fake = await machineWith({}, { platform: { glibc: '2.36', ...platform } });
    expect(await failsWith(fake)).toContain(found);
  });

  it('a node_modules folder that is read-only', async () => {
    const fake = await machineWith();
    const program = join(fake.root, 'read-only.mts');
    const source = fileURLToPath(new URL('../../../src/cli/native/staging.ts', import.meta.url));
    await writeFile(
      program,
      `import { openStaging, writeFailure } from ${JSON.stringify(source)};
       import { placeIn } from ${JSON.stringify(source.replace('staging', 'place'))};
       const place = placeIn(${JSON.stringify(fake.nodeModules)}, false);
       await openStaging(place).catch((error) => console.log(writeFailure(error, place)?.message));`,
    );
    await chmod(fake.root, 0o755);
    await chmod(fake.nodeModules, 0o555);
    // Rights do not bind the superuser.
    const nobody = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};
    const ended = spawnSync(process.execPath, ['--conditions=source', '--import', 'tsx', program], {
      cwd: fileURLToPath(new URL('../../../', import.meta.url)),
      encoding: 'utf8',
      ...nobody,
    });
    await chmod(fake.nodeModules, 0o755);
    expect(`${ended.stdout}${ended.stderr}`.trim()).toBe(
      `${fake.nodeModules}: expected a folder that can be written, found one that is read-only for this user; change its rights or its owner, or run this as the user who owns it`,
    );
    expect(await readdir(fake.nodeModules)).toEqual(['@tensorflow']);
  });
});

it('a package of another release is refused and stays', async () => {
  const fake = await machineWith();
  const folder = join(fake.nodeModules, '@tensorflow', 'tfjs-node');
  await mkdir(folder);
  await writeFile(join(folder, 'package.json'), '{"version":"3.9.0"}');
  await expect(installNative(DEFAULTS, fake.machine)).rejects.toThrow(
    'expected version 4.22.0, found version 3.9.0; remove it',
  );
  expect(await readdir(folder)).toEqual(['package.json']);
  expect(await readdir(fake.nodeModules)).toEqual(['@tensorflow']);
});

it('a replacement that does not train leaves the installation that was there', async () => {
  const fake = await machineWith();
  await installNative(DEFAULTS, fake.machine);
  const broken: Machine = {
    ...fake.machine,
    tryBackend: () => Promise.resolve({ ok: false, reason: 'no' }),
  };
  const own = { ...DEFAULTS, libtensorflow: fake.machine.env['WHEEL'], download: false };
  await writeFile(`${fake.root}/other.whl`, wheel());
  await expect(installNative({ ...own, libtensorflow: `${fake.root}/other.whl` }, broken)).rejects.toThrow(
    'found no;',
  );
  expect((await installNative(DEFAULTS, fake.machine)).verdict).toBeNull();
});

describe('an installation that is stopped', () => {
  it('says so, changes nothing, and goes on with what was fetched', async () => {
    const stop = new AbortController();
    const fake = await machineWith(
      { COMPILER_HANGS: '1' },
      {
        signal: stop.signal,
        say: (line) => void (line.startsWith('compiling') && setTimeout(() => stop.abort(), 200)),
      },
    );
    const stopped: unknown = await installNative(DEFAULTS, fake.machine).catch((error: unknown) => error);
    expect(stopped).toMatchObject({ exitCode: 75 });
    expect((stopped as Error).message).toContain('run this again to go on');
    expect(await readdir(join(fake.nodeModules, '@tensorflow'))).toEqual(['tfjs']);
    expect(await fake.commands()).toEqual(['npm', 'pip', 'compile']);
    const env = { ...fake.machine.env, COMPILER_HANGS: '' };
    await installNative(DEFAULTS, { ...fake.machine, env, signal: new AbortController().signal });
    expect(await fake.commands()).toEqual(['npm', 'pip', 'compile', 'npm', 'compile']);
    expect(await readdir(fake.nodeModules)).toEqual(['@tensorflow']);
  });

  it('fetches a wheel again that was left cut short, and unpacks a library again that is not whole', async () => {
    const fake = await machineWith();
    const staging = join(fake.nodeModules, '.model-patching-native');
    await mkdir(join(staging, 'wheel'), { recursive: true });
    await mkdir(join(staging, 'unpacked', 'lib'), { recursive: true });
    const name = 'tensorflow_cpu-2.15.1-cp311-cp311-test.whl';
    await writeFile(join(staging, 'wheel', name), wheel().subarray(0, 500));
    await writeFile(join(staging, 'unpacked', 'lib', 'libtensorflow_framework.so.2'), 'framew');
    await installNative(DEFAULTS, fake.machine);
    expect(await fake.commands()).toEqual(['npm', 'pip', 'compile']);
    expect((await installNative(DEFAULTS, fake.machine)).verdict).toBeNull();
  });

  it('does not disturb another one at work', async () => {
    const fake = await machineWith();
    let second: unknown;
    const tryBackend: Machine['tryBackend'] = async (name) => {
      second ??= await installNative(DEFAULTS, fake.machine).catch((error: unknown) => error);
      expect(await readdir(join(fake.nodeModules, '.model-patching-native'))).toContain('lock');
      return { ok: true, milliseconds: name.length, loss: 1 };
    };
    await installNative(DEFAULTS, { ...fake.machine, tryBackend });
    expect((second as Error).message).toContain('expected no other installer at work');
    expect((await installNative(DEFAULTS, fake.machine)).verdict).toBeNull();
  });
});

it('npx without an installed package is refused: no program would find the backend there', async () => {
  const fake = await machineWith();
  const folder = join(fake.root, '_npx', '1', 'node_modules');
  await mkdir(join(folder, '@tensorflow', 'tfjs'), { recursive: true });
  await expect(findNodeModules(join(folder, 'model-patching', 'dist', 'cli.js'))).rejects.toThrow(
    'npm install model-patching @tensorflow/tfjs@4.22.0 first',
  );
  expect(await findNodeModules(join(fake.nodeModules, 'model-patching', 'dist', 'cli.js'))).toBe(
    fake.nodeModules,
  );
});
