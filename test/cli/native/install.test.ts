import { lstat, mkdir, readFile, readdir, readlink, realpath, rm, writeFile } from 'node:fs/promises';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { outcome } from '../../../src/cli/native/command.ts';
import { installNative, type Machine } from '../../../src/cli/native/install.ts';
import type { NativeSettings } from '../../../src/cli/native/source.ts';
import { facts, fakeMachine, LIBRARY_FILES, type FakeMachine } from './fake-machine.ts';

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
const text = (...path: string[]): Promise<string> => readFile(join(...path), 'utf8');
const packageOf = ({ nodeModules }: FakeMachine): string => join(nodeModules, '@tensorflow', 'tfjs-node');

describe('an installation', () => {
  it('has the library of the wheel, the binding, and what the package needs; nothing else is left', async () => {
    const fake = await machineWith();
    const installed = await installNative(DEFAULTS, fake.machine);
    expect(installed).toMatchObject({ tensorflow: '2.15.1', verdict: { native: 80, wasm: 400 } });
    expect(outcome(installed)).toContain('80 ms, on wasm 400 ms, 5.0 times as fast');
    const folder = packageOf(fake);
    const lib = join(folder, 'deps', 'lib');
    expect(await text(lib, 'libtensorflow_cc.so.2')).toBe(LIBRARY_FILES['tensorflow/libtensorflow_cc.so.2']);
    expect(await readlink(join(lib, 'libtensorflow.so'))).toBe('libtensorflow_cc.so.2');
    expect(await text(lib, 'libtensorflow_framework.so')).toBe('framework');
    expect(await text(folder, 'lib', 'napi-v8', 'tfjs_binding.node')).toBe('binding\n');
    expect(await readdir(join(folder, 'deps', 'include', 'tensorflow'))).toEqual(['c', 'core']);
    expect(await readdir(join(folder, 'deps', 'include', 'tensorflow', 'core'))).toEqual(['public']);
    expect((await readdir(join(folder, 'node_modules'))).sort()).toEqual(['@mapbox', 'progress']);
    expect(await readdir(fake.nodeModules)).toEqual(['@tensorflow']);
    expect((await readdir(join(fake.nodeModules, '@tensorflow'))).sort()).toEqual(['tfjs', 'tfjs-node']);
    expect(await text(fake.nodeModules, '@tensorflow', 'tfjs', 'package.json')).toBe('{"version":"4.22.0"}');
  });

  it('is found by a second run, which starts no program', async () => {
    const fake = await machineWith();
    await installNative(DEFAULTS, fake.machine);
    const before = await fake.commands();
    const again = await installNative(DEFAULTS, fake.machine);
    expect(again.verdict).toBeNull();
    expect(outcome(again)).toContain('already installed: TensorFlow 2.15.1');
    expect(await fake.commands()).toEqual(before);
    expect(await readdir(fake.nodeModules)).toEqual(['@tensorflow']);
  });

  it('is mended: a lost binding is compiled, a library with another byte is fetched', async () => {
    const fake = await machineWith();
    await installNative(DEFAULTS, fake.machine);
    expect(await fake.commands()).toEqual(['npm', 'pip', 'compile']);
    await rm(join(packageOf(fake), 'lib', 'napi-v8', 'tfjs_binding.node'));
    expect((await installNative(DEFAULTS, fake.machine)).verdict).not.toBeNull();
    expect((await fake.commands()).slice(3)).toEqual(['npm', 'compile']);
    await writeFile(join(packageOf(fake), 'deps', 'lib', 'libtensorflow_framework.so.2'), 'framewqrk');
    await installNative(DEFAULTS, fake.machine);
    expect((await fake.commands()).slice(5)).toEqual(['npm', 'pip', 'compile']);
    expect(await text(packageOf(fake), 'deps', 'lib', 'libtensorflow_framework.so.2')).toBe('framework');
  });

  it('for a GPU goes into the other package, and says how to get CUDA where no GPU is seen', async () => {
    const fake = await machineWith(
      {},
      {
        tryBackend: (name) =>
          Promise.resolve(
            name === 'wasm'
              ? { ok: true, milliseconds: 400, loss: 0.69 }
              : { ok: false, reason: '@tensorflow/tfjs-node-gpu finds no GPU' },
          ),
      },
    );
    const installed = await installNative({ ...DEFAULTS, gpu: true }, fake.machine);
    expect(installed.folder).toBe(join(fake.nodeModules, '@tensorflow', 'tfjs-node-gpu'));
    expect(outcome(installed)).toContain("pip install 'tensorflow[and-cuda]==2.15.1'");
    expect(await text(fake.root, 'log')).toContain(' tensorflow==2.15.1');
  });

  it('goes into a package that npm has brought, and leaves its other files alone', async () => {
    const fake = await machineWith();
    const folder = packageOf(fake);
    await mkdir(join(folder, 'binding'), { recursive: true });
    await writeFile(join(folder, 'package.json'), '{"version":"4.22.0"}');
    await writeFile(join(folder, 'binding', 'one.cc'), '// mine');
    await installNative(DEFAULTS, fake.machine);
    expect(await text(folder, 'binding', 'one.cc')).toBe('// mine');
    expect(await text(folder, 'lib', 'napi-v8', 'tfjs_binding.node')).toBe('binding\n');
  });

  it('that somebody else made and that trains is left as it is', async () => {
    const fake = await machineWith();
    await installNative(DEFAULTS, fake.machine);
    await rm(join(packageOf(fake), 'model-patching-native.json'));
    const adopted = await installNative(DEFAULTS, fake.machine);
    expect(adopted).toMatchObject({ tensorflow: '2.15.1', origin: 'another installer' });
    expect(await fake.commands()).toEqual(['npm', 'pip', 'compile']);
  });
});

