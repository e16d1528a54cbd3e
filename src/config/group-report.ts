/** A report by groups in `results.json` and in the logs of runs. Shares are in [0, 1]. */
import * as t from 'io-ts';
import { naturalNumber, nonNegativeNumber, nullable, unitInterval } from './codecs.ts';

const GroupCodec = t.readonly(
  t.type(
    {
      name: t.string,
      count: naturalNumber,
      accuracy: nullable(unitInterval),
      interval: nullable(t.readonly(t.tuple([unitInterval, unitInterval], 'an interval within [0, 1]'))),
      loss: nullable(nonNegativeNumber),
    },
    'the results of a group',
  ),
);

const names = t.readonlyArray(t.string);

/** A report by groups; further keys are kept. */
export const GroupReportCodec = t.readonly(
  t.intersection(
    [
      t.type({
        groups: t.readonlyArray(GroupCodec),
        worstGroup: nullable(
          t.readonly(t.type({ name: t.string, accuracy: unitInterval }, 'the worst group')),
        ),
        average: nullable(unitInterval),
        groupAverage: nullable(unitInterval),
        gap: nullable(unitInterval),
      }),
      t.partial({
        missing: t.readonly(t.type({ absent: names, alone: names }, 'the groups that are missing')),
      }),
    ],
    'a report by groups',
  ),
);
