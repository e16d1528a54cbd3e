/** Stage 2 of the main job: one method trained in its run folder and tested. */
import { sgd, type SgdState } from '../../optimizers/sgd.ts';
import { camelConsistency } from '../../consistency.ts';
import { groupDro } from '../../group-dro.ts';
import type { GroupTable } from '../../groups.ts';
import { smallCnn } from '../../models/small-classifiers.ts';
import type { Network } from '../../models/network.ts';
import { erm, type GroupObjective, type ObjectiveState } from '../../objectives.ts';
import { constantSchedule } from '../../optimizers/schedules.ts';
import { foldKey, randomKey } from '../../random.ts';
import { disposeTensors } from '../../tensor-tree.ts';
import { robustStep, type RobustState } from '../../training/robust-step.ts';
import { evaluateClassifier, stageTwoBatches } from '../../training/stage-two.ts';
import type { MethodResults } from '../report/results.ts';
import type { Run } from '../run-directory.ts';
import { pause, type ExperimentContext } from '../experiment/context.ts';
import { elapsedOf } from '../experiment/elapsed.ts';
import { worstGroupNote } from '../experiment/group-table.ts';
import { trainInRun } from '../experiment/train-in-run.ts';
import type { ExperimentData } from './experiment-data.ts';
import type { CamelSettings, Method, MethodSettings } from './settings.ts';
import type { TranslatedImages } from './translations.ts';

type State = RobustState<SgdState, ObjectiveState>;

/** The objective of a method; the adversary of CAMEL moves within each class, that of group DRO among all groups. */
function objectiveOf(
  method: Method,
  table: GroupTable,
  { adversaryStepSize, adjustment }: MethodSettings,
): GroupObjective<ObjectiveState> {
  if (method === 'erm') return erm(table) as GroupObjective<ObjectiveState>;
  return groupDro(table, {
    stepSize: adversaryStepSize,
    adjustment,
    classConditional: method === 'camel',
  }) as GroupObjective<ObjectiveState>;
}

function methodStep(method: Method, network: Network, table: GroupTable, settings: MethodSettings) {
  return robustStep({
    network,
    table,
    objective: objectiveOf(method, table, settings),
    optimizer: sgd(),
    weightDecay: settings.weightDecay,
    ...(settings.maximumGradientNorm !== null && { maxGradientNorm: settings.maximumGradientNorm }),
    ...(method === 'camel' && {
      consistency: { divergence: camelConsistency, weight: settings.consistencyWeight },
    }),
  });
}

/**
 * Trains a method in its run folder, or goes on with it, and reports on the test split.
 *
 * @param translations Of the training images; used by CAMEL only.
 */
export async function stageTwo(
  method: Method,
  settings: CamelSettings,
  data: ExperimentData,
  translations: TranslatedImages | null,
  run: Run,
  context: ExperimentContext,
): Promise<MethodResults> {
  const elapsed = await elapsedOf(run);
  const { stage2, seed } = settings;
  const { table } = data;
  // The same first weights for every method: they differ in what they are compared for only.
  const network = smallCnn({
    inputShape: [28, 28, 1],
    classes: 2,
    width: stage2.width,
    seed: foldKey(randomKey(seed), 'initial weights', 'classifier')[0],
  });
  try {
    const robust = methodStep(method, network, table, stage2.methods[method]);
    const validation = data.examples('validation');
    const classifier = (state: State) => ({
      network,
      weights: { trainable: state.trainable, statistics: state.statistics },
    });
    const batchAt = stageTwoBatches({
      network,
      examples: data.examples('train'),
      translations:
        method === 'camel' && translations !== null ? [translations.toSource, translations.toTarget] : [],
      batchSize: stage2.batchSize,
      balanced: method !== 'erm',
      learningRate: constantSchedule(stage2.methods[method].learningRate),
      seed,
    });
    const weights = network.weights();
    const initial: State = robust.init(weights);
    disposeTensors(weights);
    const end = await trainInRun({
      label: method,
      run: elapsed.run,
      context,
      initial,
      steps: stage2.steps,
      step: robust.step,
      batchAt,
      checkpointEvery: stage2.evaluateEvery,
      evaluate: async (state) => {
        const report = await evaluateClassifier(classifier(state), validation, table, { pause });
        return {
          record: { groupAccuracies: report.groups.map(({ accuracy }) => accuracy) },
          note: `validation ${worstGroupNote(report)}`,
        };
      },
    });
    try {
      const report = await evaluateClassifier(classifier(end), data.examples('test'), table, { pause });
      return { ...report, steps: stage2.steps, seconds: elapsed.seconds() };
    } finally {
      disposeTensors(end);
    }
  } finally {
    network.model.dispose();
  }
}
