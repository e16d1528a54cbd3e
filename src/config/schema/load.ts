/** From configuration texts to an experiment: composed, overridden, decoded and checked. Nothing here touches files. */
import { either as E } from 'fp-ts';
import type { DataError } from '../../data/data-error.ts';
import { publishedStage } from '../published/published-stage.ts';
import type { StageOneResults } from '../published/stage-two-translations.ts';
import { composeDocument, normalizePath, type ReadText } from '../../documents/composition.ts';
import type { DocumentNode } from '../../documents/document.ts';
import { decodeExperiment, codecOf, type Experiment } from './experiment.ts';
import { withOverrides } from '../../documents/overrides.ts';
import { rootsOf, type Roots } from './roots.ts';

/** What the command line says beside the file. */
export interface LoadOptions {
  /** `training.epochs=5` and the like, applied in order. */
  readonly overrides?: readonly string[];
  /** Where the results of stage 1 are that a published configuration names by run ids. */
  readonly stage1?: StageOneResults;
}

/** An experiment and what its reader should know. */
export interface LoadedExperiment {
  /** As decoded: `${NAME}` still stands in paths. */
  readonly experiment: Experiment;
  /** Names of the roots that its paths use. */
  readonly roots: readonly string[];
  /** What a published configuration holds that has no meaning here or got another one; else none. */
  readonly notices: readonly string[];
  /** The experiment with its roots put in, or those that are not given. */
  resolve(roots: Roots): E.Either<readonly DataError[], Experiment>;
}

async function ownDocument(
  file: string,
  read: ReadText,
  stage1: StageOneResults,
): Promise<
  E.Either<readonly DataError[], { readonly document: DocumentNode; readonly notices: readonly string[] }>
> {
  const composed = await composeDocument(file, read);
  if (E.isLeft(composed)) return E.left([composed.left]);
  const stage = publishedStage(composed.right);
  if (stage === null) {
    const id = Object.keys(stage1)[0];
    if (id === undefined) return E.right({ document: composed.right, notices: [] });
    return E.left([
      {
        where: `--stage1 ${id}`,
        expected: 'a published configuration, which names results by run ids',
        found: `${file}, which names its own`,
        cure: 'leave the option out; --set changes method.translations.sources',
      },
    ]);
  }
  const { translatePublished } = await import('../published/published-experiment.ts');
  const { withTemplates } = await import('../published/template-chain.ts');
  const completed = await withTemplates(composed.right, [normalizePath(file)], stage, read);
  if (E.isLeft(completed)) return E.left([completed.left]);
  const { document, templates } = completed.right;
  return E.Functor.map(translatePublished(document, stage, stage1), (translated) => ({
    document: translated.document,
    notices: [
      templates.length > 0 ? `completed by ${templates.join(', ')}` : 'completed by the published defaults',
      ...translated.notices,
    ],
  }));
}

const LONGEST = 400;

/** Text of somebody else’s in a fault: on one line, without what steers a terminal, cut where it goes on and on. */
const oneLine = (text: string): string => {
  const plain = text.replace(/[\s\p{C}]+/gu, ' ');
  return plain.length > LONGEST ? `${plain.slice(0, LONGEST)}…` : plain;
};

/** By file as they come, and within a file by line and column, as one mends them; those of options have neither. */
function inOrder(faults: readonly DataError[]): readonly DataError[] {
  const placed = faults.map((fault) => {
    const [, file = '', line = 0, column = 0] = /^(.*?):(\d+):(\d+)(?::|$)/s.exec(fault.where) ?? [];
    return { fault, file, line: Number(line), column: Number(column) };
  });
  const files = placed.map(({ file }) => file);
  return placed
    .sort(
      (one, other) =>
        files.indexOf(one.file) - files.indexOf(other.file) ||
        one.line - other.line ||
        one.column - other.column,
    )
    .map(({ fault }) => fault);
}

/** Faults as a person reads them: in the order of the files, each on one line. */
export const readable = E.mapLeft((faults: readonly DataError[]): readonly DataError[] =>
  inOrder(faults).map(({ where, expected, found, cure }) => ({
    where: oneLine(where),
    expected: oneLine(expected),
    found: oneLine(found),
    cure: oneLine(cure),
  })),
);

/**
 * Loads an experiment.
 *
 * @param file Its path, with `/`.
 * @param read Gives the text of a file, from the disk or from memory.
 * @param options Overrides and mapped stage-1 results.
 * @returns The experiment, or every fault that was found.
 * @example
 * ```ts
 * import { either as E } from 'fp-ts';
 * import { loadExperiment } from 'model-patching/config';
 * const text = 'version: 1\nkind: stage-2\ndata: { kind: celeba }\nmethod: { kind: group-dro }';
 * const read = (file: string) => Promise.resolve(E.right(file === 'gdro.yaml' ? text : null));
 * const loaded = await loadExperiment('gdro.yaml', read, { overrides: ['network={ kind: resnet50 }'] });
 * if (loaded._tag === 'Left') throw new Error(loaded.left[0]!.found);
 * if (loaded.right.roots.join() !== 'DATA') throw new Error('where the data are is for the command line to say');
 * const resolved = loaded.right.resolve({ DATA: '/data' });
 * if (resolved._tag === 'Left' || resolved.right.data.root !== '/data/celeba') throw new Error('below the root');
 * ```
 */
export async function loadExperiment(
  file: string,
  read: ReadText,
  { overrides = [], stage1 = {} }: LoadOptions = {},
): Promise<E.Either<readonly DataError[], LoadedExperiment>> {
  const own = await ownDocument(file, read, stage1);
  if (E.isLeft(own)) return readable(own);
  const changed = withOverrides(own.right.document, overrides);
  if (E.isLeft(changed)) return readable(E.left([changed.left]));
  const document = changed.right;
  const decoded = decodeExperiment(document);
  if (E.isLeft(decoded)) return readable(decoded);
  const experiment = decoded.right;
  return E.right({
    experiment,
    notices: own.right.notices.map(oneLine),
    roots: rootsOf(codecOf(experiment), experiment),
    resolve: (roots) => decodeExperiment(document, roots),
  });
}

/**
 * Loads an experiment from texts in memory.
 *
 * @param file The path of the configuration among the texts.
 * @param texts By path, with `/`.
 * @param options Overrides and mapped stage-1 results.
 * @returns The experiment, or every fault that was found.
 * @example
 * ```ts
 * import { experimentFromTexts } from 'model-patching/config';
 * const texts = {
 *   'data.yaml': 'data: { kind: waterbirds }',
 *   'erm.yaml': 'extends: data.yaml\nversion: 1\nkind: stage-2\nnetwork: { kind: resnet50 }\nmethod: { kind: erm }',
 * };
 * const loaded = await experimentFromTexts('erm.yaml', texts, { overrides: ['training.epochs=5'] });
 * if (loaded._tag === 'Left') throw new Error(loaded.left[0]!.found);
 * if (loaded.right.experiment.training.epochs !== 5) throw new Error('5 epochs expected');
 * const wrong = await experimentFromTexts('erm.yaml', texts, { overrides: ['method.adversary.stepSize=1'] });
 * if (wrong._tag === 'Right') throw new Error('ERM has no adversary');
 * ```
 */
export const experimentFromTexts = (
  file: string,
  texts: Readonly<Record<string, string>>,
  options: LoadOptions = {},
): Promise<E.Either<readonly DataError[], LoadedExperiment>> =>
  loadExperiment(
    file,
    (path) => Promise.resolve(E.right(Object.hasOwn(texts, path) ? texts[path]! : null)),
    options,
  );
