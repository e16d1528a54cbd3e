/** Stage 2 of an experiment: a classifier trained in its run folder, selected on validation images, and tested. */
import type { StageTwoExperiment } from '../../config/schema/stage-two.ts';
import { SPLITS, type SplitName } from '../../data/dataset.ts';
import type { ObjectiveState } from '../../objectives.ts';
import { disposeTensors, type TensorTree } from '../../tensor-tree.ts';
import { trainedGroups } from '../../trained-groups.ts';
import { robustStep, type RobustState, type RobustStep } from '../../training/robust-step.ts';
import type { Network } from '../../models/network.ts';
import { startProgress } from '../../system/progress.ts';
import type { Run } from '../../runs/run-directory.ts';
import { stageTwoBudget } from './budget.ts';
import type { ExperimentContext } from '../context.ts';
import { evaluatedCount, evaluateSplit, type SplitEvaluator, type SplitReport } from './evaluate-split.ts';
import type { ExperimentImages } from '../images/experiment-images.ts';
import { worstGroupNote } from './group-report-table.ts';
import { invarianceParts, methodParts, type MethodParts } from './methods.ts';
import { splitsWithImages } from '../images/missing-images.ts';
import { classifierOf, firstWeights } from './networks.ts';
import { optimizerOf } from '../optimizers.ts';
import { openStageTwoBatches } from './stage-two-batches.ts';
import type { StageTwoOutcome } from '../outcomes.ts';
import { bestState, trainInRun } from '../train-in-run.ts';
import type { Translations } from '../translations/translations.ts';

/** Everything that a step changes, whatever the optimizer and the adversary. */
export type ClassifierState = RobustState<TensorTree, ObjectiveState>;

/** What stage 2 is given. */
export interface StageTwoOptions {
  /** It stays the caller's. */
  readonly classifier: ClassifierWithStep;
  /** The classifier's state before the first step, which is disposed; see {@link beginStageTwo}. */
  readonly initial: ClassifierState;
  readonly experiment: StageTwoExperiment;
  readonly images: ExperimentImages;
  /** For the method `camel`. */
  readonly translations: Translations | null;
  /** Opened with the experiment as settings, and not finished. */
  readonly run: Run;
  readonly context: ExperimentContext;
  /** How many images of a split may be damaged. */
  readonly skipDamaged: number;
}

/** The classifier of an experiment with the step that trains it. */
export interface ClassifierWithStep {
  readonly network: Network;
  readonly method: MethodParts;
  readonly robust: RobustStep<ClassifierState>;
}

/**
 * The classifier of an experiment with the step that trains it; its weights are those that the seed gives.
 *
 * @param experiment Its settings.
 * @param images Say how large images are, and which classes and groups there are.
 */
export function classifierWithStep(
  experiment: StageTwoExperiment,
  images: Pick<ExperimentImages, 'shape' | 'classes' | 'table'>,
): ClassifierWithStep {
  const { training, seed } = experiment;
  const method = methodParts(experiment.method, trainedGroups(images.table).table);
  const network = classifierOf(experiment.network, {
    inputShape: images.shape,
    classes: images.classes.length,
    seed,
  });
  const invariance = invarianceParts(experiment.invariance);
  const { table, objective, augmentationTraining, consistency } = method;
  const robust = robustStep({
    network,
    table,
    objective,
    optimizer: optimizerOf(experiment.optimizer),
    weightDecay: training.weightDecay,
    augmentationTraining,
    ...(training.maximumGradientNorm !== null && { maxGradientNorm: training.maximumGradientNorm }),
    ...(invariance && { invariance: invariance.form }),
    ...(consistency && { consistency }),
  });
  return { network, method, robust };
}

/**
 * The classifier of an experiment and its state before the first step, with the weights that the settings name.
 *
 * @param experiment Its settings.
 * @param images As for {@link classifierWithStep}.
 * @param say Told what was and was not loaded.
 * @throws ProgramError (exit code 2): what is wrong with a file of weights.
 */
export async function beginStageTwo(
  experiment: StageTwoExperiment,
  images: Pick<ExperimentImages, 'shape' | 'classes' | 'table'>,
  say: (line: string) => void,
): Promise<Pick<StageTwoOptions, 'classifier' | 'initial'>> {
  const classifier = classifierWithStep(experiment, images);
  const weights = await firstWeights(classifier.network, experiment.network, say).catch((error: unknown) => {
    classifier.network.model.dispose();
    throw error;
  });
  const initial = classifier.robust.init(weights);
  disposeTensors(weights);
  return { classifier, initial };
}

const weightsOf = ({ trainable, statistics }: ClassifierState) => ({ trainable, statistics });

