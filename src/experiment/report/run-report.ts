/** `results.json` and `report.html` of a single run: written once it has come to its end, and kept as they are. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import * as t from 'io-ts';
import type { StageOneExperiment } from '../../config/schema/stage-one.ts';
import type { StageTwoExperiment } from '../../config/schema/stage-two.ts';
import {
  StageOneRunResultsCodec,
  StageTwoRunResultsCodec,
  type StageOneRunResults,
  type StageTwoRunResults,
} from '../../config/study-results.ts';
import type { ReportInput } from '../../report/input.ts';
import { renderReport } from '../../report/report-page.ts';
import { writeFileAtomically } from '../../system/atomic-file.ts';
import type { SelectedBackend } from '../../backends/backend.ts';
import { environmentFacts } from '../../system/environment.ts';
import { methodResult, stageOneFigures, type StageOneOutcome, type StageTwoOutcome } from '../outcomes.ts';
import { parseJson, readText } from '../../system/text-file.ts';
import { dataWords, groupLabels, reportedMethod, reportedStageOne } from './described-experiments.ts';
import { readRuns, type RunFolder } from './read-runs.ts';

/** A run that has come to its end. */
export interface FinishedRun<SomeExperiment> {
  readonly folder: string;
  readonly experiment: SomeExperiment;
  readonly backend: Pick<SelectedBackend, 'name' | 'device'>;
  /** What a study calls the groups, by keys such as `y0z1`. */
  readonly labels?: Readonly<Record<string, string>>;
}

type RunResults = StageOneRunResults | StageTwoRunResults;

const EnvironmentCodec = t.type({
  environment: t.readonly(t.record(t.string, t.union([t.string, t.number]))),
});

/** The results that the folder has already, or else these, which are then written. */
async function keptResults<Results extends RunResults>(
  folder: string,
  codec: t.Type<Results>,
  found: Results & Pick<StageTwoOutcome, 'damaged'>,
): Promise<Results & t.TypeOf<typeof EnvironmentCodec>> {
  const path = join(folder, 'results.json');
  const text = await readText(path);
  const there = text === null ? undefined : parseJson(text);
  if (codec.is(there) && EnvironmentCodec.is(there)) return there;
  const file = { ...found, environment: await environmentFacts() };
  await writeFileAtomically(path, `${JSON.stringify(file, null, 2)}\n`);
  return file;
}

/** What single runs of both stages have alike. */
function commonOf(
  { experiment, backend }: FinishedRun<StageOneExperiment | StageTwoExperiment>,
  seconds: number,
) {
  return {
    format: 2 as const,
    name: experiment.name,
    backend: backend.name,
    device: backend.device,
    seconds,
    seed: experiment.seed,
  };
}

async function writeReport(
  { folder, experiment, labels }: FinishedRun<StageOneExperiment | StageTwoExperiment>,
  results: RunResults & t.TypeOf<typeof EnvironmentCodec>,
  parts: Pick<ReportInput, 'stageOne' | 'methods' | 'seeds'>,
): Promise<void> {
  const path = join(folder, 'report.html');
  if (existsSync(path)) return;
  const { name, seconds, environment, backend, device, seed } = results;
  const runsOf = (runs: readonly { readonly name: string }[]): readonly RunFolder[] =>
    runs.map((run) => ({ seed, name: run.name, folder }));
  const page = renderReport({
    ...parts,
    ...(await readRuns(runsOf(parts.stageOne), runsOf(parts.methods))),
    name,
    data: dataWords(experiment.data),
    backend: { name: backend, device },
    environment,
    seconds,
    groupLabels: groupLabels(experiment.data, labels),
  });
  await writeFileAtomically(path, page);
}

/**
 * Writes the results and the report of a run of stage 1, where they are not there yet.
 *
 * @param run That has come to its end.
 * @param outcome Of it.
 * @returns What `results.json` holds.
 */
export async function reportStageOne(
  run: FinishedRun<StageOneExperiment>,
  outcome: StageOneOutcome,
): Promise<StageOneRunResults> {
  const { experiment, folder } = run;
  const results = await keptResults(folder, StageOneRunResultsCodec, {
    ...commonOf(run, outcome.seconds),
    stage1: [stageOneFigures(experiment.name, outcome)],
    damaged: outcome.damaged,
  });
  await writeReport(run, results, {
    stageOne: [reportedStageOne(experiment)],
    methods: [],
    seeds: [{ seed: results.seed, stage1: results.stage1, methods: {} }],
  });
  return results;
}

/**
 * Writes the results and the report of a run of stage 2, where they are not there yet.
 *
 * @param run That has come to its end.
 * @param outcome Of it.
 * @returns What `results.json` holds.
 */
export async function reportStageTwo(
  run: FinishedRun<StageTwoExperiment>,
  outcome: StageTwoOutcome,
): Promise<StageTwoRunResults> {
  const { experiment, folder } = run;
  const { kind } = experiment.method;
  const results = await keptResults(folder, StageTwoRunResultsCodec, {
    ...commonOf(run, outcome.results.seconds),
    method: kind,
    result: methodResult(outcome),
    damaged: outcome.damaged,
  });
  await writeReport(run, results, {
    stageOne: [],
    methods: [reportedMethod(kind, experiment)],
    seeds: [{ seed: results.seed, stage1: [], methods: { [kind]: results.result } }],
  });
  return results;
}
