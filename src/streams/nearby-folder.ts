/** The folder of a data set that was given one folder too high, too low, or under another name. */
import { readdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { either as E } from 'fp-ts';
import type { DataError } from '../data/data-error.ts';
import { isFolder, isThere } from '../system/text-file.ts';

/** Folders beyond these are not looked into. */
const MOST_LOOKED_AT = 1000;

async function foldersIn(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isDirectory() || entry.isSymbolicLink())
    .map(({ name }) => join(folder, name))
    .sort()
    .slice(0, MOST_LOOKED_AT);
}

async function holding(folders: readonly string[], tables: readonly string[]): Promise<readonly string[]> {
  const found: string[] = [];
  for (const folder of folders)
    for (const table of tables)
      if (!found.includes(folder) && (await isThere(join(folder, table)))) found.push(folder);
  return found;
}

/** The folders nearest to a root that hold a table: below it, above it, or beside it where it is not there. */
async function nearest(root: string, tables: readonly string[]): Promise<readonly string[]> {
  const below = await foldersIn(root);
  const above = [dirname(root), dirname(dirname(root))];
  const rings = [
    () => Promise.resolve(below),
    () => Promise.resolve(above),
    async () => (await Promise.all(below.slice(0, 20).map(foldersIn))).flat().slice(0, MOST_LOOKED_AT),
    async () => ((await isFolder(root)) ? [] : foldersIn(dirname(root))),
  ];
  for (const ring of rings) {
    const found = await holding(await ring(), tables);
    if (found.length > 0) return found;
  }
  return [];
}

/**
 * A refusal of a folder with the path that would be right, where there is one nearby.
 *
 * @param described What came of opening the folder.
 * @param root The folder.
 * @param tables Names of the table, any of which a right folder holds.
 * @returns The same, but for the cure of a folder without a table.
 */
export async function orNearbyFolder<A>(
  described: E.Either<DataError, A>,
  root: string,
  tables: readonly string[],
): Promise<E.Either<DataError, A>> {
  if (E.isRight(described) || !described.left.where.startsWith(root)) return described;
  // A fault of the folder itself is a table that it lacks: it may be that of the other tables.
  const ofFolder = described.left.where === root;
  if (!ofFolder && (await holding([root], tables)).length > 0) return described;
  const isFile = (await isThere(root)) && !(await isFolder(root));
  const right = await nearest(resolve(root), tables);
  return right.length === 0
    ? described
    : E.left({
        ...described.left,
        ...(isFile && { found: 'a file' }),
        cure: `give ${right.slice(0, 3).join(' or ')}, which holds the table, or ${described.left.cure}`,
      });
}
