/**
 * npm's part: the package tfjs-node without its install script, with the headers of Node's binary interface, which
 * only the compiler needs. It is installed in a folder of its own: `npm install` in the user's project would remove
 * other packages that package.json does not name, and could change those it does.
 */
import { copyFile, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { failure } from './failure.ts';
import { hasPackage, TFJS_NODE_VERSION, type Place } from './place.ts';
import { runChild, telling, type CommandOptions } from './child-program.ts';

const HEADERS_VERSION = '1.9.0';

/** What was fetched. */
export interface FetchedPackage {
  /** The package to be moved to its place; null if it is there already. */
  readonly folder: string | null;
  /** The headers of Node's binary interface. */
  readonly headers: string;
}

/** The project's tfjs stands in for the one that npm would fetch a second time. */
async function writeManifest(folder: string, packages: Readonly<Record<string, string>>): Promise<void> {
  const provided = { name: '@tensorflow/tfjs', version: TFJS_NODE_VERSION };
  await mkdir(join(folder, 'provided'), { recursive: true });
  await writeFile(join(folder, 'provided', 'package.json'), JSON.stringify(provided));
  const dependencies = { '@tensorflow/tfjs': 'file:./provided', ...packages };
  await writeFile(join(folder, 'package.json'), JSON.stringify({ private: true, dependencies }));
}

/** Puts the packages that tfjs-node needs, tfjs excepted, into its own `node_modules`. */
async function nestDependencies(modules: string, target: string): Promise<void> {
  const nested = join(target, 'node_modules');
  await mkdir(nested, { recursive: true });
  for (const name of await readdir(modules)) {
    if (name !== '@tensorflow' && name !== 'node-api-headers' && !name.startsWith('.'))
      await rename(join(modules, name), join(nested, name));
  }
}

/**
 * Fetches what npm has to bring.
 *
 * @param place Where the package belongs; if it is there, only headers are fetched.
 * @throws ProgramError if npm is not there or fails, with what it says.
 */
export async function fetchPackage(place: Place, options: CommandOptions): Promise<FetchedPackage> {
  const work = join(place.staging, 'npm');
  const present = await hasPackage(place);
  await rm(work, { recursive: true, force: true });
  await writeManifest(work, {
    ...(present ? {} : { [place.packageName]: TFJS_NODE_VERSION }),
    'node-api-headers': HEADERS_VERSION,
  });
  // The project's own registry settings count here as well.
  const settings = join(dirname(place.nodeModules), '.npmrc');
  await copyFile(settings, join(work, '.npmrc')).catch(() => undefined);
  const ended = await runChild(
    'npm',
    [
      ...['install', '--prefix', work, '--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock'],
      ...['--no-global', '--omit=dev', '--loglevel=error'],
    ],
    { ...options, cwd: work },
  );
  const cure = 'see that npm is on the path and can reach its registry, and run this again';
  if (ended === null) throw failure('npm', 'npm, to fetch two packages', 'none on the path', cure);
  if (ended.code !== 0) throw failure('npm install', 'two packages', telling(ended.stderr), cure);
  const modules = join(work, 'node_modules');
  const headers = join(modules, 'node-api-headers', 'include');
  if (present) return { folder: null, headers };
  const folder = join(modules, place.packageName);
  await nestDependencies(modules, folder);
  return { folder, headers };
}
