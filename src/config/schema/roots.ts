/** `${NAME}/…`: roots of paths, which the environment or the command line gives, so that no file holds a machine’s. */
import { either as E } from 'fp-ts';
import type * as t from 'io-ts';
import type { DataError } from '../../data/data-error.ts';
import { pathText } from '../decoding.ts';
import { didYouMean } from '../did-you-mean.ts';
import { path as pathCodec, ROOT } from './values.ts';
import { mapLeaves } from './walk.ts';

/** Folders by root name. */
export type Roots = Readonly<Record<string, string | undefined>>;

/** Names of the roots that settings use, each once, in order of appearance. */
export function rootsOf(codec: t.Mixed, settings: unknown): readonly string[] {
  const names = new Set<string>();
  mapLeaves(codec, settings, (leaf, value) => {
    const name = leaf === pathCodec ? ROOT.exec(String(value))?.[1] : undefined;
    if (name !== undefined) names.add(name);
    return value;
  });
  return [...names];
}

/**
 * Settings in the order of the schema, with the roots of their paths put in.
 *
 * @param codec Of the settings.
 * @param settings Decoded.
 * @param roots Folders by name; null leaves the names in the paths.
 * @param placeAt Where a setting was written.
 * @returns Settings of the same type, or the roots that are not given.
 */
export function withRoots<A>(
  codec: t.Type<A>,
  settings: A,
  roots: Roots | null,
  placeAt: (path: readonly string[]) => string,
): E.Either<readonly DataError[], A> {
  const faults: DataError[] = [];
  const resolved = mapLeaves(codec, settings, (leaf, value, path) => {
    const name = leaf === pathCodec ? ROOT.exec(String(value))?.[1] : undefined;
    if (name === undefined || roots === null) return value;
    const folder = Object.hasOwn(roots, name) ? roots[name] : undefined;
    if (folder !== undefined && folder !== '')
      return String(value).replace(ROOT, () => folder.replace(/(?<=.)\/$/, ''));
    faults.push({
      where: `${placeAt(path)}: ${pathText(path)}`,
      expected: `the root ${name} to be given`,
      found: `none for "${String(value)}"${didYouMean(
        name,
        Object.keys(roots).filter((each) => each !== name),
      )}`,
      cure: `set the environment variable ${name}, or give --root ${name}=FOLDER`,
    });
    return value;
  });
  return faults.length === 0 ? E.right(resolved as A) : E.left(faults);
}
