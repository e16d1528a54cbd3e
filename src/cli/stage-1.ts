/** The command `stage1`: trains a CycleGAN between two subgroups as a configuration says. */
import { join } from 'node:path';
import type { Command } from 'commander';
import { runStageOne } from '../experiment/stage-one/run-stage-one.ts';
import type { StageOneOutcome } from '../experiment/outcomes.ts';
import { runExperiment, trainingCommand, type TrainingFlags } from './training.ts';

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

/** What a finished run tells. */
function summary({ steps, bestStep, measure, seconds }: StageOneOutcome, folder: string): string {
  const judged =
    measure === null
      ? 'no gate: the last checkpoint translates'
      : `best checkpoint after ${bestStep} steps: strict flip rate to target ${percent(measure.flipRate.toTarget)}, to source ${percent(measure.flipRate.toSource)}; class kept ${percent(measure.labelPreservation.toTarget)}, ${percent(measure.labelPreservation.toSource)}`;
  return `stage 1: ${steps} steps in ${seconds.toFixed(0)} s; ${judged}\n\n${join(folder, 'report.html')}\n`;
}

async function stageOne(flags: TrainingFlags): Promise<void> {
  const { result, folder } = await runExperiment('stage-1', flags, runStageOne);
  process.stdout.write(summary(result, folder));
}

/**
 * The command `stage1`.
 *
 * @returns To be added to a program.
 */
export const stageOneCommand = (): Command =>
  trainingCommand(
    'stage1',
    'stage-1',
    'Trains a CycleGAN between two subgroups as a configuration says. Ctrl-C stops it after a checkpoint; the same command goes on.',
    'a domain',
  ).action(stageOne);
