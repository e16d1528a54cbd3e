/** The package's own names of what is sent to W&B: those that TensorBoard shows. */
import { reportScalars } from '../../experiment/logs/stage-two-view.ts';
import type { GroupReport } from '../../metrics/group-report.ts';
import type { MetricNames } from './metric-values.ts';
import { rowContents } from './pictures.ts';

/** Own names: `train/…`, `validation/…`, `test/…`, and `gate/…` of stage 1. */
export const OWN_NAMES: MetricNames = {
  ofReport: (split, report, { label }) => reportScalars(split, report as GroupReport, label),
  ofRecord: async (record, { entriesOf }) => rowContents(await entriesOf(record), false),
};
