/** The shards of a folder, each once and all of them. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { either as E } from 'fp-ts';
import { refuse, type DataError } from '../data/data-error.ts';
import { hasCode, isFolder, reason } from '../system/text-file.ts';
import { endsAsShard, isByproduct, namesFault, twiceFault, type NamesFault } from './shard-names.ts';

/** The shards of a folder, and what looks like shards and is none. */
export interface ListedShards {
  /** Paths in the order of their names, at least one. */
  readonly paths: readonly string[];
  /** What was left out, in a line; or none. */
  readonly notices: readonly string[];
}

/** Bytes by which two shards of one size are first told apart. */
const BEGINNING = 2 ** 16;

async function contentHash(path: string, bytes: number): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(path, { end: bytes - 1 })) hash.update(piece as Buffer);
  return hash.digest('hex');
}

/** Those that share what a key says of them; whoever shares it with nobody is left out. */
async function sharing(
  groups: readonly (readonly string[])[],
  key: (name: string) => Promise<string | number>,
): Promise<readonly (readonly string[])[]> {
  const shared: (readonly string[])[] = [];
  for (const names of groups) {
    const byKey = new Map<string | number, string[]>();
    for (const name of names) {
      const value = await key(name);
      byKey.set(value, [...(byKey.get(value) ?? []), name]);
    }
    shared.push(...[...byKey.values()].filter(({ length }) => length > 1));
  }
  return shared;
}

/** Two shards of equal contents. Only those of one size and one beginning are read to their end. */
async function sameContents(folder: string, names: readonly string[]): Promise<NamesFault | undefined> {
  const sizes = new Map<string, number>();
  for (const name of names) sizes.set(name, (await stat(join(folder, name))).size);
  const written = names.filter((name) => sizes.get(name)! > 0);
  const sameSize = await sharing([written], (name) => Promise.resolve(sizes.get(name)!));
  const sameStart = await sharing(sameSize, (name) => contentHash(join(folder, name), BEGINNING));
  const [same] = await sharing(sameStart, (name) => contentHash(join(folder, name), sizes.get(name)!));
  if (same === undefined) return undefined;
  const { expected, found, cure } = twiceFault(same[0]!, same[1]!);
  return { expected, found: `${found}, which have the same contents`, cure };
}

const leftOutLine = (folder: string, names: readonly string[]): string =>
  `${folder}: left out ${names.slice(0, 3).join(', ')}` +
  (names.length > 3 ? ` and ${names.length - 3} more` : '') +
  ', which are no shards: hidden files, or what macOS puts beside them';

/** Paths below a folder. */
interface Below {
  readonly files: readonly string[];
  readonly folders: readonly string[];
}

/** What is below a folder; a link is what it leads to, and one that leads nowhere is a file that cannot be read. */
async function pathsBelow(folder: string): Promise<Below> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const [files, folders]: [string[], string[]] = [[], []];
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name);
    const isInside = entry.isDirectory() || (entry.isSymbolicLink() && (await isFolder(path)));
    (isInside ? folders : files).push(relative(folder, path));
  }
  return { files, folders };
}

const CURE = 'give the folder that holds them';

/** What is said of a folder without shards. Spark writes folders that are called as shards are, of files that are not. */
function withoutShards({ files, folders }: Below): { readonly found: string; readonly cure: string } {
  const parts = files.filter((file) => !isByproduct(file) && /[/\\][^._][^/\\]*$/.test(file));
  const part = parts.sort().find((file) => endsAsShard(file.replace(/[/\\][^/\\]*$/, '')));
  if (part !== undefined) {
    const named = folders.filter(endsAsShard).sort().slice(0, 3).join(', ');
    return {
      found: `files with other names in folders that are called as shards are: ${named}`,
      cure: `give their files that ending, e.g. rename ${part} to ${part}.tfrecord`,
    };
  }
  const here = [...files, ...folders].filter((name) => !/[/\\]/.test(name)).sort();
  return {
    found: here.length === 0 ? 'an empty folder' : `only ${here.slice(0, 8).join(', ')}`,
    cure: CURE,
  };
}

/**
 * The shards of a folder in order: every file that ends in `.tfrec`, `.tfrecord` or `.tfrecords` in any case, also with
 * `-00000-of-00010` and `.gz` behind that, here and in its folders. Numbers in their names must be complete. Hidden
 * files and `__MACOSX` are left out. A folder is none, whatever it is called.
 *
 * @param folder The folder.
 * @returns The shards and a line about what was left out; or which is missing, or there twice.
 */
export async function findShards(folder: string): Promise<E.Either<DataError, ListedShards>> {
  const layout = 'a folder with shards such as 00-10240.tfrec or name.tfrecord-00000-of-00010';
  const below = await pathsBelow(folder).catch((error: unknown) =>
    hasCode(error, 'ENOENT') ? 'no such folder' : hasCode(error, 'ENOTDIR') ? 'a file' : reason(error),
  );
  if (typeof below === 'string') return refuse(folder, layout, below, CURE);
  const [shards, leftOut] = [false, true].map((byproduct) =>
    below.files
      .filter((name) => endsAsShard(name) && isByproduct(name) === byproduct)
      .sort((a, b) => a.localeCompare(b, 'en', { numeric: true })),
  ) as [string[], string[]];
  if (shards.length === 0) {
    const { found, cure } = withoutShards(below);
    return refuse(folder, layout, found, cure);
  }
  try {
    const wrong = namesFault(shards) ?? (await sameContents(folder, shards));
    if (wrong !== undefined) return E.left({ where: folder, ...wrong });
  } catch (error) {
    return refuse(folder, 'shards that can be read', reason(error), 'check the paths, and who may read them');
  }
  return E.right({
    paths: shards.map((name) => join(folder, name)),
    notices: leftOut.length === 0 ? [] : [leftOutLine(folder, leftOut)],
  });
}
