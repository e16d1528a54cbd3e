/** The program of stage 1: an experiment from its settings to a run folder with generators. */
import { join } from 'node:path';
import { orExit } from '../program.ts';
import { openRun, readSettingsFile } from '../run-directory.ts';
import type { ExperimentContext } from './context.ts';
import { openExperimentImages } from './open-images.ts';
import type { ExperimentToRun } from './run-settings.ts';
import { planStageOne } from './stage-one-plan.ts';
import { stageOne, type StageOneOutcome } from './stage-one.ts';

/** How a stage-1 experiment is run. */
export interface RunStageOneOptions {
  /** The run folder, new or begun with the same settings. */
  readonly out: string;
}

/**
 * Runs a stage-1 experiment, or what is left of it; a run that is done gives its outcome again.
 *
 * @param toRun The experiment.
 * @param options Where to.
 * @param context Output, and whether a stop was asked for.
 * @throws ProgramError: bad input (exit code 2), a loss that is not finite (1), a stop asked for (75).
 */
export async function runStageOne(
  { experiment, settings }: ExperimentToRun<'stage-1'>,
  { out }: RunStageOneOptions,
  context: ExperimentContext,
): Promise<StageOneOutcome> {
  const there = orExit(await readSettingsFile(join(out, 'run.json'), settings));
  if (there?.outcome !== undefined) return there.outcome as StageOneOutcome;
  // All that may not fit comes before the run folder, so that who corrects it begins anew.
  const images = await openExperimentImages(experiment.data);
  try {
    const plan = planStageOne(experiment, images);
    try {
      const run = orExit(await openRun(out, settings, { keep: experiment.checkpoints.keep }));
      try {
        return await stageOne(plan, run, context);
      } finally {
        await run.close();
      }
    } finally {
      plan.dispose();
    }
  } finally {
    await images.close();
  }
}
