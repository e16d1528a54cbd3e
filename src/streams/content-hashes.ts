/**
 * Hashes of what image files hold. A hash that was taken is kept with the size and the times of its file, in a folder of
 * the user that all runs share: only files that have another size or time are read again. What is kept may be
 * deleted at any time.
 */
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { either as E } from 'fp-ts';
import * as t from 'io-ts';
import { UNREADABLE } from '../data/data-listing.ts';
import type { ImageLocation } from '../data/dataset.ts';
import { interrupted } from '../system/interruption.ts';
import { parseJson } from '../system/text-file.ts';
import { imageBytesReader, type ImageBytesReader } from './image-bytes.ts';
import { sha256 } from './record-manifest.ts';

/** Hashes by `path` or `path#offset`, each with the size and the times (ns) of its file. */
type Known = Map<string, readonly [size: string, changed: string, hash: string]>;

const KnownCodec = t.type({
  format: t.literal(1),
  root: t.string,
  files: t.array(t.tuple([t.string, t.string, t.string, t.string])),
});

/** Files that are looked at at once. */
const AT_ONCE = 32;
/** Images after which it is asked whether to stop. */
const ASKED_EVERY = 64;
/** Hexadecimal digits of a hash: 128 bits. */
const DIGITS = 32;

/** Options of {@link contentHashes}. */
export interface ContentHashOptions {
  /**
   * Where hashes are kept. Default: the folder that the environment variable `MODEL_PATCHING_CACHE` names, or
   * `model-patching` in `XDG_CACHE_HOME` or `~/.cache`.
   */
  readonly cache?: string;
  /** Whether to stop; hashes that were taken are kept. */
  readonly stopRequested?: () => boolean;
  /** Told how many images have their hash. */
  readonly onProgress?: (done: number) => void;
}

/** The folder where hashes are kept. */
export function cacheFolder(environment: NodeJS.ProcessEnv = process.env): string {
  const { MODEL_PATCHING_CACHE: own, XDG_CACHE_HOME: shared } = environment;
  if (own !== undefined && own !== '') return resolve(own);
  const base = shared !== undefined && shared !== '' ? shared : join(homedir(), '.cache');
  return join(base, 'model-patching');
}

/** What is kept of a root; nothing if there is no file, or one that is damaged or of another root. */
async function knownHashes(path: string, root: string): Promise<Known> {
  const text = await readFile(path, 'utf8').catch(() => null);
  const kept = text === null ? undefined : parseJson(text);
  return KnownCodec.is(kept) && kept.root === root
    ? new Map(kept.files.map(([name, size, changed, hash]) => [name, [size, changed, hash]]))
    : new Map();
}

/** Keeps hashes if it can; where that is not allowed they are taken again the next time. */
async function keepHashes(path: string, root: string, known: Known): Promise<void> {
  const temporary = `${path}.${randomUUID()}.tmp`;
  const files = [...known].map(([name, [size, changed, hash]]) => [name, size, changed, hash]);
  try {
    await mkdir(join(path, '..'), { recursive: true });
    await writeFile(temporary, JSON.stringify({ format: 1, root, files }));
    await rename(temporary, path);
  } catch {
    await rm(temporary, { force: true }).catch(() => undefined);
  }
}

const digest = (bytes: Uint8Array): string =>
  createHash('sha256').update(bytes).digest('hex').slice(0, DIGITS);

/** A hash of the image, or for one that cannot be read of the reason, so that its repair is a change. */
async function readHash(reader: ImageBytesReader, image: ImageLocation): Promise<string> {
  const bytes = await reader.read(image);
  return E.isRight(bytes) ? digest(bytes.right) : `${UNREADABLE}${sha256(bytes.left.found).slice(0, 8)}`;
}

/** By which a file is known again: its size, and the times when its contents and its entry were changed last. */
interface FileState {
  readonly size: string;
  readonly changed: string;
  /** Whether it was changed so lately that another change might have the same time. */
  readonly isFresh: boolean;
}

/** Longer than the steps in which file systems tell the time. */
const FRESH_MILLISECONDS = 100;

const stateOfFile = (file: string): Promise<FileState | null> =>
  stat(file, { bigint: true }).then(
    ({ size, mtimeNs, ctimeNs, ctimeMs }) => ({
      size: `${size}`,
      changed: `${mtimeNs} ${ctimeNs}`,
      isFresh: Date.now() - Number(ctimeMs) < FRESH_MILLISECONDS,
    }),
    () => null,
  );

/** The states of the files of images. That of a file of records is held, which many images ask for. */
function fileStates(): (image: ImageLocation) => Promise<FileState | null> {
  const states = new Map<string, Promise<FileState | null>>();
  return ({ file, record }) => {
    if (record === undefined) return stateOfFile(file);
    const known = states.get(file) ?? stateOfFile(file);
    states.set(file, known);
    return known;
  };
}

/**
 * Hashes of images, SHA-256 cut to 128 bits. A file is read again when its size, the time of its contents or that of its
 * entry is another one; the last cannot be set back by programs.
 *
 * @param root Of the data set. Names in the cache are relative to it.
 * @param images Where they are.
 * @param options Where hashes are kept, and what hears of the progress.
 * @returns One hash an image. An image that cannot be read has one of its reason.
 * @throws ProgramError (exit code 75) if a stop was asked for before the last image.
 */
export async function contentHashes(
  root: string,
  images: readonly ImageLocation[],
  { cache = cacheFolder(), stopRequested = () => false, onProgress }: ContentHashOptions = {},
): Promise<readonly string[]> {
  const real = await realpath(root).catch(() => resolve(root));
  const path = join(cache, 'hashes', `${sha256(real).slice(0, DIGITS)}.json`);
  const known = await knownHashes(path, real);
  const stateOf = fileStates();
  const reader = imageBytesReader();
  const hashes = Array.from(images, () => '');
  let [next, done, added, stopped] = [0, 0, 0, false];
  const work = async (): Promise<void> => {
    for (let i = next++; i < images.length && !stopped; i = next++) {
      const image = images[i]!;
      const { file, record } = image;
      // A copy that is made anew every time has another place each time.
      const isCopy = image.name !== undefined;
      const name = `${relative(root, file)}${record === undefined ? '' : `#${record.offset}`}`;
      const state = isCopy ? null : await stateOf(image);
      const kept = known.get(name);
      if (state !== null && kept?.[0] === state.size && kept[1] === state.changed) hashes[i] = kept[2];
      else {
        hashes[i] = await readHash(reader, image);
        if (state !== null && !state.isFresh && !hashes[i]!.startsWith(UNREADABLE)) {
          known.set(name, [state.size, state.changed, hashes[i]!]);
          added += 1;
        }
      }
      done += 1;
      onProgress?.(done);
      stopped ||= done % ASKED_EVERY === 0 && done < images.length && stopRequested();
    }
  };
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  } finally {
    await reader.close();
  }
  if (added > 0) await keepHashes(path, real, known);
  if (stopped) throw interrupted();
  return hashes;
}
