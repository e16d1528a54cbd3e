/** What a study will do, and how far it has come: its runs, their steps, and what those that are done have taken. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { stepsOf } from '../../config/schema/durations.ts';
import type { Experiment } from '../../config/schema/experiment.ts';
import type { Study } from '../../config/schema/study.ts';
import type { SeedResults } from '../../config/study-results.ts';
import { formatDataError } from '../../data/data-error.ts';
import { stageTwoBudget } from '../stage-two/budget.ts';
import { domainsOf, stepsPerEpochOf } from '../stage-one/domains.ts';
import type { OpenImages } from '../images/shared-images.ts';
import { closing } from '../../system/closing.ts';
import { expectedFailure } from '../../system/program.ts';
import { hasCode } from '../../system/text-file.ts';
import { assertData } from './run-study.ts';
import type { SeedRuns, StudyRun } from './study-experiments.ts';
import { studyDataFault } from './study-data.ts';
import { studyChange, type StudyFile } from './study-file.ts';

/** A run as a plan lists it. */
export interface PlannedRun {
  readonly seed: number;
  readonly name: string;
  /** Null where only the data tell how many steps its epochs are, and the data are missing. */
  readonly steps: number | null;
  /** The steps of its newest checkpoint, or all of them when it is done. */
  readonly stepsDone: number;
  readonly state: 'done' | 'begun' | 'not begun' | { readonly failed: string };
  /** The time that it took, once it is done. */
  readonly seconds: number | null;
}

/** Steps of the newest checkpoint in a run's folder. */
async function checkpointIn(folder: string): Promise<number | null> {
  try {
    const steps = (await readdir(join(folder, 'checkpoints'))).flatMap((name) => {
      const [, step] = /^step-(\d+)\.safetensors$/.exec(name) ?? [];
      return step === undefined ? [] : [Number(step)];
    });
    return steps.length === 0 ? 0 : Math.max(...steps);
  } catch (error) {
    if (hasCode(error, 'ENOENT') || hasCode(error, 'ENOTDIR')) return null;
    throw error;
  }
}

/** The steps of an experiment. Only its images say how many the epochs are, so that without them nobody knows. */
async function stepsFor(experiment: Experiment, open: OpenImages): Promise<number | null> {
  const { training, data } = experiment;
  if (training.steps !== null) return training.steps;
  try {
    return await closing(await open(data), (images) =>
      Promise.resolve(
        experiment.kind === 'stage-2'
          ? stageTwoBudget(experiment, images.table).steps
          : stepsOf(training, stepsPerEpochOf(experiment, domainsOf(experiment, images))),
      ),
    );
  } catch (error) {
    if (expectedFailure(error) === null) throw error;
    return null;
  }
}

async function plannedRun(
  { seed, name, out, toRun }: StudyRun<'stage-1'> | StudyRun<'stage-2'>,
  found: SeedResults | undefined,
  open: OpenImages,
): Promise<PlannedRun> {
  const known = { seed, name, steps: await stepsFor(toRun.experiment, open) };
  const result =
    toRun.experiment.kind === 'stage-1'
      ? found?.stage1.find((each) => each.name === name)
      : Object.entries(found?.methods ?? {}).find(([method]) => method === name)?.[1];
  if (result !== undefined && 'steps' in result)
    return { ...known, stepsDone: result.steps, state: 'done', seconds: result.seconds };
  const stepsDone = await checkpointIn(out);
  const state = result ?? (stepsDone === null ? 'not begun' : 'begun');
  return { ...known, stepsDone: stepsDone ?? 0, state, seconds: null };
}

/**
 * The runs of a study in the order in which they are done.
 *
 * @param runs Of the study.
 * @param results What its folder holds.
 * @param open Opens the data of runs whose steps are epochs.
 */
export async function planStudy(
  runs: readonly SeedRuns[],
  results: readonly SeedResults[],
  open: OpenImages,
): Promise<readonly PlannedRun[]> {
  const planned: PlannedRun[] = [];
  for (const { seed, stageOne, methods } of runs) {
    const found = results.find((each) => each.seed === seed);
    for (const run of [...stageOne, ...methods]) planned.push(await plannedRun(run, found, open));
  }
  return planned;
}

/**
 * Why `run` would refuse a study, a line for each reason.
 *
 * @param study As it is now.
 * @param runs Of the study.
 * @param there What its folder says of itself; null for a new one.
 * @param out The folder.
 * @param open Opens the data.
 */
export async function runRefusals(
  study: Study,
  runs: readonly SeedRuns[],
  there: StudyFile | null,
  out: string,
  open: OpenImages,
): Promise<readonly string[]> {
  const changed = there === null ? undefined : studyChange(there, study, out);
  const lines = changed === undefined ? [] : [formatDataError(changed)];
  try {
    const others = await studyDataFault(there, await assertData(runs, open), out);
    return others === undefined ? lines : [...lines, formatDataError(others)];
  } catch (error) {
    const missing = expectedFailure(error);
    if (missing === null) throw error;
    return [...lines, missing];
  }
}

const stateOf = ({ state, steps, stepsDone, seconds }: PlannedRun): string => {
  if (typeof state === 'object') return `failed: ${state.failed}`;
  if (state === 'begun') return `step ${stepsDone}${steps === null ? '' : ` of ${steps}`}`;
  return state === 'done' ? `done in ${seconds!.toFixed(0)} s` : state;
};

const stepsLeft = ({ state, steps, stepsDone }: PlannedRun): number | null =>
  state === 'done' ? 0 : steps === null ? null : steps - stepsDone;

/** A plan as lines for a terminal. */
export function planLines(planned: readonly PlannedRun[]): readonly string[] {
  const names = planned.map(({ seed, name }) => `seed ${seed}  ${name}`);
  const steps = planned.map((run) => String(run.steps ?? '?'));
  const width = Math.max(...names.map((name) => name.length));
  const digits = Math.max(...steps.map((text) => text.length));
  const left = planned.map(stepsLeft);
  const sum = left.reduce<number>((total, each) => total + (each ?? 0), 0);
  const unknown = left.includes(null) ? ', and those of the epochs, which the data tell' : '';
  const done = planned.filter(({ state }) => state === 'done').length;
  return [
    ...planned.map(
      (run, i) => `${names[i]!.padEnd(width)}  ${steps[i]!.padStart(digits)} steps  ${stateOf(run)}`,
    ),
    `${done} of ${planned.length} runs done, ${sum} steps left${unknown}`,
  ];
}
