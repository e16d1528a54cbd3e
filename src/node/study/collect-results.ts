/** What the runs of a study have come to, read from their folders. */
import { join } from 'node:path';
import * as t from 'io-ts';
import {
  naturalNumber,
  nonNegativeNumber,
  nullable,
  unitInterval,
  finiteNumber,
} from '../../config/codecs.ts';
import { RunFileCodec } from '../../config/run-files.ts';
import { GroupReportCodec } from '../../config/experiment-results.ts';
import type { Failed, MethodResult, SeedResults, StageOneFigures } from '../../config/study-results.ts';
import { parseJson, readText } from '../text-file.ts';
import type { StudyFile } from './study-file.ts';

const directional = (codec: t.Type<number>) => t.type({ toSource: codec, toTarget: codec });

const StageOneOutcomeCodec = t.type({
  steps: naturalNumber,
  seconds: nonNegativeNumber,
  measure: nullable(
    t.intersection([
      t.type({
        flipRate: directional(unitInterval),
        labelPreservation: directional(unitInterval),
        cycleError: nonNegativeNumber,
      }),
      t.partial({ frechetDistance: directional(finiteNumber) }),
    ]),
  ),
  gateAccuracy: nullable(t.type({ domain: unitInterval, label: unitInterval })),
});

const StageTwoOutcomeCodec = t.type({
  results: t.intersection([GroupReportCodec, t.type({ steps: naturalNumber, seconds: nonNegativeNumber })]),
  selectedStep: naturalNumber,
});

/** The outcome of a run that has come to its end; undefined of any other. */
async function outcomeIn<A>(folder: string, codec: t.Type<A>): Promise<A | undefined> {
  const text = await readText(join(folder, 'run.json'));
  const run = text === null ? undefined : parseJson(text);
  const outcome = RunFileCodec.is(run) ? run.outcome : undefined;
  return codec.is(outcome) ? outcome : undefined;
}

async function stageOneIn(folder: string, name: string): Promise<StageOneFigures | undefined> {
  const outcome = await outcomeIn(folder, StageOneOutcomeCodec);
  if (outcome === undefined) return undefined;
  const { steps, seconds, measure, gateAccuracy } = outcome;
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

async function methodIn(folder: string): Promise<MethodResult | undefined> {
  const outcome = await outcomeIn(folder, StageTwoOutcomeCodec);
  return outcome && { ...outcome.results, selectedStep: outcome.selectedStep };
}

/** Why runs have failed, by the folder of each below that of the study. */
export type Failures = ReadonlyMap<string, string>;

/** What a run is called in {@link Failures}. */
export const failureKey = (seed: number, name: string): string => `seed-${seed}/${name}`;

/**
 * The results of every seed that a study has.
 *
 * @param out The folder of the study.
 * @param file What it is made of.
 * @param failures Those that are known; a run that has come to its end since is none.
 */
export async function collectResults(
  out: string,
  file: Pick<StudyFile, 'seeds' | 'stage-1' | 'methods'>,
  failures: Failures,
): Promise<readonly SeedResults[]> {
  const failed = (seed: number, name: string): Failed | undefined => {
    const reason = failures.get(failureKey(seed, name));
    return reason === undefined ? undefined : { failed: reason };
  };
  const collected: SeedResults[] = [];
  for (const seed of file.seeds) {
    const stage1: SeedResults['stage1'][number][] = [];
    for (const name of Object.keys(file['stage-1'])) {
      const found = await stageOneIn(join(out, `seed-${seed}`, name), name);
      const reason = failed(seed, name);
      if (found !== undefined) stage1.push(found);
      else if (reason !== undefined) stage1.push({ name, ...reason });
    }
    const methods: Record<string, MethodResult | Failed> = {};
    for (const name of Object.keys(file.methods)) {
      const found = (await methodIn(join(out, `seed-${seed}`, name))) ?? failed(seed, name);
      if (found !== undefined) methods[name] = found;
    }
    collected.push({ seed, stage1, methods });
  }
  return collected;
}

/** The failures that results tell of. */
export function failuresIn(seeds: readonly SeedResults[]): Map<string, string> {
  const failures = new Map<string, string>();
  for (const { seed, stage1, methods } of seeds) {
    for (const each of stage1) if ('failed' in each) failures.set(failureKey(seed, each.name), each.failed);
    for (const [name, each] of Object.entries(methods))
      if ('failed' in each) failures.set(failureKey(seed, name), each.failed);
  }
  return failures;
}
