/** A classifier on one split of an experiment's data, image by image from the disk. */
import { imageScaling } from '../../augmentation/pipelines.ts';
import type { StageTwoExperiment } from '../../config/schema/stage-two.ts';
import type { DataError } from '../../data/data-error.ts';
import type { SplitName } from '../../data/dataset.ts';
import { withVariants, type GroupTable } from '../../groups.ts';
import { groupedMetrics, type ClassificationMetrics } from '../../metrics/classification-metrics.ts';
import { groupReport, unmeasuredReport, type GroupReport } from '../../metrics/group-report.ts';
import { invarianceMetric } from '../../metrics/invariance-metric.ts';
import type { Network, NetworkWeights } from '../../models/network.ts';
import { evaluateBatches, type EvaluatedBatches } from '../../training/evaluation.ts';
import { openBatchStream, storedOrder, type BatchStream } from '../../streams/batch-stream.ts';
import { ProgramError } from '../../system/program.ts';
import { pauseOrStop } from '../context.ts';
import type { ExperimentImages, TranslationLists } from '../images/experiment-images.ts';
import { loadPaired, originals, withTranslations } from './paired-examples.ts';
import type { Skipped } from '../../runs/skipped-images.ts';
import { TRANSLATION_VARIANTS, type Translations } from '../translations/translations.ts';

/** A metric that may be asked for beside accuracy and cross-entropy. */
export type MetricName = StageTwoExperiment['evaluation']['metrics'][number];

/** The metrics that were asked for, of a group or of all images; a metric that is undefined is null. */
export type AskedMetrics = {
  readonly [metric in MetricName]?: unknown;
};

/** What a classifier came to on a split; plain JSON. */
export interface SplitReport extends GroupReport {
  /** Of every group in the report's order, and of all images; only if some were asked for, and there are images. */
  readonly metrics?: {
    readonly groups: readonly (AskedMetrics & { readonly name: string })[];
    readonly all: AskedMetrics;
  };
}

/** A report, and the images that were left out of it because they are damaged. */
export interface EvaluatedSplit {
  readonly report: SplitReport;
  readonly damaged: readonly DataError[];
}

/** What evaluation needs beside the weights. */
export interface SplitEvaluator {
  readonly experiment: StageTwoExperiment;
  readonly images: ExperimentImages;
  readonly translations: Translations | null;
  readonly network: Pick<Network, 'forward'>;
  /** How many images of a split may be damaged. */
  readonly skipDamaged: number;
  /** Whether to stop an evaluation that takes long. Default: no. */
  readonly stopRequested?: () => boolean;
  /** Those of a split that are, is added to. Default: none so far. */
  readonly skipped?: (split: SplitName) => Skipped;
}

const finiteOrNull = (value: number): number | null => (Number.isFinite(value) ? value : null);

function asked(
  names: readonly MetricName[],
  metrics: ClassificationMetrics,
  invariance: () => number,
): AskedMetrics {
  const values: Readonly<Record<MetricName, () => unknown>> = {
    'confusion-matrix': () => metrics.confusionMatrix,
    auroc: () => metrics.areaUnderRoc,
    recall: () => metrics.recall,
    'invariance-penalty': () => finiteOrNull(invariance()),
  };
  return Object.fromEntries(names.map((name) => [name, values[name]()]));
}

/** The metrics that were asked for. */
function askedMetrics(
  names: readonly MetricName[],
  { probabilities, labels, groups }: EvaluatedBatches,
  table: GroupTable,
): SplitReport['metrics'] {
  const measured = groupedMetrics({ probabilities, labels, groups, names: table.names });
  const classes = probabilities.length / labels.length;
  const invarianceOf = (members: readonly number[]): number =>
    invarianceMetric(
      Float32Array.from(
        { length: members.length * classes },
        (_, k) => probabilities[members[Math.floor(k / classes)]! * classes + (k % classes)]!,
      ),
      members.map((i) => labels[i]!),
    );
  const indices = Array.from(labels.keys());
  return {
    groups: measured.groups.map((group, g) => ({
      name: group.name,
      ...asked(names, group, () => invarianceOf(indices.filter((i) => groups[i] === g))),
    })),
    all: asked(names, measured.pooled, () => invarianceOf(indices)),
  };
}

const NO_TRANSLATIONS: TranslationLists = { toSource: [], toTarget: [] };

/** The images of a split: the originals, and on request their translations in groups of their own. */
function evaluated({ experiment, images, translations }: SplitEvaluator, split: SplitName) {
  const examples = images.examples(split);
  if (!experiment.evaluation.translated) return { examples: originals(examples), table: images.table };
  const lists = translations?.splits[split] ?? (examples.length === 0 ? NO_TRANSLATIONS : undefined);
  if (lists === undefined)
    throw new ProgramError(
      `evaluation.translated: expected translations of the ${split} images, found none; use the method camel with method.translations.evaluationSplits: true, or leave evaluation.translated out`,
      2,
    );
  return {
    examples: withTranslations(examples, lists),
    table: withVariants(images.table, TRANSLATION_VARIANTS, 'both'),
  };
}

/** How many images an evaluation of a split passes through the network. */
export const evaluatedCount = (
  { experiment, images }: Pick<SplitEvaluator, 'experiment' | 'images'>,
  split: SplitName,
): number =>
  images.examples(split).length * (experiment.evaluation.translated ? 1 + TRANSLATION_VARIANTS.length : 1);

async function* batchesOf(stream: BatchStream, steps: number) {
  for (let step = 0; step < steps; step++) yield await stream.batch(step);
}

/**
 * Evaluates a classifier on a split; of one without images every group has count 0. Images are read batch by batch, ahead of the passes.
 *
 * @param evaluator Data, network, and how many images may be damaged.
 * @param weights Of the network; they stay the caller's.
 * @param split Which.
 * @param onProgress Called after every batch with the number of images done.
 * @throws ProgramError if more images are damaged than may be skipped (exit code 2), or a stop was asked for (75).
 */
export async function evaluateSplit(
  evaluator: SplitEvaluator,
  weights: NetworkWeights,
  split: SplitName,
  onProgress?: (done: number) => void,
): Promise<EvaluatedSplit> {
  const { experiment, images, translations, network, skipDamaged, skipped } = evaluator;
  const { stopRequested = () => false } = evaluator;
  const { evaluation, training } = experiment;
  const { examples, table } = evaluated(evaluator, split);
  if (examples.length === 0) return { report: unmeasuredReport(table), damaged: [] };
  const order = storedOrder(examples.length, evaluation.batchSize ?? training.batchSize);
  const stream = openBatchStream({
    examples,
    shape: images.shape,
    load: loadPaired(images, translations),
    ...order,
    skipDamaged,
    ...(skipped && { skipped: skipped(split) }),
    damaged: 'omit',
  });
  try {
    const result = await evaluateBatches({ network, weights }, batchesOf(stream, order.steps), {
      scale: imageScaling(experiment.images.scaling),
      pause: pauseOrStop({ stopRequested }),
      ...(onProgress && { onProgress }),
    });
    const { probabilities, labels, groups } = result;
    if (labels.length === 0)
      throw new ProgramError(`${images.name}, ${split}: expected images, found damaged ones only`, 2);
    const report = groupReport({ predictions: probabilities, labels, groups, table });
    const metrics =
      evaluation.metrics.length === 0 ? undefined : askedMetrics(evaluation.metrics, result, table);
    return { report: { ...report, ...(metrics && { metrics }) }, damaged: stream.damaged() };
  } finally {
    stream.close();
  }
}
