/**
 * The names under which the published system logs to W&B, for dashboards made for it. A number has such a name only if
 * it is the same quantity there; what the published system has not keeps its own name.
 */
import type { MetricsLine } from '../../config/run-files.ts';
import { numbersIn, snakeCase } from '../../experiment/logs/scalar-names.ts';
import {
  byGroup,
  ClassifierRecordCodec,
  metricsIn,
  presentMeans,
  ReportsRecordCodec,
  withoutKeys,
  type ClassifierRecord,
  type MetricNames,
  type RowContents,
  type RunReading,
  type SplitNumbers,
  type Values,
} from './metric-values.ts';
import { OWN_NAMES } from './own-metrics.ts';
import { rowContents } from './pictures.ts';

/** Losses of stage 1. Its X is our source, its Y our target, G translates X to Y and F back. */
const STAGE_ONE: Readonly<Record<string, string>> = {
  generatorToTarget: 'training_metrics/gen_g_loss',
  generatorToSource: 'training_metrics/gen_f_loss',
  cycleSource: 'training_metrics/cycle_loss_x',
  cycleTarget: 'training_metrics/cycle_loss_y',
  identitySource: 'training_metrics/identity_loss_x',
  identityTarget: 'training_metrics/identity_loss_y',
  discriminatorSource: 'training_metrics/disc_x_loss',
  discriminatorTarget: 'training_metrics/disc_y_loss',
  penaltySource: 'training_metrics/disc_x_gp',
  penaltyTarget: 'training_metrics/disc_y_gp',
  learningRate: 'learning_rates',
};

const STAGE_TWO: Readonly<Record<string, string>> = {
  loss: 'train_step/robust_loss',
  consistency: 'train_step/consistency_loss',
  gradientNorm: 'train_step/global_gradient_norm',
  learningRate: 'train_step/learning_rate',
};

/** The norm after the gradient is cut, which the published system logs. The log has the one before. */
const cutNorm = (norm: unknown, maximum: number | null): unknown =>
  typeof norm === 'number' ? Math.min(norm, maximum ?? Infinity) : norm;

/** The same numbers under other names, where there is one. */
const renamed = (values: object, names: Readonly<Record<string, string>>): Values =>
  Object.assign(
    {},
    ...Object.entries(values).map(([key, value]) =>
      numbersIn(names[key] ?? `train/${snakeCase(key)}`, value),
    ),
  ) as Values;

/** Weights of an adversary over all groups sum to 1, as the published ones do; those within classes are no such. */
const isOverAllGroups = (weights: readonly (number | null)[]): boolean =>
  Math.abs(weights.reduce((sum: number, weight) => sum + (weight ?? NaN), 0) - 1) < 1e-3;

function classifierStep(
  record: MetricsLine & ClassifierRecord,
  { trained, maximumGradientNorm }: RunReading,
): Values {
  const { adversaryWeights: weights = [] } = record;
  const names = trained ?? [];
  const rest = withoutKeys(record, ['step', 'kind', 'groupMeans', 'groupCounts', 'adversaryWeights']);
  const weightName = isOverAllGroups(weights) ? 'gdro_adv_prob' : 'weight_within_class';
  return {
    ...renamed({ ...rest, gradientNorm: cutNorm(record['gradientNorm'], maximumGradientNorm) }, STAGE_TWO),
    'train_step/step': record.step,
    ...byGroup(presentMeans(record), names, (name) => `train_step/${name}/loss`),
    ...byGroup(weights, names, (name) => `train_step/${weightName}.${name}`),
  };
}

const METRICS: Readonly<Record<string, string>> = { auroc: 'auc', 'invariance-penalty': 'irm_penalty' };

/** Metrics that were asked for; recall has eleven thresholds. */
function metricValues(metrics: object, prefix: string): Values {
  const entries = Object.entries(metrics).map(([metric, value]) =>
    metric === 'recall' && Array.isArray(value)
      ? byGroup(
          value as number[],
          Array.from({ length: 11 }, (_, i) => (i / 10).toFixed(2)),
          (at) => `${prefix}/recall@${at}`,
        )
      : metricsIn(value, `${prefix}/${METRICS[metric] ?? metric}`),
  );
  return Object.assign({}, ...entries) as Values;
}

/** The mean over all images, which the published aggregates are. */
function pooled(groups: SplitNumbers['groups'], of: 'accuracy' | 'loss'): number | null {
  const there = groups.filter((group) => group.count > 0);
  const count = there.reduce((sum, group) => sum + group.count, 0);
  return count === 0 ? null : there.reduce((sum, group) => sum + group.count * (group[of] ?? NaN), 0) / count;
}

function reportValues(split: string, report: SplitNumbers, run: RunReading): Values {
  const of = (
    name: string,
    group: { accuracy: number | null; loss: number | null },
    metrics: object,
  ): Values => ({
    ...metricsIn(
      { accuracy: group.accuracy, sparse_categorical_crossentropy: group.loss },
      `${split}_metrics/${name}`,
    ),
    ...metricValues(withoutKeys(metrics, ['name']), `${split}_metrics/${name}`),
  });
  const aggregate = { accuracy: pooled(report.groups, 'accuracy'), loss: pooled(report.groups, 'loss') };
  const summaries = OWN_NAMES.ofReport(
    split,
    { ...withoutKeys(report, ['metrics']), groups: [] } as never,
    run,
  );
  return Object.assign(
    { ...summaries, ...of('aggregate', aggregate, report.metrics?.all ?? {}) },
    ...report.groups.map((group, g) => of(group.name, group, report.metrics?.groups[g] ?? {})),
  ) as Values;
}

/** Published names: `train_step/…`, `training_metrics/…`, `validation_metrics/…`, `test_metrics/…`. */
export const PUBLISHED_NAMES: MetricNames = {
  ofReport: reportValues,
  async ofRecord(record, run) {
    const withValues = (values: Values): RowContents => ({ values, images: {} });
    if (ClassifierRecordCodec.is(record)) return withValues(classifierStep(record, run));
    if (ReportsRecordCodec.is(record)) {
      const { epoch } = record as { readonly epoch?: unknown };
      const reports = Object.entries(record.reports).map(([split, report]) =>
        reportValues(split, report, run),
      );
      return withValues(Object.assign(metricsIn(epoch, 'epochs'), ...reports) as Values);
    }
    if (record['kind'] !== 'training') return rowContents(await run.entriesOf(record), true);
    return withValues({ ...renamed(withoutKeys(record, ['step', 'kind']), STAGE_ONE), steps: record.step });
  },
};
