/** The command `stage2`: trains a classifier by ERM, group DRO or CAMEL as a configuration says. */
import type { Command } from 'commander';
import { resultsTable } from '../experiment/results-table.ts';
import { groupLegend } from '../experiment/images/group-legend.ts';
import { runStageTwo } from '../experiment/stage-two/run-stage-two.ts';
import { runExperiment, trainingCommand, type TrainingFlags } from './training.ts';

async function stageTwo(flags: TrainingFlags): Promise<void> {
  const { result, folder, experiment } = await runExperiment('stage-2', flags, runStageTwo);
  process.stdout.write(
    `${resultsTable({ [result.method]: result.result })}\n\n${groupLegend(experiment.data)}\n\n${folder}/report.html\n`,
  );
}

/**
 * The command `stage2`: reads a configuration, trains in a run folder, and prints the table of results. Exit codes as
 * everywhere: 0 done, 1 a loss was not finite, 2 bad input, 75 stopped after a checkpoint.
 *
 * @returns To be added to a program.
 */
export const stageTwoCommand = (): Command =>
  trainingCommand(
    'stage2',
    'stage-2',
    'Trains a classifier by ERM, group DRO or CAMEL as a configuration says, and tests it. Ctrl-C stops it after a checkpoint; the same command goes on.',
    'a split',
  ).action(stageTwo);
