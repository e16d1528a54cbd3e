/** What the runs of a study have come to, read from their folders. */
import { join } from 'node:path';
import type {
  Failed,
  MethodResult,
  SeedResults,
  StageOneFigures,
  StudyResults,
} from '../../config/study-results.ts';
import { summarizeSeeds } from '../../report/summary.ts';
import {
  methodResult,
  outcomeReader,
  stageOneFigures,
  StageOneOutcomeCodec,
  StageTwoOutcomeCodec,
  type ReadOutcome,
} from '../outcomes.ts';
import { commonBackend, runBackends } from './run-backends.ts';
import type { StudyFile } from './study-file.ts';

async function stageOneIn(
  folder: string,
  name: string,
  outcomeOf: ReadOutcome,
): Promise<StageOneFigures | undefined> {
  const outcome = await outcomeOf(folder, StageOneOutcomeCodec);
  return outcome && stageOneFigures(name, outcome);
}

async function methodIn(folder: string, outcomeOf: ReadOutcome): Promise<MethodResult | undefined> {
  const outcome = await outcomeOf(folder, StageTwoOutcomeCodec);
  return outcome && methodResult(outcome);
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
 * @param outcomeOf Reads the outcomes of runs.
 */
export async function collectResults(
  out: string,
  file: Pick<StudyFile, 'seeds' | 'stage-1' | 'methods'>,
  failures: Failures,
  outcomeOf: ReadOutcome = outcomeReader(),
): Promise<readonly SeedResults[]> {
  const failed = (seed: number, name: string): Failed | undefined => {
    const reason = failures.get(failureKey(seed, name));
    return reason === undefined ? undefined : { failed: reason };
  };
  const collected: SeedResults[] = [];
  for (const seed of file.seeds) {
    const stage1: SeedResults['stage1'][number][] = [];
    for (const name of Object.keys(file['stage-1'])) {
      const found = await stageOneIn(join(out, `seed-${seed}`, name), name, outcomeOf);
      const reason = failed(seed, name);
      if (found !== undefined) stage1.push(found);
      else if (reason !== undefined) stage1.push({ name, ...reason });
    }
    const methods: Record<string, MethodResult | Failed> = {};
    for (const name of Object.keys(file.methods)) {
      const found = (await methodIn(join(out, `seed-${seed}`, name), outcomeOf)) ?? failed(seed, name);
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

/**
 * What `results.json` of a study holds, as the folders of its runs say it by now.
 *
 * @param out The folder of the study.
 * @param file What it is made of.
 * @param failures Those that are known.
 * @param outcomeOf Reads the outcomes of runs.
 */
export async function studyResults(
  out: string,
  file: StudyFile,
  failures: Failures,
  outcomeOf: ReadOutcome = outcomeReader(),
): Promise<StudyResults> {
  const seeds = await collectResults(out, file, failures, outcomeOf);
  const backend = commonBackend(await runBackends(out, file), file.backend);
  return {
    format: 2,
    name: file.name,
    backend: backend.name,
    device: backend.device,
    seconds: file.seconds,
    seeds,
    summary: summarizeSeeds(seeds, Object.keys(file.methods)),
  };
}
