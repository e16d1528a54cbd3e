/**
 * A study, run: for every seed the experiments of stage 1, then every method, each a run in a folder of its own. What is
 * there already is not done again. A run that fails does not keep the others from theirs.
 */
import { join } from 'node:path';
import { either as E } from 'fp-ts';
import type { Study } from '../../config/schema/study.ts';
import { StudyResultsCodec, type StudyResults } from '../../config/study-results.ts';
import { formatDataError, refuse, type DataError } from '../../data/data-error.ts';
import { writeFileAtomically } from '../../system/atomic-file.ts';
import type { SelectedBackend } from '../../backends/backend.ts';
import { environmentFacts } from '../../system/environment.ts';
import { closing } from '../../system/closing.ts';
import type { ExperimentContext } from '../context.ts';
import { assertDataFits } from '../images/data-faults.ts';
import { sharedImages, type OpenImages, type SharedImages } from '../images/shared-images.ts';
import { outcomeReader } from '../outcomes.ts';
import { runStageOne } from '../stage-one/run-stage-one.ts';
import { runStageTwo } from '../stage-two/run-stage-two.ts';
import { expectedFailure, orExit, ProgramError } from '../../system/program.ts';
import { checkRunData } from '../../runs/run-data.ts';
import type { DataFingerprint } from '../../streams/data-fingerprint.ts';
import { readRunFile } from '../../runs/run-file.ts';
import { lockFolder } from '../../runs/run-lock.ts';
import { parseJson, readText } from '../../system/text-file.ts';
import { runsBeside, trainBeside } from './beside.ts';
import { failureKey, failuresIn, studyResults } from './collect-results.ts';
import { studyRuns, type SeedRuns, type StudyRun, type StudySelection } from './study-experiments.ts';
import { dataKey, digestsOf, studyDataFault, type StudyData } from './study-data.ts';
import { mergedStudyFile, readStudyFile, writeStudyFile, type StudyFile } from './study-file.ts';
import { writeStudyReport } from './study-report.ts';

/** How a study is run. */
export interface RunStudyOptions extends StudySelection {
  /** What to call the study in an error. */
  readonly file: string;
  readonly backend: Pick<SelectedBackend, 'name' | 'device'>;
}

/** What is wrong in one line; a stop is no failure. */
function reasonOf(error: unknown): string {
  if (error instanceof ProgramError && error.exitCode === 75) throw error;
  const text = expectedFailure(error) ?? (error instanceof Error ? error.message : String(error));
  return text.split('\n', 1)[0]!;
}

const resultsFile = (out: string): string => join(out, 'results.json');

/** What earlier calls found. */
async function earlierFailures(out: string): Promise<Map<string, string>> {
  const text = await readText(resultsFile(out));
  const results = text === null ? undefined : parseJson(text);
  return StudyResultsCodec.is(results) ? failuresIn(results.seeds) : new Map();
}

/** Runs all that a seed needs, and notes what fails. */
async function runSeed(
  runs: SeedRuns,
  failures: Map<string, string>,
  { backend, labels }: Pick<RunStudyOptions, 'backend'> & Pick<StudyFile, 'labels'>,
  context: ExperimentContext,
  images: SharedImages,
): Promise<void> {
  const { seed, stageOne, methods } = runs;
  const { onNan } = context;
  const attempt = async (
    run: Pick<StudyRun, 'name' | 'needs'>,
    train: () => Promise<unknown>,
  ): Promise<void> => {
    const key = failureKey(seed, run.name);
    const lacking = run.needs.find((name) => failures.has(failureKey(seed, name)));
    failures.delete(key);
    try {
      if (lacking !== undefined) throw new ProgramError(`not run: ${lacking} failed`, 1);
      context.say(`${key}`);
      await train();
    } catch (error) {
      failures.set(key, reasonOf(error));
      // A decode worker may have died, and the other runs shall not suffer from it.
      await images.close();
      context.say(`${key}: ${failures.get(key)!}`, 'warning');
    }
  };
  const options = ({ out }: Pick<StudyRun, 'out'>) => ({ out, backend, labels, openImages: images.open });
  const free = runsBeside(runs, { backend });
  const beside =
    free.length === 0
      ? null
      : trainBeside(
          { runs: free, options: { backend, labels }, asked: { ...(onNan && { onNan }) } },
          context,
        );
  try {
    for (const run of stageOne) {
      const gate = beside === null ? {} : { gateBeside: beside.gateOf(run) };
      await attempt(run, () => runStageOne(run.toRun, { ...options(run), ...gate }, context));
    }
  } catch (error) {
    beside?.stop();
    throw error;
  } finally {
    await beside?.ended();
  }
  for (const run of methods) await attempt(run, () => runStageTwo(run.toRun, options(run), context));
}

/** What the folder holds by now, as its files say it. */
async function writeResults(
  out: string,
  file: StudyFile,
  failures: ReadonlyMap<string, string>,
): Promise<StudyResults> {
  const outcomeOf = outcomeReader();
  const results = await studyResults(out, file, failures, outcomeOf);
  await writeStudyFile(out, file);
  await writeFileAtomically(resultsFile(out), `${JSON.stringify(results, null, 2)}\n`);
  await writeStudyReport(out, file, results, outcomeOf);
  return results;
}

