/**
 * Where TensorFlow's library comes from: what the user names, else a TensorFlow that Python has installed (used in
 * place: it takes 600 MB), else a wheel of the Python registry.
 */
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { failure } from './failure.ts';
import { bytesOf, findLibrary, isCudaBuild, libraryIn } from './library.ts';
import { findPythons, pythonWithPip, type Python } from './python.ts';
import type { CommandOptions } from './child-program.ts';
import { DEFAULT_VERSION, spaceFor, wheelToFetch } from './wheels.ts';

/** What the user asks for. */
export interface NativeSettings {
  readonly gpu: boolean;
  /** Version of the wheel; undefined for the default, or for whatever Python has. */
  readonly version: string | undefined;
  /** A folder, archive or wheel of the user's. */
  readonly libtensorflow: string | undefined;
  /** Fetch the wheel even if Python has TensorFlow. */
  readonly download: boolean;
}

/** Where the library comes from, and the disk space that it takes here. */
export type LibrarySource =
  | { readonly kind: 'folder'; readonly path: string; readonly bytes: number }
  | { readonly kind: 'archive'; readonly path: string; readonly bytes: number }
  | { readonly kind: 'wheel'; readonly path: string; readonly bytes: number }
  | { readonly kind: 'registry'; readonly python: Python; readonly version: string; readonly bytes: number };

/** Versions of which the first and the last were tried. */
const tried = (version: string): boolean => {
  const [major, minor] = version.split('.').map(Number);
  return major === 2 && minor! >= 15 && minor! <= 21;
};

async function named(path: string): Promise<LibrarySource> {
  const found = await stat(path).catch(() => null);
  if (found?.isDirectory()) {
    await libraryIn(path);
    return { kind: 'folder', path: resolve(path), bytes: spaceFor(0) };
  }
  const kind = path.endsWith('.whl') ? 'wheel' : /\.(tar\.gz|tgz)$/.test(path) ? 'archive' : null;
  if (found?.isFile() && kind !== null)
    return { kind, path: resolve(path), bytes: spaceFor(await bytesOf(path)) };
  throw failure(
    '--libtensorflow',
    'a folder, a .tar.gz or a .whl file',
    found === null ? `no file or folder '${path}'` : `'${path}'`,
    'name one of these',
  );
}

/** The first TensorFlow of a Python that fits, with a line on each that does not. */
async function installed(
  pythons: readonly Python[],
  { gpu, version }: NativeSettings,
  say: (line: string) => void,
): Promise<LibrarySource | null> {
  const folders = new Set(pythons.flatMap(({ tensorflow }) => tensorflow ?? []));
  for (const folder of folders) {
    const library = await findLibrary(folder);
    const reason =
      library === null
        ? 'without the libraries that are needed'
        : version !== undefined && library.version !== version
          ? `version ${library.version}, not ${version}`
          : !tried(library.version)
            ? `version ${library.version}, not 2.15 to 2.21`
            : gpu && !(await isCudaBuild(folder))
              ? 'not built for CUDA'
              : null;
    if (reason === null) return { kind: 'folder', path: folder, bytes: spaceFor(0) };
    say(`Python's TensorFlow in ${folder} is not used: ${reason}`);
  }
  return null;
}

/**
 * Decides where the library comes from.
 *
 * @throws ProgramError if there is no way to get it.
 */
export async function chooseSource(
  settings: NativeSettings,
  options: CommandOptions,
  say: (line: string) => void,
): Promise<LibrarySource> {
  if (settings.libtensorflow !== undefined) return named(settings.libtensorflow);
  const pythons = await findPythons(options);
  const present = settings.download ? null : await installed(pythons, settings, say);
  if (present !== null) return present;
  const version = settings.version ?? DEFAULT_VERSION;
  const python = pythonWithPip(pythons, settings.gpu, version);
  const wheel = wheelToFetch(settings.gpu, version)?.bytes ?? (settings.gpu ? 650_000_000 : 300_000_000);
  return { kind: 'registry', python, version, bytes: spaceFor(wheel) };
}
