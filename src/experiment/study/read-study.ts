/** A study from its file on the disk. */
import type { either as E } from 'fp-ts';
import { loadStudy } from '../../config/schema/load-study.ts';
import type { Study } from '../../config/schema/study.ts';
import type { DataError } from '../../data/data-error.ts';
import { configurationReader } from '../experiment-file.ts';

/**
 * Reads a study.
 *
 * @param file Its path.
 * @param overrides `stage-2.training.steps=50` and the like.
 * @param folder That the file and what it extends lie in; default: the working folder.
 * @returns The study, or every fault of its files.
 * @example
 * ```ts
 * import { readStudy } from 'model-patching/node';
 * const read = await readStudy('examples/studies/mnist-correlation/quick.yaml', ['seeds=[1, 2]']);
 * if (read._tag === 'Left') throw new Error(read.left[0]!.found);
 * if (read.right.methods.map(({ name }) => name).join() !== 'erm,group-dro,camel') throw new Error('three methods');
 * ```
 */
export function readStudy(
  file: string,
  overrides: readonly string[] = [],
  folder = '.',
): Promise<E.Either<readonly DataError[], Study>> {
  const { entry, read } = configurationReader(file, folder);
  return loadStudy(entry, read, overrides);
}
