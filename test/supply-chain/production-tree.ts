/**
 * What a user installs, by the lock file: the package's dependencies and its peer, tfjs, with all that these depend on.
 * npm's own bill of materials leaves out what is a development dependency too, and so tfjs.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** A package of the lock file. */
interface LockedPackage {
  readonly version: string;
  readonly license?: string;
  readonly integrity?: string;
  readonly hasInstallScript?: boolean;
  readonly deprecated?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
}

/** A lock file of version 3; packages by their folders, the empty one is this package. */
export interface LockFile {
  readonly packages: Readonly<Record<string, LockedPackage>>;
}

/** A package that is installed. */
export interface Installed {
  readonly name: string;
  /** Its folder, such as `node_modules/a/node_modules/b`. */
  readonly folder: string;
  readonly version: string;
  readonly license: string;
  /** SHA-512 of its archive, in base64. */
  readonly integrity: string;
  readonly hasInstallScript: boolean;
  readonly deprecated: string | null;
  /** Folders of what it depends on. */
  readonly dependsOn: readonly string[];
}

/** The folder in which a package finds another: its own, or the nearest one above. */
function folderOf(lock: LockFile, from: string, name: string): string | undefined {
  for (let at = from; ; at = at.slice(0, Math.max(0, at.lastIndexOf('/node_modules/')))) {
    const folder = at === '' ? `node_modules/${name}` : `${at}/node_modules/${name}`;
    if (lock.packages[folder] !== undefined) return folder;
    if (at === '') return undefined;
  }
}

/** Names of what a package needs, peers included that are not optional. */
function needsOf(locked: LockedPackage): readonly string[] {
  const {
    dependencies = {},
    optionalDependencies = {},
    peerDependencies = {},
    peerDependenciesMeta = {},
  } = locked;
  const peers = Object.keys(peerDependencies).filter((name) => peerDependenciesMeta[name]?.optional !== true);
  return [...new Set([...Object.keys(dependencies), ...Object.keys(optionalDependencies), ...peers])];
}

/**
 * The packages that a user installs, by name.
 *
 * @param lock The lock file.
 * @throws Error if one is missing there.
 */
export function productionTree(lock: LockFile): readonly Installed[] {
  const found = new Map<string, Installed>();
  const visit = (folder: string): readonly string[] => {
    const locked = lock.packages[folder]!;
    const dependsOn = needsOf(locked).flatMap((name) => {
      const at = folderOf(lock, folder, name);
      if (at === undefined && locked.optionalDependencies?.[name] !== undefined) return [];
      if (at === undefined) throw new Error(`${folder || 'package.json'} needs ${name}, which is not locked`);
      return [at];
    });
    if (folder !== '') {
      const {
        version,
        license = 'unknown',
        integrity = '',
        hasInstallScript = false,
        deprecated = null,
      } = locked;
      const name = folder.slice(folder.lastIndexOf('node_modules/') + 'node_modules/'.length);
      found.set(folder, {
        name,
        folder,
        version,
        license,
        integrity,
        hasInstallScript,
        deprecated,
        dependsOn,
      });
    }
    for (const next of dependsOn) if (!found.has(next)) visit(next);
    return dependsOn;
  };
  visit('');
  return [...found.values()].sort((a, b) => (a.folder < b.folder ? -1 : 1));
}

/** The lock file of the repository, with the dependencies that its package.json has now. */
export function readLockFile(): LockFile {
  const read = (file: string): unknown => JSON.parse(readFileSync(join(root, file), 'utf8'));
  const { packages } = read('package-lock.json') as LockFile;
  return { packages: { ...packages, '': read('package.json') as LockedPackage } };
}

/** Bytes of the files of an installed package, without those of packages inside it; null if it is not installed. */
export function installedBytes({ folder }: Installed): number | null {
  const bytesIn = (path: string): number =>
    readdirSync(path, { withFileTypes: true }).reduce((sum, entry) => {
      if (entry.name === 'node_modules') return sum;
      const below = join(path, entry.name);
      return sum + (entry.isDirectory() ? bytesIn(below) : entry.isFile() ? statSync(below).size : 0);
    }, 0);
  try {
    return bytesIn(join(root, folder));
  } catch {
    return null;
  }
}
