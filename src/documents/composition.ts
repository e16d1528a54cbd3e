/**
 * `extends`: a configuration as what it changes of others. `extends` names one file or several, relative to the file
 * that says so; the later wins over the earlier, and the file itself over all. What is composed lies below one folder,
 * so that a configuration from somebody else cannot read what is not its own. The parts of a study extend files likewise.
 */
import { either as E } from 'fp-ts';
import { refuse, type DataError } from '../data/data-error.ts';
import {
  mergeDocuments,
  parseDocument,
  withoutKey,
  type DocumentMap,
  type DocumentNode,
} from './document.ts';
import { mapStudyParts, withoutStudysOwn, withStageOneAsSources } from './study-parts.ts';

/** Most files that one configuration is composed of; one that is extended twice counts twice. */
export const MOST_FILES = 128;

/** `a/./b/../c` as `a/c`; leading `..` stay. */
export function normalizePath(path: string): string {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..' && parts.length > 0 && parts.at(-1) !== '..') parts.pop();
    else parts.push(part);
  }
  return (path.startsWith('/') ? '/' : '') + parts.join('/');
}

/** The folder of a file; empty for the working folder. */
export const folderOf = (file: string): string => normalizePath(file.slice(0, file.lastIndexOf('/') + 1));

/** Whether a normalised path lies in a folder; an empty folder is the working folder. */
export const isBelow = (file: string, folder: string): boolean =>
  folder === '' ? !/^(\/|\.\.(\/|$))/.test(file) : file.startsWith(folder === '/' ? '/' : `${folder}/`);

/** Below which folder a configuration may name files: the working folder if it lies there, or else its own. */
export const boundaryOf = (file: string): string => (isBelow(normalizePath(file), '') ? '' : folderOf(file));

/**
 * The file that another names.
 *
 * @param named As it is written.
 * @param chain The files from the configuration to the one that names it, the latter last.
 * @param place Where it is written.
 * @param key The setting that names it.
 * @returns Its path from where the first of the chain is found, or why it may not be read.
 */
export function namedFile(
  named: string,
  chain: readonly string[],
  place: string,
  key = 'extends',
): E.Either<DataError, string> {
  const boundary = boundaryOf(chain[0]!);
  const from = folderOf(chain.at(-1)!);
  const shown = [...chain, named].join(' → ');
  if (named === '' || /^([/\\~]|[A-Za-z]:)|\\|\0/.test(named)) {
    return refuse(
      `${place}: ${key}`,
      'a path relative to this file, with /',
      `"${named}" (${shown})`,
      'write it relative to this file',
    );
  }
  const file = normalizePath(`${from === '' ? '' : from === '/' ? '/' : `${from}/`}${named}`);
  if (!isBelow(file, boundary)) {
    return refuse(
      `${place}: ${key}`,
      `a file below ${boundary === '' ? 'the working folder' : boundary}`,
      `"${named}" (${shown})`,
      'keep it there, or run from a folder that holds both',
    );
  }
  if (chain.includes(file)) {
    return refuse(
      `${place}: ${key}`,
      'files that do not lead back to themselves',
      [...chain, file].join(' → '),
      'take one of them out',
    );
  }
  return E.right(file);
}

interface Named {
  readonly name: string;
  readonly place: string;
}

/** The files that a document names under a key. */
function namesUnder(node: DocumentMap, key: string): E.Either<DataError, readonly Named[]> {
  const value = node.entries.get(key)?.node;
  if (value === undefined) return E.right([]);
  const items = value.of === 'list' ? value.items : [value];
  const wrong = items.find((item) => item.of !== 'scalar' || typeof item.value !== 'string');
  return wrong === undefined
    ? E.right(items.map((item) => ({ name: String((item as { value?: unknown }).value), place: item.place })))
    : refuse(`${wrong.place}: ${key}`, 'a file, or a list of files', `a ${wrong.of}`, 'write paths as text');
}

/** What gives the text of a file; null if there is none. */
export type ReadText = (file: string) => Promise<E.Either<DataError, string | null>>;

const asMap = (node: DocumentNode, file: string): E.Either<DataError, DocumentMap> =>
  node.of === 'map'
    ? E.right(node)
    : refuse(
        file,
        'settings, each on a line "name: value"',
        node.of === 'scalar' && node.value === null ? 'nothing' : `a ${node.of}`,
        'write settings, or copy a template',
      );

/** The tree of one file. */
export async function readDocument(
  file: string,
  read: ReadText,
  namedAt: string | null = null,
): Promise<E.Either<DataError, DocumentMap>> {
  const text = await read(file);
  if (E.isLeft(text)) return text;
  if (text.right === null) {
    const cure =
      namedAt === null ? 'name a file that there is' : 'correct the name, which is relative to that file';
    return refuse(
      namedAt ?? file,
      namedAt === null ? 'a configuration file' : `the file ${file}`,
      'none',
      cure,
    );
  }
  return E.Monad.chain(parseDocument(text.right, file), (node) => asMap(node, file));
}

/**
 * A file composed with all that it extends.
 *
 * @param file Its path.
 * @param read Gives texts: of files, or from a map of texts.
 * @returns The tree without `extends`, or the first fault.
 */
export async function composeDocument(
  file: string,
  read: ReadText,
): Promise<E.Either<DataError, DocumentMap>> {
  let files = 0;
  const compose = async (
    chain: readonly string[],
    namedAt: string | null,
  ): Promise<E.Either<DataError, DocumentMap>> => {
    const current = chain.at(-1)!;
    if (++files > MOST_FILES) {
      return refuse(
        namedAt ?? current,
        `at most ${MOST_FILES} files`,
        chain.join(' → '),
        'extend fewer files',
      );
    }
    const parsed = await readDocument(current, read, namedAt);
    if (E.isLeft(parsed)) return parsed;
    const whole = await mapStudyParts(parsed.right, (part) =>
      extended(withStageOneAsSources(part), chain, withoutStudysOwn),
    );
    return E.isLeft(whole) ? whole : extended(whole.right, chain);
  };
  /** A map over the files that it extends, of which `take` is taken. */
  const extended = async (
    node: DocumentMap,
    chain: readonly string[],
    take = (file: DocumentMap): DocumentMap => file,
  ): Promise<E.Either<DataError, DocumentMap>> => {
    const names = namesUnder(node, 'extends');
    if (E.isLeft(names)) return names;
    let composed: DocumentNode | undefined;
    for (const { name, place } of names.right) {
      const next = namedFile(name, chain, place);
      if (E.isLeft(next)) return next;
      const base = await compose([...chain, next.right], place);
      if (E.isLeft(base)) return base;
      const taken = take(base.right);
      composed = composed === undefined ? taken : mergeDocuments(composed, taken);
    }
    const own = withoutKey(node, 'extends');
    return asMap(composed === undefined ? own : mergeDocuments(composed, own), chain.at(-1)!);
  };
  return compose([normalizePath(file)], null);
}
