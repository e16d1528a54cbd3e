/** The command `stage1`: trains a CycleGAN between two subgroups as a configuration says. */
import { join } from 'node:path';
import { Command } from 'commander';
import { experimentToRun } from '../experiment/run-settings.ts';
import { runStageOne } from '../experiment/run-stage-one.ts';
import type { StageOneOutcome } from '../experiment/stage-one.ts';
import { orExit } from '../program.ts';
import { onBackend } from './experiment-context.ts';
import { experimentOptions, withExperimentOptions, type ExperimentFlags } from './experiment-options.ts';
import { folderName, numberOfImages } from './stage-2.ts';

interface StageOneFlags extends ExperimentFlags {
  readonly config: string;
  readonly out?: string;
  readonly backend?: string;
  readonly skipDamaged?: number;
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

/** What a finished run tells. */
function summary({ steps, bestStep, measure, seconds }: StageOneOutcome, folder: string): string {
  const judged =
    measure === null
      ? 'no gate: the last checkpoint translates'
      : `best checkpoint after ${bestStep} steps: strict flip rate to target ${percent(measure.flipRate.toTarget)}, to source ${percent(measure.flipRate.toSource)}; class kept ${percent(measure.labelPreservation.toTarget)}, ${percent(measure.labelPreservation.toSource)}`;
  return `stage 1: ${steps} steps in ${seconds.toFixed(0)} s; ${judged}\n\n${join(folder, 'gallery')}\n`;
}

async function stageOne({ config, out, backend, skipDamaged, ...flags }: StageOneFlags): Promise<void> {
  const toRun = await experimentToRun(config, 'stage-1', orExit(await experimentOptions(flags)));
  const { experiment } = toRun;
  const folder = out ?? `runs/${experiment.name}`;
  const outcome = await onBackend(backend ?? experiment.backend, (_, context) =>
    runStageOne(toRun, { out: folder, ...(skipDamaged !== undefined && { skipDamaged }) }, context),
  );
  process.stdout.write(summary(outcome, folder));
}

/**
 * The command `stage1`.
 *
 * @returns To be added to a program.
 */
export const stageOneCommand = (): Command =>
  withExperimentOptions(
    new Command('stage1')
      .description('Trains a CycleGAN between two subgroups as a configuration says.')
      .requiredOption('--config <file>', 'configuration of a stage-1 experiment'),
  )
    .option(
      '--out <folder>',
      'run folder, new or to go on with (default: runs/<name of the experiment>)',
      folderName,
    )
    .option(
      '--backend <name>',
      'tensorflow-gpu, webgpu, tensorflow, wasm or cpu (default: what the configuration says)',
    )
    .option(
      '--skip-damaged <n>',
      'damaged images of a domain that are skipped and listed (default: what the configuration says)',
      numberOfImages,
    )
    .action(stageOne);