/** A TensorFlow as Python has it installed. */
async function installedTensorFlow(root: string, files: Readonly<Record<string, string>> = LIBRARY_FILES) {
  for (const [name, content] of Object.entries(files)) {
    const file = join(root, 'site', name);
    await mkdir(join(file, '..'), { recursive: true });
    await writeFile(file, content);
  }
  return join(root, 'site', 'tensorflow');
}

describe('a library that is there', () => {
  it('as Python has it is linked to, not copied, and not removed by a mended installation', async () => {
    const fake = await machineWith();
    const site = await installedTensorFlow(fake.root);
    const machine = { ...fake.machine, env: { ...fake.machine.env, FACTS: facts({ tensorflow: site }) } };
    expect((await installNative(DEFAULTS, machine)).origin).toBe(site);
    expect(await fake.commands()).toEqual(['npm', 'compile']);
    const library = join(packageOf(fake), 'deps', 'lib', 'libtensorflow_cc.so.2');
    expect((await lstat(library)).isSymbolicLink()).toBe(true);
    expect(await realpath(library)).toBe(await realpath(join(site, 'libtensorflow_cc.so.2')));
    await installNative({ ...DEFAULTS, download: true }, machine);
    expect((await lstat(library)).isSymbolicLink()).toBe(false);
    expect(await text(site, 'libtensorflow_cc.so.2')).toBe(LIBRARY_FILES['tensorflow/libtensorflow_cc.so.2']);
    expect(await text(site, 'include', 'tensorflow', 'c', 'c_api.h')).toBe('// the interface\n');
  });

  it.each([
    [
      'too old',
      {},
      'version 2.14.1, not 2.15 to 2.21',
      '#define TF_MINOR_VERSION 15',
      '#define TF_MINOR_VERSION 14',
    ],
    ['for a GPU', { gpu: true }, 'not built for CUDA', '', ''],
    ['another version', { version: '2.16.1' }, 'version 2.15.1, not 2.16.1', '', ''],
  ])('and does not fit (%s) is named, and the wheel is fetched', async (_, settings, reason, from, to) => {
    const fake = await machineWith({ PIP_FAILS: 'ERROR: stop here' });
    const version = LIBRARY_FILES['tensorflow/include/tensorflow/core/public/version.h'].replace(from, to);
    const site = await installedTensorFlow(fake.root, {
      ...LIBRARY_FILES,
      'tensorflow/include/tensorflow/core/public/version.h': version,
    });
    const said: string[] = [];
    const machine = {
      ...fake.machine,
      env: { ...fake.machine.env, FACTS: facts({ tensorflow: site }) },
      say: (line: string) => void said.push(line),
    };
    await expect(installNative({ ...DEFAULTS, ...settings }, machine)).rejects.toThrow('stop here');
    expect(said).toContain(`Python's TensorFlow in ${site} is not used: ${reason}`);
  });

  it('has its version from the package where the headers do not tell', async () => {
    const fake = await machineWith();
    const site = await installedTensorFlow(fake.root, {
      ...LIBRARY_FILES,
      'tensorflow/include/tensorflow/core/public/version.h': '#error "TF_MAJOR_VERSION is not defined!"',
      'tensorflow_cpu-2.21.0.dist-info/RECORD': '',
      'tensorflow_estimator-2.15.0.dist-info/RECORD': '',
    });
    const machine = { ...fake.machine, env: { ...fake.machine.env, FACTS: facts({ tensorflow: site }) } };
    expect(await installNative(DEFAULTS, machine)).toMatchObject({ tensorflow: '2.21.0', origin: site });
  });

  it('that the user names may be a gzipped tar archive', async () => {
    const fake = await machineWith();
    const site = await installedTensorFlow(fake.root, {
      'own/lib/libtensorflow_cc.so.2': 'of C++',
      'own/lib/libtensorflow_framework.so.2': 'framework of C++',
      'own/include/tensorflow/c/c_api.h': '// C',
    });
    const [archive, own] = [join(fake.root, 'libtensorflow.tar.gz'), join(site, '..', 'own')];
    const env = { ...fake.machine.env, PATH: `${fake.bin}:${process.env['PATH']!}` };
    execFileSync('tar', ['-czf', archive, '-C', own, '.']);
    await installNative({ ...DEFAULTS, libtensorflow: archive }, { ...fake.machine, env });
    expect(await text(packageOf(fake), 'deps', 'lib', 'libtensorflow.so')).toBe('of C++');
    await writeFile(archive, 'no archive');
    await expect(
      installNative({ ...DEFAULTS, libtensorflow: archive, gpu: true }, { ...fake.machine, env }),
    ).rejects.toThrow('expected a gzipped tar archive of libtensorflow');
  });

  it('that the user names may be a folder with lib and include, or a wheel, also without Python', async () => {
    const fake = await machineWith({ FACTS: 'no Python' });
    const site = await installedTensorFlow(fake.root, {
      'own/lib/libtensorflow.so.2': 'of C',
      'own/lib/libtensorflow_framework.so.2': 'framework of C',
      'own/include/tensorflow/c/c_api.h': '// C',
    });
    const own = join(site, '..', 'own');
    const lib = join(packageOf(fake), 'deps', 'lib');
    expect((await installNative({ ...DEFAULTS, libtensorflow: own }, fake.machine)).tensorflow).toBe(
      'unknown',
    );
    expect(await text(lib, 'libtensorflow.so')).toBe('of C');
    const file = fake.machine.env['WHEEL']!;
    await installNative({ ...DEFAULTS, libtensorflow: file }, fake.machine);
    expect(await text(lib, 'libtensorflow_framework.so')).toBe('framework');
    expect((await installNative({ ...DEFAULTS, libtensorflow: file }, fake.machine)).verdict).toBeNull();
  });
});
