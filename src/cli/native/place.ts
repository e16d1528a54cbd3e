/**
 * Where the native backend goes: beside the `@tensorflow/tfjs` that this package itself uses, so that both work on
 * the same tensors, and in a folder of this package's own below the same `node_modules` until it is whole. The
 * machine must be one that the registry has libraries for.
 */
import { lstat, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseJson } from '../../system/text-file.ts';
import { failure } from './failure.ts';

/** The release of tfjs-node and tfjs-node-gpu that goes with this package's tfjs. */
export const TFJS_NODE_VERSION = '4.22.0';

/** Folders of one installation. */
export interface Place {
  readonly packageName: string;
  readonly nodeModules: string;
  /** Where the package is, or will be. */
  readonly folder: string;
  /** Where it is made; npm leaves hidden folders alone. */
  readonly staging: string;
}

/** Whether there is anything of this name, a link that leads nowhere among it. */
export const isTaken = (path: string): Promise<boolean> =>
  lstat(path).then(
    () => true,
    () => false,
  );

/**
 * The `node_modules` folder whose tfjs this package uses.
 *
 * @param from A file of this package, default this one.
 * @throws ProgramError if there is none, or if it is npx's own, which no program of the user would look into.
 */
export async function findNodeModules(from = fileURLToPath(import.meta.url)): Promise<string> {
  for (let folder = dirname(from); ; folder = dirname(folder)) {
    const candidate = join(folder, 'node_modules');
    if (await isTaken(join(candidate, '@tensorflow', 'tfjs'))) {
      if (!candidate.includes('/_npx/')) return candidate;
      throw failure(
        candidate,
        'model-patching installed in your project',
        "npx's own copy",
        `npm install model-patching @tensorflow/tfjs@${TFJS_NODE_VERSION} first`,
      );
    }
    if (folder === dirname(folder)) {
      throw failure(
        'node_modules',
        '@tensorflow/tfjs',
        `none above ${dirname(from)}`,
        `npm install @tensorflow/tfjs@${TFJS_NODE_VERSION} first`,
      );
    }
  }
}

/** The folders for one of the two packages. */
export function placeIn(nodeModules: string, gpu: boolean): Place {
  const packageName = gpu ? '@tensorflow/tfjs-node-gpu' : '@tensorflow/tfjs-node';
  return {
    packageName,
    nodeModules,
    folder: join(nodeModules, packageName),
    staging: join(nodeModules, gpu ? '.model-patching-native-gpu' : '.model-patching-native'),
  };
}

/**
 * Whether npm's part of the package is there.
 *
 * @returns False if there is nothing.
 * @throws ProgramError if another release is there.
 */
export async function hasPackage({ folder, packageName }: Place): Promise<boolean> {
  if (!(await isTaken(folder))) return false;
  const text = await readFile(join(folder, 'package.json'), 'utf8').catch(() => '');
  const found = parseJson(text) as { version?: unknown } | undefined;
  if (found?.version === TFJS_NODE_VERSION) return true;
  throw failure(
    folder,
    `version ${TFJS_NODE_VERSION}`,
    found?.version === undefined ? 'no package' : `version ${String(found.version)}`,
    `remove it (npm uninstall ${packageName}) and run this again`,
  );
}

/** The facts of a machine that decide whether there are libraries for it. */
export interface Platform {
  readonly system: string;
  readonly architecture: string;
  /** Version of the GNU C library; undefined where there is another one. */
  readonly glibc: string | undefined;
}

/** Those of this machine. */
export function thisPlatform(): Platform {
  const report = process.report?.getReport() as { header?: { glibcVersionRuntime?: string } } | undefined;
  return {
    system: process.platform,
    architecture: process.arch,
    glibc: report?.header?.glibcVersionRuntime,
  };
}

/**
 * Refuses machines that the installer does not know.
 *
 * @param ownLibrary Whether the user brings the library, so that no wheel is needed.
 * @throws ProgramError
 */
export function checkPlatform({ system, architecture, glibc }: Platform, ownLibrary: boolean): void {
  const found = `${system} on ${architecture}${system === 'linux' && glibc === undefined ? ' without the GNU C library' : ''}`;
  if (system !== 'linux') {
    throw failure(
      'platform',
      'Linux on x64',
      found,
      `try npm install @tensorflow/tfjs-node@${TFJS_NODE_VERSION} and its own installer, or use wasm`,
    );
  }
  if (!ownLibrary && (architecture !== 'x64' || glibc === undefined)) {
    throw failure(
      'platform',
      'Linux on x64 with the GNU C library, for which there are wheels',
      found,
      'name a TensorFlow of your own with --libtensorflow, or use wasm',
    );
  }
}
