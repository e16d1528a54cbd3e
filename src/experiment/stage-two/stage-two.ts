/** Stage 2 of an experiment: a classifier trained in its run folder, selected on validation images, and tested. */
import type { StageTwoExperiment } from '../../config/schema/stage-two.ts';
import { SPLITS, type SplitName } from '../../data/dataset.ts';
import { disposeTensors } from '../../tensor-tree.ts';
import type { RobustBatch } from '../../training/robust-step.ts';
import type { Network } from '../../models/network.ts';
import { startProgress } from '../../system/progress.ts';
import type { Run } from '../../runs/run-directory.ts';
import { stageTwoBudget } from './budget.ts';
import type { ExperimentContext } from '../context.ts';
import { evaluatedCount, evaluateSplit, type SplitEvaluator, type SplitReport } from './evaluate-split.ts';
import type { ExperimentImages } from '../images/experiment-images.ts';
import { worstGroupNote } from './group-report-table.ts';
import type { ClassifierState, ExperimentStep } from './methods.ts';
import { splitsWithImages } from '../images/missing-images.ts';
import { writePicture } from '../logs/gallery-file.ts';
import { learningRateOf } from '../optimizers.ts';
import { openStageTwoBatches, type StageTwoBatchStream } from './stage-two-batches.ts';
import type { StageTwoOutcome } from '../outcomes.ts';
import { SELECTED_BY, patienceOf } from './patience.ts';
import { bestState, courseOf, trainInRun } from '../train-in-run.ts';
import type { Translations } from '../translations/translations.ts';

/** What stage 2 is given. */
export interface StageTwoOptions {
  /** The classifier, which stays the caller's. */
  readonly network: Network;
  /** What trains it. */
  readonly step: ExperimentStep;
  /** The state before the first step, which is disposed. */
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
  { evaluation, training }: StageTwoExperiment,
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
        ...(training.stopEarly.kind !== 'never' && { selectionScore: score }),
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

/** Shows what a step was given. */
async function logExamples(step: number, batches: StageTwoBatchStream, run: Run): Promise<void> {
  await run.log([await writePicture(run.folder, step, 'examples', await batches.picture(step - 1))]);
}

const whySelected = (select: StageTwoExperiment['evaluation']['select']): string =>
  select === 'last'
    ? 'the last one, as the settings ask for'
    : `the best ${SELECTED_BY[select]} on validation images`;

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
  const { network, step: trained, initial, experiment, images, translations, run, context } = options;
  const { skipDamaged } = options;
  const { skipped } = run;
  const { stepsPerEpoch, ...budget } = stageTwoBudget(experiment, images.table);
  const { stopRequested } = context;
  const evaluator = {
    ...{ experiment, images, translations, network, skipDamaged, stopRequested },
    skipped: skipped.of,
  };
  const batches = openStageTwoBatches({
    ...options,
    balanced: trained.balanced,
    steps: budget.steps,
    skipped: skipped.of('train'),
  });
  const stopEarly = patienceOf(experiment);
  try {
    const { optimizer } = experiment;
    const learningRate = learningRateOf(optimizer, optimizer.learningRate, budget.steps);
    const end = await trainInRun<ClassifierState, RobustBatch>({
      label: experiment.method.kind,
      run,
      context,
      initial,
      ...budget,
      step: trained.step,
      batchAt: batches.batchAt,
      also: [
        {
          every: budget.evaluateEvery,
          run: async (_, done) => {
            // Once, before the first evaluation.
            if (done <= budget.evaluateEvery) await logExamples(done, batches, run);
          },
        },
      ],
      alsoLogged: (index, factor) => ({ learningRate: learningRate(index) * factor }),
      onNan: experiment.training.onNan,
      ...(stopEarly && { stopEarly }),
      evaluate: checkpointEvaluation(experiment, evaluator, stepsPerEpoch),
    });
    const { select } = experiment.evaluation;
    const { step, state } = await selectState(select, run, end);
    try {
      const tested = await test(evaluator, state);
      return {
        results: { ...tested.report, steps: end.step, seconds: run.seconds() },
        selectedStep: step,
        trainedGroups: trained.table.names,
        damaged: skipped.all(),
        course: { chosen: whySelected(select), ...courseOf(run, end, budget.steps) },
      };
    } finally {
      disposeTensors(state);
    }
  } finally {
    batches.close();
  }
}