/** Refuses data that have changed since a run was begun. Other faults of its files are those of the run alone. */
async function assertBound(
  { out, toRun }: StudyRun<'stage-1'> | StudyRun<'stage-2'>,
  open: OpenImages,
  { stopRequested }: Pick<ExperimentContext, 'stopRequested'>,
): Promise<void> {
  const run = await readRunFile(join(out, 'run.json'));
  if (E.isLeft(run) || run.right === null) return;
  await closing(await open(toRun.experiment.data), async (images) => {
    const data = await images.fingerprint?.(stopRequested);
    if (data !== undefined) orExit(await checkRunData(out, run.right, data));
  });
}

/**
 * Data that are missing, that do not hold what an experiment needs, or that are not those of runs that were begun, are
 * bad input and leave nothing behind.
 *
 * @returns What the data are, by {@link dataKey}.
 */
export async function assertData(
  runs: readonly SeedRuns[],
  open: OpenImages,
  context: Pick<ExperimentContext, 'stopRequested'> = { stopRequested: () => false },
): Promise<StudyData> {
  const data = new Map<string, DataFingerprint>();
  const [first] = runs;
  const experiments = [...(first?.stageOne ?? []), ...(first?.methods ?? [])].map(
    ({ toRun }) => toRun.experiment,
  );
  for (const settings of new Set(experiments.map((each) => JSON.stringify(each.data)))) {
    const those = experiments.filter((each) => JSON.stringify(each.data) === settings);
    await closing(await open(those[0]!.data), async (images) => {
      those.forEach((experiment) => assertDataFits(experiment, images));
      const bound = await images.fingerprint?.(context.stopRequested);
      if (bound !== undefined) data.set(dataKey(those[0]!.data), bound);
    });
  }
  for (const { stageOne, methods } of runs)
    for (const run of [...stageOne, ...methods]) await assertBound(run, open, context);
  return data;
}

/**
 * Runs a study, or what is left of it.
 *
 * @param study Decoded.
 * @param options Seeds, methods, folders, backend.
 * @param context Output, and whether a stop was asked for.
 * @returns What `results.json` holds.
 * @throws ProgramError: bad input (exit code 2), a stop asked for (75). A run that fails is in the results.
 */
export async function runStudy(
  study: Study,
  options: RunStudyOptions,
  context: ExperimentContext,
): Promise<StudyResults> {
  const { out } = options;
  const runs = studyRuns(study, options, options.file);
  const { backend, seeds } = options;
  const environment = await environmentFacts();
  const call = { seeds, backend: { name: backend.name, device: backend.device }, environment };
  const merged = async (data: StudyData): Promise<StudyFile> => {
    const there = orExit(await readStudyFile(out));
    const file = orExit(mergedStudyFile(there, study, { ...call, digests: digestsOf(data) }, out));
    const fault = await studyDataFault(there, data, out);
    if (fault !== undefined) throw new ProgramError(formatDataError(fault), 2);
    return file;
  };
  await merged(new Map());
  return closing(sharedImages(), async (images) => {
    const data = await assertData(runs, images.open, context);
    await merged(data);
    const release = orExit(await lockStudy(out));
    try {
      // Another program may have added to the study meanwhile.
      const file = await merged(data);
      await writeStudyFile(out, file);
      return await runSeeds(runs, file, options, context, images);
    } finally {
      await release();
    }
  });
}

/** Runs every seed; whatever comes to pass, the results say how far it came. */
async function runSeeds(
  runs: readonly SeedRuns[],
  file: StudyFile,
  options: RunStudyOptions,
  context: ExperimentContext,
  images: SharedImages,
): Promise<StudyResults> {
  const began = performance.now();
  const failures = await earlierFailures(options.out);
  const results = (): Promise<StudyResults> => {
    const seconds = file.seconds + (performance.now() - began) / 1000;
    return writeResults(options.out, { ...file, seconds }, failures);
  };
  try {
    const handed = { backend: options.backend, labels: file.labels };
    for (const seed of runs) await runSeed(seed, failures, handed, context, images);
  } catch (error) {
    await results();
    throw error;
  }
  const found = await results();
  assertReported(runs, failures, found);
  return found;
}

/** A run may come to its end and fail afterwards, when its results and report are written. */
function assertReported(
  runs: readonly SeedRuns[],
  failures: ReadonlyMap<string, string>,
  { seeds }: StudyResults,
): void {
  const told = failuresIn(seeds);
  const without = runs
    .flatMap(({ seed, stageOne, methods }) =>
      [...stageOne, ...methods].map(({ name }) => failureKey(seed, name)),
    )
    .filter((key) => failures.has(key) && !told.has(key));
  if (without.length > 0)
    throw new ProgramError(
      `${without.length} of the runs came to their end without results and report: ${without.join(', ')}; the same command writes them`,
      1,
    );
}

const lockStudy = async (out: string): ReturnType<typeof lockFolder> =>
  E.mapLeft((fault: DataError) => ({
    ...fault,
    expected: 'a study that no other program is at work on',
  }))(await lockFolder(out));

/** The results of a study's folder. */
export async function readResults(out: string): Promise<E.Either<DataError, StudyResults>> {
  const text = await readText(resultsFile(out));
  const results = text === null ? undefined : parseJson(text);
  return StudyResultsCodec.is(results)
    ? E.right(results)
    : refuse(
        resultsFile(out),
        StudyResultsCodec.name,
        text === null ? 'no such file' : JSON.stringify(text.slice(0, 60)),
        'run the study',
      );
}
