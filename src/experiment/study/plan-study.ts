/** What a study will do, and how far it has come: its runs, their steps, and what those that are done have taken. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { stepsOf } from '../../config/schema/durations.ts';
import type { Experiment } from '../../config/schema/experiment.ts';
import type { SeedResults } from '../../config/study-results.ts';
import { stageTwoBudget } from '../stage-two/budget.ts';
import { domainsOf, stepsPerEpochOf } from '../stage-one/domains.ts';
import type { ExperimentImages } from '../images/experiment-images.ts';
import { openExperimentImages } from '../images/open-images.ts';
import { hasCode } from '../../system/text-file.ts';
import type { SeedRuns } from './study-experiments.ts';

/** A run as a plan lists it. */
export interface PlannedRun {
  readonly seed: number;
  readonly name: string;
  readonly steps: number;
  /** Steps of its newest checkpoint; all of them when it is done. */
  readonly stepsDone: number;
  readonly state: 'done' | 'begun' | 'not begun' | { readonly failed: string };
  /** What it took, once it is done. */
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

/** The steps of an experiment; of epochs, the images say how many steps they are. */
function stepsFor(experiment: Experiment, images: ExperimentImages | null): number {
  if (experiment.training.steps !== null) return experiment.training.steps;
  if (images === null) throw new Error('epochs without images');
  return experiment.kind === 'stage-2'
    ? stageTwoBudget(experiment, images.table).steps
    : stepsOf(experiment.training, stepsPerEpochOf(experiment, domainsOf(experiment, images)));
}

/**
 * The runs of a study in the order in which they are done.
 *
 * @param runs Of the study.
 * @param results What its folder holds.
 */
export async function planStudy(
  runs: readonly SeedRuns[],
  results: readonly SeedResults[],
): Promise<readonly PlannedRun[]> {
  const planned: PlannedRun[] = [];
  for (const { seed, stageOne, methods } of runs) {
    const found = results.find((each) => each.seed === seed);
    for (const { name, out, toRun } of [...stageOne, ...methods]) {
      const { experiment } = toRun;
      const images =
        experiment.training.steps === null
          ? await openExperimentImages(experiment.data, { workers: 0 })
          : null;
      const steps = stepsFor(experiment, images);
      await images?.close();
      const result =
        experiment.kind === 'stage-1'
          ? found?.stage1.find((each) => each.name === name)
          : Object.entries(found?.methods ?? {}).find(([method]) => method === name)?.[1];
      const known = { seed, name, steps };
      if (result !== undefined && 'steps' in result) {
        planned.push({ ...known, stepsDone: steps, state: 'done', seconds: result.seconds });
        continue;
      }
      const stepsDone = await checkpointIn(out);
      const state = result !== undefined ? result : stepsDone === null ? 'not begun' : 'begun';
      planned.push({ ...known, stepsDone: stepsDone ?? 0, state, seconds: null });
    }
  }
  return planned;
}

const stateOf = ({ state, steps, stepsDone, seconds }: PlannedRun): string => {
  if (typeof state === 'object') return `failed: ${state.failed}`;
  if (state === 'begun') return `step ${stepsDone} of ${steps}`;
  return state === 'done' ? `done in ${seconds!.toFixed(0)} s` : state;
};

/** A plan as lines for a terminal. */
export function planLines(planned: readonly PlannedRun[]): readonly string[] {
  const names = planned.map(({ seed, name }) => `seed ${seed}  ${name}`);
  const width = Math.max(...names.map((name) => name.length));
  const digits = Math.max(...planned.map(({ steps }) => String(steps).length));
  const left = planned.reduce(
    (sum, { state, steps, stepsDone }) => sum + (state === 'done' ? 0 : steps - stepsDone),
    0,
  );
  const done = planned.filter(({ state }) => state === 'done').length;
  return [
    ...planned.map(
      (run, i) => `${names[i]!.padEnd(width)}  ${String(run.steps).padStart(digits)} steps  ${stateOf(run)}`,
    ),
    `${done} of ${planned.length} runs done, ${left} steps left`,
  ];
}
