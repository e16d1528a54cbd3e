/**
 * What is said of images that a table names and that are not there: which files nearly have their names, and which
 * setting would find them. The folders below the root are gone through once, up to a bound, and only then.
 */
import { readdir } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { either as E } from 'fp-ts';
import type { DataError } from '../data/data-error.ts';
import { imageFile } from '../data/image-names.ts';
import { nameDifferences, nearestPath } from '../data/near-names.ts';

/** How a table's names became paths. */
export interface NamedFiles {
  /** The name of the data set. */
  readonly name: string;
  /** Its folder. */
  readonly root: string;
  /** Settings that took part, where there are such: the folder of the images, and what was put behind names. */
  readonly settings?: { readonly imageFolder: string; readonly extension: string };
}

/** Files that are gone through at most, and folders inside one another. */
const MOST_FILES = 500_000;
const DEEPEST = 8;
/** Missing images for which near names are looked for. */
const LOOKED_FOR = 3;

/** The paths of the files below a folder, relative to it. */
async function filesBelow(root: string): Promise<readonly string[]> {
  const files: string[] = [];
  const folders = [{ path: '', depth: 0 }];
  for (let next = folders.shift(); next !== undefined && files.length < MOST_FILES; next = folders.shift()) {
    const { path, depth } = next;
    const entries = await readdir(join(root, path), { withFileTypes: true }).catch(() => []);
    for (const entry of entries) {
      const below = path === '' ? entry.name : `${path}/${entry.name}`;
      // Links to images have endings, and those without are taken for folders.
      const isFolder = entry.isDirectory() || (entry.isSymbolicLink() && !entry.name.includes('.'));
      if (!isFolder) files.push(below);
      else if (depth < DEEPEST && !entry.name.startsWith('.'))
        folders.push({ path: below, depth: depth + 1 });
    }
  }
  return files;
}

/** A path inside a folder, or undefined. */
const inside = (path: string, folder: string): string | undefined =>
  folder === '' ? path : path.startsWith(`${folder}/`) ? path.slice(folder.length + 1) : undefined;

type Settings = NonNullable<NamedFiles['settings']>;

/** The folder of the images as it stands in paths. */
const plainFolder = (imageFolder: string): string => imageFolder.replace(/^\.?\/+|\/+$/g, '');

/** Settings with which the wanted path would be the near one; undefined if there are none. */
function settingsFor(
  wanted: string,
  near: string,
  { imageFolder, extension }: Settings,
): Settings | undefined {
  const name = inside(wanted, plainFolder(imageFolder));
  if (name === undefined || !name.endsWith(extension)) return undefined;
  const given = name.slice(0, name.length - extension.length);
  const at = `/${near}`.lastIndexOf(`/${given}`);
  if (at < 0) return undefined;
  const ending = near.slice(at + given.length);
  return ending === '' || /^\.[A-Za-z0-9]+$/.test(ending)
    ? { imageFolder: near.slice(0, Math.max(0, at - 1)), extension: ending }
    : undefined;
}

/** The settings that change, as they are written. */
function written(found: Settings, { imageFolder, extension }: Settings): string {
  const changed = [
    ...(found.imageFolder === imageFolder ? [] : [`data.imageFolder: ${JSON.stringify(found.imageFolder)}`]),
    ...(found.extension === extension ? [] : [`data.extension: ${JSON.stringify(found.extension)}`]),
  ];
  return changed.join(' and ');
}

/** Whether a table can name a file: blanks around a name are taken away, and a backslash is read as a slash. */
function canBeNamed(near: string, { imageFolder, extension } = { imageFolder: '', extension: '' }): boolean {
  const name = inside(near, plainFolder(imageFolder));
  if (name === undefined || !name.endsWith(extension)) return false;
  const named = imageFile('', name.slice(0, name.length - extension.length), '', extension);
  return E.isRight(named) && named.right === name;
}

function cureFor(wanted: string, near: string | undefined, { settings }: NamedFiles): string {
  if (near === undefined) return 'unpack all images there, or give the folder that holds them';
  const found = settings === undefined ? undefined : settingsFor(wanted, near, settings);
  const change = found === undefined ? '' : written(found, settings!);
  if (change !== '') return `set ${change}, which finds it`;
  const rename = `rename the file to ${JSON.stringify(wanted)}`;
  return canBeNamed(near, settings)
    ? `name the image in the table as its file is named, or ${rename}`
    : rename;
}

/**
 * The fault of images that are not there.
 *
 * @param missing Their paths, at least one.
 * @param files How the table's names became paths.
 * @returns The first of them, how many others there are, the nearest files, and what finds the first.
 */
export async function missingFilesFault(missing: readonly string[], files: NamedFiles): Promise<DataError> {
  const { name, root } = files;
  const there = await filesBelow(root);
  const nears = missing.slice(0, LOOKED_FOR).map((path) => {
    const wanted = relative(root, path).split(sep).join('/');
    return { wanted, near: nearestPath(wanted, there) };
  });
  const told = nears.flatMap(({ wanted, near }, i) =>
    near === undefined
      ? []
      : [
          `${i === 0 ? 'the nearest is' : `to ${JSON.stringify(wanted)}`} ${JSON.stringify(near)}, ${nameDifferences(wanted, near)}`,
        ],
  );
  const others = missing.length === 1 ? '' : `, and ${missing.length - 1} others likewise`;
  const [{ wanted, near }] = nears as [(typeof nears)[number]];
  return {
    where: missing[0]!,
    expected: `this image, which the table of ${name} names`,
    found: `no such file${others}${told.length === 0 ? '' : `; ${told.join('; ')}`}`,
    cure: cureFor(wanted, near, files),
  };
}