/**
 * The splits that are evaluated during training; selection needs validation.
 *
 * @param evaluation Settings.
 * @param there The splits that hold images; others are left out. Default all.
 */
export const splitsDuringTraining = (
  { splits, select }: StageTwoExperiment['evaluation'],
  there: readonly SplitName[] = SPLITS,
): readonly SplitName[] =>
  (select === 'last' || splits.includes('validation') ? splits : (['validation', ...splits] as const)).filter(
    (split) => there.includes(split),
  );

/**
 * By which a checkpoint is selected, the higher the better. Of equal worst groups (early in training often all 0) the
 * higher average over groups wins, which counts a millionth: less than one image of any group. Where groups have no
 * images, the others decide: they are the same at every checkpoint.
 */
export function selectionScore(
  select: StageTwoExperiment['evaluation']['select'],
  { groups, worstGroup, average, groupAverage }: SplitReport,
): number | undefined {
  if (select === 'last') return undefined;
  const measured = (): readonly number[] => groups.flatMap(({ accuracy }) => accuracy ?? []);
  const mean = groupAverage ?? measured().reduce((sum, accuracy) => sum + accuracy, 0) / measured().length;
  return select === 'worst-group'
    ? (worstGroup?.accuracy ?? Math.min(...measured())) + 1e-6 * mean
    : (average ?? mean);
}

function checkpointEvaluation(
  { evaluation }: StageTwoExperiment,
  evaluator: SplitEvaluator,
  stepsPerEpoch: number,
) {
  return async (state: ClassifierState, step: number) => {
    const reports: { [split in SplitName]?: SplitReport } = {};
    for (const split of splitsDuringTraining(evaluation, splitsWithImages(evaluator.images))) {
      const { report } = await evaluateSplit(evaluator, weightsOf(state), split);
      reports[split] = report;
    }
    const [shown] = Object.entries(reports);
    const score = reports.validation && selectionScore(evaluation.select, reports.validation);
    return {
      record: {
        epoch: step / stepsPerEpoch,
        ...(shown && { groupAccuracies: shown[1].groups.map(({ accuracy }) => accuracy) }),
        reports,
      },
      ...(score !== undefined && { score }),
      note: shown === undefined ? '' : `${shown[0]} ${worstGroupNote(shown[1])}`,
    };
  };
}

/** The state that is tested; `end` itself, or another one in its place. */
async function selectState(
  select: StageTwoExperiment['evaluation']['select'],
  run: Run,
  end: { readonly step: number; readonly state: ClassifierState },
): Promise<{ readonly step: number; readonly state: ClassifierState }> {
  return select === 'last' ? end : bestState(run, end);
}

async function test(evaluator: SplitEvaluator, state: ClassifierState) {
  const progress = startProgress('test', evaluatedCount(evaluator, 'test'));
  try {
    return await evaluateSplit(evaluator, weightsOf(state), 'test', progress.update);
  } finally {
    progress.stop();
  }
}

/**
 * Trains a classifier in its run folder, or goes on with it, and reports on the test split.
 *
 * @param options Experiment, data, run.
 * @throws ProgramError: a damaged image too many (exit code 2), a loss that is not finite (1), a stop asked for (75).
 */
export async function stageTwo(options: StageTwoOptions): Promise<StageTwoOutcome> {
  const { classifier, initial, experiment, images, translations, run, context, skipDamaged } = options;
  const { skipped } = run;
  const { network, method, robust } = classifier;
  const { stepsPerEpoch, ...budget } = stageTwoBudget(experiment, images.table);
  const evaluator = { experiment, images, translations, network, skipDamaged, skipped: skipped.of };
  const batches = openStageTwoBatches({
    ...options,
    network,
    balanced: method.balanced,
    steps: budget.steps,
    skipped: skipped.of('train'),
  });
  try {
    const end = await trainInRun<ClassifierState, Parameters<typeof robust.step>[1]>({
      label: experiment.method.kind,
      run,
      context,
      initial,
      ...budget,
      step: robust.step,
      batchAt: batches.batchAt,
      evaluate: checkpointEvaluation(experiment, evaluator, stepsPerEpoch),
    });
    const { step, state } = await selectState(experiment.evaluation.select, run, {
      step: budget.steps,
      state: end,
    });
    try {
      const tested = await test(evaluator, state);
      return {
        results: { ...tested.report, steps: budget.steps, seconds: run.seconds() },
        selectedStep: step,
        trainedGroups: method.table.names,
        damaged: skipped.all(),
      };
    } finally {
      disposeTensors(state);
    }
  } finally {
    batches.close();
  }
}
