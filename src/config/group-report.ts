/** A report by groups in `results.json` and in the logs of runs. Shares are in [0, 1]. */
import * as t from 'io-ts';
import { naturalNumber, nonNegativeNumber, nullable, readonlyType, unitInterval } from './codecs.ts';

const GroupCodec = readonlyType('the results of a group', {
  name: t.string,
  count: naturalNumber,
  accuracy: nullable(unitInterval),
  interval: nullable(t.readonly(t.tuple([unitInterval, unitInterval], 'an interval within [0, 1]'))),
  loss: nullable(nonNegativeNumber),
});

const names = t.readonlyArray(t.string);

/** A report by groups; further keys are kept. */
export const GroupReportCodec = t.readonly(
  t.intersection(
    [
      t.type({
        groups: t.readonlyArray(GroupCodec),
        worstGroup: nullable(readonlyType('the worst group', { name: t.string, accuracy: unitInterval })),
        average: nullable(unitInterval),
        groupAverage: nullable(unitInterval),
        gap: nullable(unitInterval),
      }),
      t.partial({
        missing: readonlyType('the groups that are missing', { absent: names, alone: names }),
      }),
    ],
    'a report by groups',
  ),
);
