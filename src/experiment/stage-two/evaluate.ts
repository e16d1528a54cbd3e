/** A trained run on any split: its selected checkpoint, on the data that it was trained on. */
import { join } from 'node:path';
import { either as E } from 'fp-ts';
import { RunFileCodec, type RunFile } from '../../config/run-files.ts';
import type { Roots } from '../../config/schema/roots.ts';
import type { StageTwoExperiment } from '../../config/schema/stage-two.ts';
import { refuse, type DataError } from '../../data/data-error.ts';
import type { SplitName } from '../../data/dataset.ts';
import { disposeTensors } from '../../tensor-tree.ts';
import { checkpointsIn, type Checkpoint } from '../../runs/checkpoints.ts';
import { checkRunData, checkRunTranslations } from '../../runs/run-data.ts';
import { decodedOutcome, readRunFile } from '../../runs/run-file.ts';
import { closing } from '../../system/closing.ts';
import { commandLine } from '../../system/command-line.ts';
import { orExit, ProgramError } from '../../system/program.ts';
import { startProgress } from '../../system/progress.ts';
import { isFolder } from '../../system/text-file.ts';
import type { ExperimentContext } from '../context.ts';
import { evaluatedCount, evaluateSplit, type EvaluatedSplit, type SplitEvaluator } from './evaluate-split.ts';
import type { ExperimentImages } from '../images/experiment-images.ts';
import { missingGroups, splitsWithImages } from '../images/missing-images.ts';
import { openExperimentImages } from '../images/open-images.ts';
import { skipDamagedOf } from '../images/skipped-images.ts';
import { experimentOfRun } from '../run-settings.ts';
import { StageTwoOutcomeCodec, type StageTwoOutcome } from '../outcomes.ts';
import { stepOf, type ClassifierState } from './methods.ts';
import { classifierOf, classifierShape } from './networks.ts';
import { groupLegend } from '../images/group-legend.ts';
import { obtainTranslations } from '../translations/augment.ts';
import { assertNoneMended } from '../bound-runs.ts';

/** What is evaluated, and how. */
export interface EvaluateRunOptions {
  /** A folder that stage 2 wrote, of a run that is finished, interrupted or under way. */
  readonly run: string;
  readonly split: SplitName;
  /** Folders that stand in place of those that the run was begun with. */
  readonly roots?: Roots;
  readonly skipDamaged?: number;
}

/** A report with what it is of. */
export interface EvaluatedRun extends EvaluatedSplit {
  readonly name: string;
  readonly split: SplitName;
  /** Steps done at the evaluated checkpoint. */
  readonly step: number;
  /** What the numbers in the names of its groups stand for, in a line. */
  readonly legend: string;
}

/** What a run's folder says. */
async function readRun(
  folder: string,
  roots: Roots,
): Promise<
  E.Either<
    DataError,
    {
      readonly file: RunFile;
      readonly experiment: StageTwoExperiment;
      readonly outcome: StageTwoOutcome | undefined;
    }
  >
> {
  const path = join(folder, 'run.json');
  const cure = `give the folder that ${commandLine('stage2')} wrote`;
  const read = await readRunFile(path);
  if (E.isLeft(read)) return E.left({ ...read.left, cure });
  if (read.right === null) return refuse(path, RunFileCodec.name, 'no such file', cure);
  const { right: file } = read;
  // A run of another kind is told so, and not that its outcome is wrong.
  return E.Monad.chain(experimentOfRun(file.settings, path, roots), (experiment) =>
    E.Functor.map(decodedOutcome(file, StageTwoOutcomeCodec, path), (outcome) => ({
      file,
      experiment,
      outcome,
    })),
  );
}

/** The checkpoint that was selected, or so far would be; nothing in the folder is changed. */
async function selectedCheckpoint(
  folder: string,
  select: StageTwoExperiment['evaluation']['select'],
  outcome: StageTwoOutcome | undefined,
  expected: ClassifierState,
): Promise<E.Either<DataError, Checkpoint<ClassifierState> | null>> {
  const checkpointFolder = join(folder, 'checkpoints');
  if (!(await isFolder(checkpointFolder))) return E.right(null);
  const checkpoints = checkpointsIn(checkpointFolder, join(folder, 'best.json'));
  if (outcome !== undefined) return checkpoints.at(outcome.selectedStep, expected);
  const best = select === 'last' ? E.right(null) : await checkpoints.best(expected);
  if (E.isLeft(best) || best.right !== null) return best;
  const step = /step-(\d{9})\.safetensors$/.exec((await checkpoints.newestFile()) ?? '')?.[1];
  return step === undefined ? E.right(null) : checkpoints.at(Number(step), expected);
}

