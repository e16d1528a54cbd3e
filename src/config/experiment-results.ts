/** `results.json`: what the main job or a run of stage 2 found, for programs that read reports. Shares are in [0, 1]. */
import * as t from 'io-ts';
import { finiteNumber, integer, naturalNumber, nonNegativeNumber, nullable, unitInterval } from './codecs.ts';

const directional = (codec: t.Type<number>) =>
  t.readonly(t.type({ toTarget: codec, toSource: codec }, 'both directions'));

/** What stage 1 came to; further keys are kept. */
export const StageOneResultsCodec = t.readonly(
  t.intersection(
    [
      t.type({
        flipRate: directional(unitInterval),
        labelPreservation: directional(unitInterval),
        cycleError: nonNegativeNumber,
        gateClassifierAccuracy: unitInterval,
      }),
      t.partial({ frechetDistance: directional(finiteNumber) }),
    ],
    'the results of stage 1',
  ),
);

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

const REPORT = {
  groups: t.readonlyArray(GroupCodec),
  worstGroup: nullable(t.readonly(t.type({ name: t.string, accuracy: unitInterval }, 'the worst group'))),
  average: nullable(unitInterval),
  groupAverage: nullable(unitInterval),
  gap: nullable(unitInterval),
};
const names = t.readonlyArray(t.string);
const MISSING = {
  missing: t.readonly(t.type({ absent: names, alone: names }, 'the groups that are missing')),
};

/** A report by groups; further keys are kept. */
export const GroupReportCodec = t.readonly(
  t.intersection([t.type(REPORT), t.partial(MISSING)], 'a report by groups'),
);

/** What a method came to; further keys are kept. */
export const MethodResultsCodec = t.readonly(
  t.intersection(
    [t.type({ ...REPORT, steps: naturalNumber, seconds: nonNegativeNumber }), t.partial(MISSING)],
    'the results of a method',
  ),
);

/**
 * The contents of `results.json`; further keys are kept. The main job has a preset, a run of stage 2 a name.
 *
 * @example
 * ```ts
 * import { decodeJson, ExperimentResultsCodec } from 'model-patching/config';
 * const text = '{"preset":"smoke","backend":"wasm","seed":0,"seconds":61.5,"stage1":null,"methods":{}}';
 * const results = decodeJson(ExperimentResultsCodec, text, 'results.json');
 * if (results._tag === 'Left' || results.right.seconds !== 61.5) throw new Error('61.5 s expected');
 * ```
 */
export const ExperimentResultsCodec = t.readonly(
  t.intersection([
    t.type({
      backend: t.string,
      seed: integer,
      seconds: nonNegativeNumber,
      stage1: nullable(StageOneResultsCodec),
      methods: t.readonly(
        t.partial({ erm: MethodResultsCodec, gdro: MethodResultsCodec, camel: MethodResultsCodec }),
      ),
    }),
    t.partial({ preset: t.string, name: t.string }),
  ]),
  'the results of an experiment',
);
/** What `results.json` holds. */
export type ExperimentResultsFile = t.TypeOf<typeof ExperimentResultsCodec>;
