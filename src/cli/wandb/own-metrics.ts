/** The package's own names of what is sent to W&B: those of the log, with groups by what a reader calls them. */
import {
  byGroup,
  ClassifierRecordCodec,
  metricsIn,
  presentMeans,
  ReportsRecordCodec,
  withoutKeys,
  type MetricNames,
  type RunGroups,
  type SplitNumbers,
  type Values,
} from './metric-values.ts';

const nameOrDash = (label: string): string => label.replaceAll('/', '-');

function reportValues(split: string, report: SplitNumbers, { label }: RunGroups): Values {
  const { groups, worstGroup, average, groupAverage, gap, metrics } = report;
  const names = groups.map(({ name }) => nameOrDash(label(name)));
  const others = (metrics?.groups ?? []).map((group) =>
    Object.entries(withoutKeys(group, ['name'])).map(([metric, value]) =>
      metricsIn(value, `${split}/${metric}/${nameOrDash(label(group.name))}`),
    ),
  );
  return Object.assign(
    {
      ...byGroup(
        groups.map(({ accuracy }) => accuracy),
        names,
        (name) => `${split}/accuracy/${name}`,
      ),
      ...byGroup(
        groups.map(({ loss }) => loss),
        names,
        (name) => `${split}/loss/${name}`,
      ),
      ...metricsIn(
        { 'worst group': worstGroup?.accuracy, average, 'group average': groupAverage, gap },
        split,
      ),
      ...metricsIn(metrics?.all ?? {}, split),
    },
    ...others.flat(),
  ) as Values;
}

/** Own names: `training/…`, `validation/…`, `test/…`, and `gate/…` of stage 1. */
export const OWN_NAMES: MetricNames = {
  ofReport: reportValues,
  ofRecord(record, groups) {
    const rest = withoutKeys(record, ['step', 'kind', 'groupMeans', 'groupCounts', 'adversaryWeights']);
    if (ClassifierRecordCodec.is(record)) {
      const names = (groups.trained ?? []).map((name) => nameOrDash(groups.label(name)));
      return {
        ...metricsIn(rest, 'training'),
        ...byGroup(presentMeans(record), names, (name) => `training/loss/${name}`),
        ...byGroup(record.adversaryWeights ?? [], names, (name) => `training/adversary weight/${name}`),
      };
    }
    if (ReportsRecordCodec.is(record))
      return Object.assign(
        metricsIn(withoutKeys(rest, ['reports', 'groupAccuracies']), ''),
        ...Object.entries(record.reports).map(([split, report]) => reportValues(split, report, groups)),
      ) as Values;
    const kind = record['kind'] === 'evaluation' ? 'gate' : String(record['kind'] ?? 'log');
    return metricsIn(rest, kind);
  },
};
