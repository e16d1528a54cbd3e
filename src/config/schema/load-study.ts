/** From the files of a study to the study: composed, overridden, decoded and checked. Nothing here touches files. */
import { either as E } from 'fp-ts';
import type { DataError } from '../../data/data-error.ts';
import { composeDocument, type ReadText } from '../../documents/composition.ts';
import { plainValue, type DocumentNode } from '../../documents/document.ts';
import { readable } from './load.ts';
import { withOverride } from '../../documents/overrides.ts';
import { didYouMean } from '../did-you-mean.ts';
import { childOf } from '../../documents/study-parts.ts';
import { decodeStudy, type Study } from './study.ts';

/**
 * Loads a study.
 *
 * @param file Its path, with `/`.
 * @param read Gives the text of a file, from the disk or from memory.
 * @param overrides `stage-2.training.steps=50` and the like, applied in order.
 * @returns The study, `${NAME}` still in its paths, or every fault that was found.
 * @example
 * ```ts
 * import { either as E } from 'fp-ts';
 * import { loadStudy } from 'model-patching/config';
 * const text = `
 * version: 1
 * kind: study
 * seeds: [1, 2]
 * data: { kind: mnist-correlation }
 * stage-2: { network: { kind: small-cnn }, training: { steps: 400 } }
 * methods: { erm: { method: { kind: erm } }, bound: { method: { kind: camel, translations: true } } }`;
 * const loaded = await loadStudy('study.yaml', () => Promise.resolve(E.right(text)), ['stage-2.training.steps=50']);
 * if (loaded._tag === 'Left') throw new Error(loaded.left[0]!.found);
 * const [erm, bound] = loaded.right.methods;
 * if (erm?.training.steps !== 50 || bound?.name !== 'bound') throw new Error('two methods of 50 steps expected');
 * ```
 */
export async function loadStudy(
  file: string,
  read: ReadText,
  overrides: readonly string[] = [],
): Promise<E.Either<readonly DataError[], Study>> {
  const composed = await composeDocument(file, read);
  if (E.isLeft(composed)) return readable(E.left([composed.left]));
  const document = withStudyOverrides(composed.right, overrides);
  return readable(E.isLeft(document) ? E.left([document.left]) : decodeStudy(document.right));
}

/** A setting of a method that there is not is a mistyped name; a whole method may be added. */
function methodFault(document: DocumentNode, override: string): DataError | undefined {
  const [, name] = /^\s*methods\.([^.=]+)\.[^=]*=/.exec(override) ?? [];
  const methods = childOf(document, 'methods');
  if (name === undefined || methods?.of !== 'map' || methods.entries.has(name)) return undefined;
  const names = [...methods.entries.keys()];
  return {
    where: `--set ${override}: methods.${name}`,
    expected: `one of the methods ${names.join(', ')}${didYouMean(name, names)}`,
    found: `"${name}"`,
    cure: `correct it, or add the whole method with --set 'methods.${name}={ … }'`,
  };
}

const withStudyOverrides = (
  document: DocumentNode,
  overrides: readonly string[],
): E.Either<DataError, DocumentNode> =>
  overrides.reduce<E.Either<DataError, DocumentNode>>(
    (changed, override) =>
      E.Monad.chain(changed, (node) => {
        const fault = methodFault(node, override);
        return fault === undefined ? withOverride(node, override) : E.left(fault);
      }),
    E.right(document),
  );

/**
 * Whether a file, with all that it extends, is a study.
 *
 * @param file Its path, with `/`.
 * @param read Gives the text of a file.
 */
export async function isStudy(file: string, read: ReadText): Promise<boolean> {
  const composed = await composeDocument(file, read);
  const kind = E.isRight(composed) ? childOf(composed.right, 'kind') : undefined;
  return kind !== undefined && plainValue(kind) === 'study';
}
