/** What finished runs keep in their `run.json`, decoded, and as the results that it comes to. */
import { join } from 'node:path';
import * as t from 'io-ts';
import { finiteNumber, naturalNumber, nonNegativeNumber, nullable, unitInterval } from '../config/codecs.ts';
import { GroupReportCodec } from '../config/group-report.ts';
import { RunFileCodec } from '../config/run-files.ts';
import type { MethodResult, StageOneFigures } from '../config/study-results.ts';
import { parseJson, readText } from '../system/text-file.ts';

const directional = (codec: t.Type<number>) => t.readonly(t.type({ toSource: codec, toTarget: codec }));

const damaged = t.readonlyArray(
  t.readonly(t.type({ where: t.string, expected: t.string, found: t.string, cure: t.string })),
);

/** The outcome of a run of stage 1. */
export const StageOneOutcomeCodec = t.readonly(
  t.intersection([
    t.type({
      steps: naturalNumber,
      bestStep: naturalNumber,
      seconds: nonNegativeNumber,
      measure: nullable(
        t.readonly(
          t.intersection([
            t.type({
              flipRate: directional(unitInterval),
              labelPreservation: directional(unitInterval),
              cycleError: nonNegativeNumber,
            }),
            t.partial({ frechetDistance: directional(finiteNumber) }),
          ]),
        ),
      ),
      gateAccuracy: nullable(t.readonly(t.type({ domain: unitInterval, label: unitInterval }))),
    }),
    t.partial({ damaged }),
  ]),
);

/** The outcome of a run of stage 2. */
export const StageTwoOutcomeCodec = t.readonly(
  t.intersection([
    t.type({
      results: t.intersection([
        GroupReportCodec,
        t.type({ steps: naturalNumber, seconds: nonNegativeNumber }),
      ]),
      selectedStep: naturalNumber,
    }),
    t.partial({ damaged, trainedGroups: t.readonlyArray(t.string) }),
  ]),
);

/** The outcome of a run that has come to its end; undefined of any other. */
export async function outcomeIn<A>(folder: string, codec: t.Type<A>): Promise<A | undefined> {
  const text = await readText(join(folder, 'run.json'));
  const run = text === null ? undefined : parseJson(text);
  const outcome = RunFileCodec.is(run) ? run.outcome : undefined;
  return codec.is(outcome) ? outcome : undefined;
}

/** The results of an experiment of stage 1. */
export function stageOneFigures(
  name: string,
  { steps, seconds, measure, gateAccuracy }: t.TypeOf<typeof StageOneOutcomeCodec>,
): StageOneFigures {
  return {
    name,
    flipRate: measure?.flipRate ?? null,
    labelPreservation: measure?.labelPreservation ?? null,
    frechetDistance: measure?.frechetDistance ?? null,
    cycleError: measure?.cycleError ?? null,
    gateClassifierAccuracy: gateAccuracy === null ? null : Math.min(gateAccuracy.domain, gateAccuracy.label),
    steps,
    seconds,
  };
}

/** The results of a method. */
export const methodResult = ({
  results,
  selectedStep,
}: t.TypeOf<typeof StageTwoOutcomeCodec>): MethodResult => ({ ...results, selectedStep });
