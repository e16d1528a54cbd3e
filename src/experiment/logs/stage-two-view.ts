/**
 * What the log of stage 2 says: losses with their parts and those of every group, the adversary's weights, the gradient's
 * norm, the learning rate, every evaluation, and in the end the report on the test split.
 */
import * as t from 'io-ts';
import { finiteNumber } from '../../config/codecs.ts';
import { GroupReportCodec } from '../../config/group-report.ts';
import type { StageTwoExperiment } from '../../config/schema/stage-two.ts';
import type { LogEntry } from '../../logs/run-logger.ts';
import type { GroupReport } from '../../metrics/group-report.ts';
import type { LogView } from '../../runs/log-mirrors.ts';
import type { MetricsRecord } from '../../runs/run-log.ts';
import type { StageTwoOutcome } from '../outcomes.ts';
import { groupLabels } from '../report/described-experiments.ts';
import { groupNumbers, numbersIn, otherEntries, scalarsEntry, type Scalars } from './scalar-names.ts';

/** A run of stage 2 as its log sees it. */
export interface StageTwoViewOptions {
  readonly folder: string;
  readonly experiment: StageTwoExperiment;
  readonly settings: unknown;
  /** Groups of the objective, in the order of the lists in the log. */
  readonly trainedGroups: readonly string[];
  /** What a study calls the groups, by keys such as `y0z1`. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
}

/** What the lists of a training record are called; others are named after their field. */
const LISTS: Readonly<Record<string, string>> = {
  groupMeans: 'train/loss',
  groupCounts: 'counts/train',
  adversaryWeights: 'train/adversary_weight',
};

/**
 * What a reader calls a group: its label, or its name where the labels do not tell all groups apart.
 */
export function groupNaming({
  experiment,
  labels,
}: Pick<StageTwoViewOptions, 'experiment' | 'labels'>): (group: string) => string {
  const called = groupLabels(experiment.data, labels);
  const distinct = new Set(Object.values(called)).size === Object.keys(called).length;
  return (group) => {
    if (!distinct) return group;
    // A translation has the name of its group, and that of the translation behind it.
    const own = Object.keys(called).find((name) => name !== '' && group.startsWith(name));
    return own === undefined ? group : `${called[own]!}${group.slice(own.length).replace(/^\(/, ' (')}`;
  };
}

function trainingScalars(record: MetricsRecord, groups: readonly string[]): Scalars {
  const values = Object.fromEntries(
    Object.entries(record).filter(([name]) => name !== 'step' && name !== 'kind'),
  );
  const counts = Array.isArray(values['groupCounts']) ? (values['groupCounts'] as unknown[]) : [];
  const lists = Object.entries(values).filter(
    (entry): entry is [string, unknown[]] => Array.isArray(entry[1]) && entry[1].length === groups.length,
  );
  return Object.assign(
    numbersIn('train', values),
    ...lists.map(([name, list]) =>
      groupNumbers(
        LISTS[name] ?? `train/${name}`,
        groups,
        // The mean of a group without images is 0, which is no loss.
        name === 'groupMeans' ? list.map((mean, g) => (counts[g] === 0 ? null : mean)) : list,
      ),
    ),
  ) as Scalars;
}

const MetricsCodec = t.type({
  metrics: t.type({ groups: t.array(t.UnknownRecord), all: t.UnknownRecord }),
});

/** Further metrics that are numbers. */
function askedScalars(split: string, groups: readonly string[], report: unknown): Scalars {
  if (!MetricsCodec.is(report)) return {};
  const { all, groups: each } = report.metrics;
  const named = (metric: string): string => `${split}/${metric.replaceAll('-', '_')}`;
  return Object.assign(
    {},
    ...Object.entries(all).map(([metric, value]) =>
      finiteNumber.is(value) ? { [named(metric)]: value } : {},
    ),
    ...Object.keys(all).map((metric) =>
      groupNumbers(
        named(metric),
        groups,
        each.map((group) => group[metric]),
      ),
    ),
  ) as Scalars;
}

/** The numbers of a report; what was not measured is left out. */
export function reportScalars(
  split: string,
  report: GroupReport,
  called: (group: string) => string,
): Scalars {
  const groups = report.groups.map(({ name }) => called(name));
  const { average, groupAverage, worstGroup, gap } = report;
  const of = (name: string, values: readonly unknown[]): Scalars => groupNumbers(name, groups, values);
  const summary = {
    accuracy: average,
    worst_group_accuracy: worstGroup?.accuracy,
    group_average_accuracy: groupAverage,
    gap,
  };
  return {
    ...numbersIn(split, summary),
    ...of(
      `${split}/accuracy`,
      report.groups.map(({ accuracy }) => accuracy),
    ),
    ...of(
      `${split}/loss`,
      report.groups.map(({ loss }) => loss),
    ),
    ...of(
      `counts/${split}`,
      report.groups.map(({ count }) => count),
    ),
    ...askedScalars(split, groups, report),
  };
}

const EvaluationCodec = t.type({ reports: t.record(t.string, GroupReportCodec) });

const percentCell = (share: number | null): string =>
  share === null ? '–' : `${(100 * share).toFixed(1)} %`;

/** The report on the test split as a table in Markdown. */
export function stageTwoTable(
  { results, selectedStep }: StageTwoOutcome,
  called: (group: string) => string,
): string {
  const { groups, worstGroup, average, groupAverage, gap, steps } = results;
  const worst =
    worstGroup === null ? '–' : `${percentCell(worstGroup.accuracy)} (${called(worstGroup.name)})`;
  return [
    `Test images, with the checkpoint of step ${selectedStep} of ${steps}.`,
    '',
    '| group | images | accuracy | 95 % interval | cross-entropy |',
    '| --- | ---: | ---: | ---: | ---: |',
    ...groups.map(
      ({ name, count, accuracy, interval, loss }) =>
        `| ${called(name).replaceAll('|', '\\|')} | ${count} | ${percentCell(accuracy)} | ${interval === null ? '–' : `${percentCell(interval[0])} – ${percentCell(interval[1])}`} | ${loss === null ? '–' : loss.toFixed(3)} |`,
    ),
    '',
    `Worst group **${worst}**; average ${percentCell(average)}; group average ${percentCell(groupAverage)}; gap within a class ${percentCell(gap)}.`,
  ].join('\n');
}

/**
 * The view of a run of stage 2.
 *
 * @param options Folder, experiment and groups.
 */
export function stageTwoView(options: StageTwoViewOptions): LogView<StageTwoOutcome> {
  const { folder, experiment, settings, trainedGroups } = options;
  const called = groupNaming(options);
  const trained = trainedGroups.map(called);
  const { evaluation } = experiment;
  const evaluationScalars = (record: MetricsRecord): Scalars =>
    EvaluationCodec.is(record)
      ? (Object.assign(
          {},
          ...Object.entries(record.reports).map(([split, report]) =>
            reportScalars(split, report as GroupReport, called),
          ),
        ) as Scalars)
      : {};
  return {
    settings,
    async entriesOf(record): Promise<readonly LogEntry[]> {
      if (record['kind'] === 'training') return scalarsEntry(record.step, trainingScalars(record, trained));
      if (record['kind'] === 'evaluation') return scalarsEntry(record.step, evaluationScalars(record));
      return otherEntries(folder, record);
    },
    conclusion(outcome) {
      // A test split that is evaluated during training has been told at this checkpoint.
      const tested = evaluation.splits.includes('test')
        ? []
        : scalarsEntry(outcome.selectedStep, reportScalars('test', outcome.results as GroupReport, called));
      const markdown = stageTwoTable(outcome, called);
      return [...tested, { kind: 'text', step: outcome.results.steps, name: 'results', markdown }];
    },
  };
}
