/** A project, a wheel, and programs `python3`, `npm` and `c++` that behave as the real ones do, in an instant. */
import { createHash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, deflateRawSync } from 'node:zlib';
import type { Machine } from '../../../src/cli/native/install.ts';

/** A zip archive by the specification's tables of its three kinds of records. */
export function zip(files: Readonly<Record<string, string | Uint8Array>>): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [name, text] of Object.entries(files)) {
    const data = Buffer.from(text);
    const stored = data.length < 20;
    const packed = stored ? data : deflateRawSync(data);
    // version, flags, method, time, date, checksum, sizes, length of the name, length of the extra field
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(stored ? 0 : 8, 4);
    common.writeUInt32LE(crc32(data), 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(data.length, 18);
    common.writeUInt16LE(Buffer.byteLength(name), 22);
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), common, Buffer.from(name), packed]);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(offset, 10);
    directory.push(Buffer.from('PK\x01\x02\x14\0', 'latin1'), common, rest, Buffer.from(name));
    parts.push(local);
    offset += local.length;
  }
  const entries = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(Object.keys(files).length, 8);
  end.writeUInt16LE(Object.keys(files).length, 10);
  end.writeUInt32LE(entries.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, entries, end]);
}

const VERSION = `#define TF_MAJOR_VERSION 2
#define TF_MINOR_VERSION 15
#define TF_PATCH_VERSION 1
`;

/** The files of a wheel that count, with one that nobody wants. */
export const LIBRARY_FILES = {
  'tensorflow/libtensorflow_cc.so.2': 'the library, '.repeat(1000),
  'tensorflow/libtensorflow_framework.so.2': 'framework',
  'tensorflow/include/tensorflow/c/c_api.h': '// the interface\n',
  'tensorflow/include/tensorflow/core/public/version.h': VERSION,
  'tensorflow/include/tensorflow/core/framework/unwanted.h': '// not for us\n',
};

/** A wheel of these files with its RECORD; `faulty` is a file whose hash is wrong there. */
export function wheel(faulty?: string): Buffer {
  const record = Object.entries(LIBRARY_FILES).map(([name, text]) => {
    const hash = createHash('sha256').update(name === faulty ? 'other' : text);
    return `${name},sha256=${hash.digest('base64url')},${text.length}\n`;
  });
  return zip({ ...LIBRARY_FILES, 'tensorflow_cpu-2.15.1.dist-info/RECORD': record.join('') });
}

const PYTHON = `#!/bin/sh
if [ "$1" = -c ]; then echo "$FACTS"; exit 0; fi
echo pip "$@" >> "$LOG"
if [ -n "$PIP_FAILS" ]; then echo "$PIP_FAILS" >&2; exit 1; fi
while [ $# -gt 0 ]; do if [ "$1" = --dest ]; then dest=$2; fi; shift; done
/bin/cp "$WHEEL" "$dest/"
`;
const NPM = `#!/bin/sh
echo npm "$@" >> "$LOG"
if [ -n "$NPM_FAILS" ]; then echo "$NPM_FAILS" >&2; exit 1; fi
modules=node_modules
/bin/mkdir -p $modules/node-api-headers/include
if /bin/grep -q tfjs-node package.json; then
  name=$(/bin/grep -o '@tensorflow/tfjs-node[a-z-]*' package.json)
  /bin/mkdir -p $modules/$name/binding $modules/$name/dist $modules/progress $modules/@mapbox/node-pre-gyp
  echo '{"version":"4.22.0"}' > $modules/$name/package.json
  echo '// C++' > $modules/$name/binding/one.cc
  echo '// C++' > $modules/$name/binding/two.cc
fi
`;
const COMPILER = `#!/bin/sh
if [ "$1" = --version ]; then exit 0; fi
echo compile "$@" >> "$LOG"
if [ -n "$COMPILER_FAILS" ]; then echo "$COMPILER_FAILS" >&2; exit 1; fi
if [ -n "$COMPILER_HANGS" ]; then exec /bin/sleep 60; fi
while [ $# -gt 0 ]; do if [ "$1" = -o ]; then out=$2; fi; shift; done
echo binding > "$out"
`;

/** The project and its programs. */
export interface FakeMachine {
  readonly root: string;
  readonly nodeModules: string;
  readonly bin: string;
  /** The installer's view of it. */
  readonly machine: Machine;
  /** First words of the commands that ran: pip, npm, compile. */
  commands(): Promise<readonly string[]>;
}

/** Facts that a usable Python prints. */
export const facts = (changes: object = {}): string =>
  JSON.stringify({ version: '3.12', recent: true, pip: true, tensorflow: null, ...changes });

/** Makes one; `env` and `changes` replace what a sound machine has. */
export async function fakeMachine(
  env: NodeJS.ProcessEnv = {},
  changes: Partial<Machine> = {},
): Promise<FakeMachine> {
  const root = await mkdtemp(join(tmpdir(), 'native-'));
  const [bin, nodeModules, log] = [join(root, 'bin'), join(root, 'node_modules'), join(root, 'log')];
  await mkdir(bin);
  await mkdir(join(nodeModules, '@tensorflow', 'tfjs'), { recursive: true });
  await writeFile(join(nodeModules, '@tensorflow', 'tfjs', 'package.json'), '{"version":"4.22.0"}');
  const programs = { python3: PYTHON, npm: NPM, 'c++': COMPILER };
  for (const [name, script] of Object.entries(programs)) {
    await writeFile(join(bin, name), script);
    await chmod(join(bin, name), 0o755);
  }
  const wheelFile = join(root, 'tensorflow_cpu-2.15.1-cp311-cp311-test.whl');
  await writeFile(wheelFile, wheel());
  return {
    root,
    nodeModules,
    bin,
    machine: {
      platform: { system: 'linux', architecture: 'x64', glibc: '2.36' },
      nodeModules,
      env: { PATH: bin, LOG: log, FACTS: facts(), WHEEL: wheelFile, ...env },
      signal: new AbortController().signal,
      say: () => undefined,
      freeBytes: () => Promise.resolve(1e12),
      tryBackend: (name) =>
        Promise.resolve({ ok: true, milliseconds: name === 'wasm' ? 400 : 80, loss: 0.69 }),
      ...changes,
    },
    commands: async () =>
      (await readFile(log, 'utf8').catch(() => ''))
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => line.split(' ')[0]!),
  };
}
