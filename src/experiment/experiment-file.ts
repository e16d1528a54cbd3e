/** Experiments from configuration files. */
import { open, realpath, stat } from 'node:fs/promises';
import { isAbsolute, join, relative, sep } from 'node:path';
import { either as E } from 'fp-ts';
import { boundaryOf, isBelow, type ReadText } from '../documents/composition.ts';
import { LARGEST_DOCUMENT } from '../documents/document.ts';
import type { Experiment } from '../config/schema/experiment.ts';
import { loadExperiment, type LoadedExperiment, type LoadOptions } from '../config/schema/load.ts';
import type { Roots } from '../config/schema/roots.ts';
import type { StageOneResults } from '../config/published/stage-two-translations.ts';
import { refuse, type DataError } from '../data/data-error.ts';
import { commandLine } from '../system/command-line.ts';
import { hasCode, isThere } from '../system/text-file.ts';

/** What the command line says beside the file. */
export interface ExperimentOptions extends LoadOptions {
  /** Folders by root name; they win over environment variables of that name. */
  readonly roots?: Roots;
  /** Where the file and what it extends are found, and below which they lie; default: the working folder. */
  readonly folder?: string;
}

/** A path as configurations write it: from the working folder where it is below, with `/`. */
function written(path: string): string {
  const inside = isAbsolute(path) ? relative(process.cwd(), path) : path;
  const shown = inside.startsWith('..') || isAbsolute(inside) || inside === '' ? path : inside;
  return shown.split(sep).join('/');
}

/** Reads configuration files, at most so large, links only to where a configuration may point. */
function reader(entry: string, folder: string): ReadText {
  const boundary = boundaryOf(entry);
  const placeOf = (file: string): string => (isAbsolute(file) ? file : join(folder, file));
  return async (file) => {
    try {
      const facts = await stat(placeOf(file));
      if (!facts.isFile()) return refuse(file, 'a configuration file', 'a folder or device', 'name a file');
      if (facts.size > LARGEST_DOCUMENT) {
        const expected = `a configuration of at most ${LARGEST_DOCUMENT} bytes`;
        return refuse(file, expected, `${facts.size}`, 'point at a configuration file');
      }
      if (file !== entry && isBelow(file, boundary)) {
        const inside = relative(await realpath(placeOf(boundary)), await realpath(placeOf(file)));
        if (inside.startsWith('..') || isAbsolute(inside)) {
          const named = boundary === '' ? 'the working folder' : boundary;
          return refuse(file, `a file below ${named}`, 'a link out of it', 'put the file itself there');
        }
      }
      const handle = await open(placeOf(file));
      try {
        const bytes = await handle.readFile();
        return E.right(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
      } finally {
        await handle.close();
      }
    } catch (error) {
      if (hasCode(error, 'ENOENT') || hasCode(error, 'ENOTDIR')) return E.right(null);
      if (error instanceof TypeError) return refuse(file, 'text in UTF-8', 'other bytes', 'save it as UTF-8');
      if (error instanceof Error && 'code' in error) {
        return refuse(file, 'a file that can be read', String(error.code), 'check its rights');
      }
      throw error;
    }
  };
}

/**
 * What reads a configuration and the files that it extends.
 *
 * @param file Its path.
 * @param folder Where the file and what it extends are found, and below which they lie; default: the working folder.
 */
export function configurationReader(
  file: string,
  folder = '.',
): { readonly entry: string; readonly read: ReadText } {
  const entry = written(file);
  return { entry, read: reader(entry, folder) };
}

/**
 * Loads a configuration file, with every fault and notice.
 *
 * @param file Its path.
 * @param options Overrides and mapped stage-1 results, and the folder that the path is relative to.
 */
export function loadExperimentFile(
  file: string,
  { folder = '.', ...options }: Omit<ExperimentOptions, 'roots'> = {},
): Promise<E.Either<readonly DataError[], LoadedExperiment>> {
  const { entry, read } = configurationReader(file, folder);
  return loadExperiment(entry, read, options);
}

/**
 * The experiment of a configuration file, ours or a published one, with the roots of its paths put in.
 *
 * @param file Its path.
 * @param options Overrides, roots (or else environment variables), mapped stage-1 results.
 * @returns The experiment, or the first fault; others are counted in it.
 * @example
 * ```ts
 * import { mkdtemp, rm, writeFile } from 'node:fs/promises';
 * import { join } from 'node:path';
 * import { tmpdir } from 'node:os';
 * import { readExperiment } from 'model-patching/node';
 * const folder = await mkdtemp(join(tmpdir(), 'example-'));
 * const file = join(folder, 'erm.yaml');
 * await writeFile(file, 'version: 1\nkind: stage-2\ndata: { kind: celeba }\nnetwork: { kind: small-cnn }\nmethod: { kind: erm }');
 * const read = await readExperiment(file, { overrides: ['data.size=64'], roots: { DATA: '/data' } });
 * await rm(folder, { recursive: true });
 * if (read._tag === 'Left' || read.right.data.root !== '/data/celeba') throw new Error('a root expected');
 * ```
 */
export async function readExperiment(
  file: string,
  { roots = {}, ...options }: ExperimentOptions = {},
): Promise<E.Either<DataError, Experiment>> {
  const loaded = await loadExperimentFile(file, options);
  const resolved = E.Monad.chain(loaded, (each) => each.resolve({ ...process.env, ...roots }));
  return E.mapLeft((faults: readonly DataError[]) => firstFault(faults, file))(resolved);
}

/** The first fault of a configuration, with the number of the others. */
export function firstFault([first, ...others]: readonly DataError[], file: string): DataError {
  const check = commandLine('config', `check ${written(file)}`);
  const more = others.length === 0 ? '' : ` (and ${others.length} more: ${check})`;
  return { ...first!, cure: first!.cure + more };
}

/**
 * Where results of stage 1 are, from `--stage1 id=path` options: a folder that holds `run.json` is a run, any other a
 * folder of translated images.
 *
 * @param options `id=path`.
 */
export async function stageOneResults(
  options: readonly string[],
): Promise<E.Either<DataError, StageOneResults>> {
  const results: Record<string, { readonly kind: 'run' | 'folder'; readonly path: string }> = {};
  for (const option of options) {
    const [, id, path] = /^([A-Za-z0-9_-]+)=(.+)$/s.exec(option) ?? [];
    if (id === undefined || path === undefined || id === '__proto__') {
      return refuse(
        `--stage1 ${option}`,
        'id=path of a run or folder',
        'none',
        'give e.g. --stage1 5f2gmy7w=runs/birds',
      );
    }
    const relativePath = isAbsolute(path) ? relative(process.cwd(), path) || '.' : path;
    results[id] = {
      kind: (await isTranslations(path)) ? 'folder' : 'run',
      path: relativePath.split(sep).join('/'),
    };
  }
  return E.right(results);
}

async function isTranslations(path: string): Promise<boolean> {
  return (await isThere(path)) && !(await isThere(`${path}/run.json`));
}
