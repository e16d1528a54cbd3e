/**
 * TensorFlow's library on the disk. The binding looks for it in its package's `deps/lib`, under the name by which the
 * library calls itself and with the framework library beside it; links serve as well as copies.
 */
import { mkdir, readFile, readdir, realpath, rename, rm, stat, symlink } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { isThere } from '../../system/text-file.ts';
import { failure } from './failure.ts';
import { runChild, telling, type CommandOptions } from './child-program.ts';

/** The two libraries and the headers of one TensorFlow. */
export interface Library {
  readonly main: string;
  readonly framework: string;
  readonly include: string;
  /** `unknown` where neither the headers nor Python's package tell. */
  readonly version: string;
}

const FRAMEWORK = 'libtensorflow_framework.so.2';
const MAIN = ['libtensorflow_cc.so.2', 'libtensorflow.so.2'];
/** `libtensorflow` archives have `lib`; an installed Python package has its libraries at the top. */
const LAYOUTS = ['lib', '.'];

/** By the headers, which told it up to some release after 2.15. */
async function versionOfHeaders(include: string): Promise<string | undefined> {
  const text = await readFile(join(include, 'tensorflow', 'core', 'public', 'version.h'), 'utf8').catch(
    () => '',
  );
  const parts = ['MAJOR', 'MINOR', 'PATCH'].map(
    (part) => new RegExp(`#define TF_${part}_VERSION (\\d+)`).exec(text)?.[1],
  );
  return parts.includes(undefined) ? undefined : parts.join('.');
}

/** By what Python's installers write beside a package. */
async function versionOfPackage(folder: string): Promise<string | undefined> {
  const names = await readdir(dirname(folder)).catch((): string[] => []);
  const versions = names.map(
    (name) => /^tensorflow(?:_cpu)?-(\d+\.\d+\.\d+)[^-]*\.dist-info$/.exec(name)?.[1],
  );
  return versions.find((version) => version !== undefined);
}

/**
 * The libraries and headers in a folder, whatever its layout.
 *
 * @returns Null if it has none.
 */
export async function findLibrary(folder: string): Promise<Library | null> {
  const include = join(folder, 'include');
  if (!(await isThere(join(include, 'tensorflow', 'c', 'c_api.h')))) return null;
  for (const layout of LAYOUTS) {
    for (const name of MAIN) {
      const [main, framework] = [join(folder, layout, name), join(folder, layout, FRAMEWORK)];
      if ((await isThere(main)) && (await isThere(framework)))
        return {
          main,
          framework,
          include,
          version: (await versionOfHeaders(include)) ?? (await versionOfPackage(folder)) ?? 'unknown',
        };
    }
  }
  return null;
}

/** As {@link findLibrary}, for a folder that the user names. */
export async function libraryIn(folder: string): Promise<Library> {
  const found = await findLibrary(resolve(folder));
  if (found !== null) return found;
  throw failure(
    folder,
    `${MAIN.join(' or ')} and ${FRAMEWORK}, in it or in lib, and include/tensorflow/c/c_api.h`,
    'not all of them',
    'name an unpacked libtensorflow, an installed tensorflow package of Python, or a wheel for Linux',
  );
}

/** Whether an installed Python package was built for CUDA. */
export async function isCudaBuild(folder: string): Promise<boolean> {
  const facts = join(folder, 'python', 'platform', 'build_info.py');
  const text = await readFile(facts, 'utf8').catch(() => '');
  return /['"]is_cuda_build['"]\s*[:\]]\s*=?\s*True/.test(text);
}

/** Whether a binding can be compiled against a `deps` folder. */
export const canLink = async (deps: string): Promise<boolean> =>
  (await findLibrary(deps)) !== null && (await isThere(join(deps, 'lib', 'libtensorflow.so')));

/** Gives the libraries the names that a linker looks for. */
async function linkDevelopmentNames(lib: string): Promise<void> {
  for (const name of MAIN) {
    if (!(await isThere(join(lib, name)))) continue;
    await rm(join(lib, 'libtensorflow.so'), { force: true });
    await rm(join(lib, 'libtensorflow_framework.so'), { force: true });
    await symlink(name, join(lib, 'libtensorflow.so'));
    await symlink(FRAMEWORK, join(lib, 'libtensorflow_framework.so'));
    return;
  }
}

/** Uses a library where it is: `deps` gets links to it. */
export async function linkLibrary(library: Library, deps: string): Promise<void> {
  const lib = join(deps, 'lib');
  await rm(deps, { recursive: true, force: true });
  await mkdir(lib, { recursive: true });
  const name = library.main.endsWith('_cc.so.2') ? MAIN[0]! : MAIN[1]!;
  await symlink(await realpath(library.main), join(lib, name));
  await symlink(await realpath(library.framework), join(lib, FRAMEWORK));
  await symlink(await realpath(library.include), join(deps, 'include'));
  await linkDevelopmentNames(lib);
}

/** Makes what was unpacked into `deps` ready. */
export async function finishUnpacked(deps: string): Promise<void> {
  await linkDevelopmentNames(join(deps, 'lib'));
}

/** Unpacks a `libtensorflow` archive into `deps`. */
export async function unpackArchive(archive: string, deps: string, options: CommandOptions): Promise<void> {
  const partial = `${deps}.partial`;
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial, { recursive: true });
  const ended = await runChild('tar', ['-xzf', resolve(archive), '-C', partial], options);
  if (ended?.code !== 0) {
    const found = ended === null ? 'no program tar on the path' : telling(ended.stderr);
    throw failure(archive, 'a gzipped tar archive of libtensorflow', found, 'fetch it again');
  }
  await libraryIn(partial);
  await rm(deps, { recursive: true, force: true });
  await rename(partial, deps);
  await linkDevelopmentNames(join(deps, 'lib'));
}

/** Bytes of a file, 0 if there is none. */
export const bytesOf = (path: string): Promise<number> =>
  stat(path).then(
    ({ size }) => size,
    () => 0,
  );