/**
 * Evaluates a run's selected checkpoint on a split.
 *
 * @param options Which run and split.
 * @param context Output.
 * @throws ProgramError (exit code 2): no run, no checkpoint, missing data, a split without images, a damaged image too many; (75): a stop was
 *   requested.
 * @example
 * ```ts
 * import { evaluateRun, ProgramError } from 'model-patching/node';
 * const context = { say: () => undefined, stopRequested: () => false };
 * const evaluated = evaluateRun({ run: 'no/such/run', split: 'validation' }, context);
 * const refused = await evaluated.catch((error: unknown) => error);
 * if (!(refused instanceof ProgramError && refused.exitCode === 2)) throw new Error('no run expected');
 * ```
 */
export async function evaluateRun(
  options: EvaluateRunOptions,
  context: ExperimentContext,
): Promise<EvaluatedRun> {
  const { run, roots = {} } = options;
  const { file, experiment, outcome } = orExit(await readRun(run, roots));
  return closing(await openExperimentImages(experiment.data), async (images) => {
    assertImages(images, options.split);
    const data = await images.fingerprint?.(context.stopRequested);
    if (data !== undefined) orExit(await checkRunData(run, file, data));
    if (experiment.evaluation.translated) await assertNoneMended(run, file, experiment, data);
    [...(images.notices ?? []), ...missingGroups(images, [options.split])].forEach((line) =>
      context.say(line, 'warning'),
    );
    const network = classifierOf(experiment.network, classifierShape(experiment, images));
    try {
      const weights = network.weights();
      const expected = stepOf(experiment, network, images.table).init(weights);
      disposeTensors(weights);
      const found = await selectedCheckpoint(run, experiment.evaluation.select, outcome, expected).finally(
        () => disposeTensors(expected),
      );
      const checkpoint = orExit(found);
      if (checkpoint === null)
        throw new ProgramError(
          `${run}/checkpoints: expected the selected checkpoint, found none; let the run come to its first evaluation`,
          2,
        );
      return await evaluateCheckpoint(
        checkpoint,
        { experiment, images, network },
        { ...options, file },
        context,
      );
    } finally {
      network.model.dispose();
    }
  });
}

function assertImages(images: Pick<ExperimentImages, 'name' | 'examples'>, split: SplitName): void {
  if (images.examples(split).length > 0) return;
  const others = splitsWithImages(images).join(' or ');
  throw new ProgramError(
    `${images.name}: expected ${split} images, found none; evaluate the split ${others}, or put images into ${split}`,
    2,
  );
}

/** Disposes of the checkpoint's state. */
async function evaluateCheckpoint(
  { step, state }: Checkpoint<ClassifierState>,
  subject: Pick<SplitEvaluator, 'experiment' | 'images' | 'network'>,
  {
    run,
    file,
    split,
    skipDamaged = skipDamagedOf(subject.experiment),
  }: EvaluateRunOptions & { readonly file: RunFile },
  context: ExperimentContext,
): Promise<EvaluatedRun> {
  const { experiment, images } = subject;
  try {
    const translations =
      experiment.method.kind === 'camel' && experiment.evaluation.translated
        ? await obtainTranslations(experiment, images, context)
        : null;
    if (translations?.contents) orExit(checkRunTranslations(run, file.translations, translations.contents));
    const total = evaluatedCount({ experiment, images }, split);
    const progress = startProgress(split, total);
    const onProgress = (done: number): void => {
      if (done < total && context.stopRequested())
        throw new ProgramError('stopped; run the same command again for the report', 75);
      progress.update(done);
    };
    try {
      const evaluator = { ...subject, translations, skipDamaged };
      const { trainable, statistics } = state;
      const evaluated = await evaluateSplit(evaluator, { trainable, statistics }, split, onProgress);
      return { ...evaluated, name: experiment.name, split, step, legend: groupLegend(experiment.data) };
    } finally {
      progress.stop();
      await translations?.close();
    }
  } finally {
    disposeTensors(state);
  }
}
