/** `report.html` of a study, from what its folder holds. */
import { join } from 'node:path';
import { either as E } from 'fp-ts';
import type * as t from 'io-ts';
import { decode } from '../../config/decoding.ts';
import { DataCodec } from '../../config/schema/data-settings.ts';
import { StageOneCodec } from '../../config/schema/stage-one.ts';
import { StageTwoCodec } from '../../config/schema/stage-two.ts';
import type { Json } from '../../config/json.ts';
import type { StudyResults } from '../../config/study-results.ts';
import { renderReport } from '../../report/report-page.ts';
import { writeFileAtomically } from '../../system/atomic-file.ts';
import { orExit } from '../../system/program.ts';
import { dataWords, groupLabels, reportedMethod, reportedStageOne } from '../report/described-experiments.ts';
import type { ReadOutcome } from '../outcomes.ts';
import { readRuns, type RunFolder } from '../report/read-runs.ts';
import { backendNotices, runBackends } from './run-backends.ts';
import type { StudyFile } from './study-file.ts';

/** Settings of `study.json`, which a person may have changed. */
function settingsOf<A>(codec: t.Type<A, unknown>, settings: Json, where: string): A {
  return orExit(
    E.mapLeft(
      (faults: readonly { where: string; expected: string; found: string; cure: string }[]) => faults[0]!,
    )(decode(codec, settings, where)),
  );
}

/**
 * Writes the report of a study.
 *
 * @param out The folder of the study.
 * @param file Its `study.json`.
 * @param results What its runs have come to.
 * @param outcomeOf Reads the outcomes of its runs.
 * @returns The path of the report.
 * @throws ProgramError (exit code 2) if `study.json` holds other settings than a study has.
 */
export async function writeStudyReport(
  out: string,
  file: StudyFile,
  results: StudyResults,
  outcomeOf?: ReadOutcome,
): Promise<string> {
  const where = join(out, 'study.json');
  const data = settingsOf(DataCodec, file.data, `${where}: data`);
  const stageOne = Object.entries(file['stage-1']).map(([name, settings]) =>
    reportedStageOne(settingsOf(StageOneCodec, settings, `${where}: stage-1.${name}`)),
  );
  const methods = Object.entries(file.methods).map(([name, settings]) =>
    reportedMethod(name, settingsOf(StageTwoCodec, settings, `${where}: methods.${name}`)),
  );
  const foldersOf = (runs: readonly { readonly name: string }[]): readonly RunFolder[] =>
    file.seeds.flatMap((seed) =>
      runs.map(({ name }) => ({ seed, name, folder: join(out, `seed-${seed}`, name) })),
    );
  const { notices, ...runs } = await readRuns(foldersOf(stageOne), foldersOf(methods), outcomeOf);
  const page = renderReport({
    ...runs,
    notices: [...backendNotices(await runBackends(out, file)), ...notices],
    name: results.name,
    data: dataWords(data),
    backend: { name: results.backend, device: results.device },
    environment: file.environment,
    seconds: results.seconds,
    groupLabels: groupLabels(data, file.labels),
    stageOne,
    methods,
    seeds: results.seeds,
  });
  const path = join(out, 'report.html');
  await writeFileAtomically(path, page);
  return path;
}
