/** The command `stage2`: trains a classifier by ERM, group DRO or CAMEL as a configuration says. */
import { Command, InvalidArgumentError } from 'commander';
import { resultsTable } from '../camel/table.ts';
import { experimentToRun } from '../experiment/run-settings.ts';
import { runStageTwo } from '../experiment/run-stage-two.ts';
import { orExit } from '../program.ts';
import { onBackend } from './experiment-context.ts';
import { experimentOptions, withExperimentOptions, type ExperimentFlags } from './experiment-options.ts';

interface StageTwoFlags extends ExperimentFlags {
  readonly config: string;
  readonly out?: string;
  readonly backend?: string;
  readonly skipDamaged?: number;
}

/** A number of images. */
export function numberOfImages(value: string): number {
  if (!/^\d{1,9}$/.test(value)) throw new InvalidArgumentError(`expected a whole number, found '${value}'`);
  return Number(value);
}

/** A name of a folder. */
export function folderName(value: string): string {
  if (value === '') throw new InvalidArgumentError("expected a folder, found ''");
  return value;
}

async function stageTwo({ config, out, backend, skipDamaged, ...flags }: StageTwoFlags): Promise<void> {
  const toRun = await experimentToRun(config, 'stage-2', orExit(await experimentOptions(flags)));
  const { experiment } = toRun;
  const folder = out ?? `runs/${experiment.name}`;
  const results = await onBackend(backend ?? experiment.backend, (selected, context) =>
    runStageTwo(
      toRun,
      {
        out: folder,
        backend: selected,
        ...(skipDamaged !== undefined && { skipDamaged }),
      },
      context,
    ),
  );
  process.stdout.write(`${resultsTable(results)}\n\n${folder}/results.json\n`);
}

/**
 * The command `stage2`: reads a configuration, trains in a run folder, and prints the table of results. Exit codes as
 * everywhere: 0 done, 1 a loss was not finite, 2 bad input, 75 stopped after a checkpoint.
 *
 * @returns To be added to a program, or run by `runCommand`.
 * @example
 * ```ts
 * import { Command } from 'commander';
 * import { stageTwoCommand } from 'model-patching/node';
 * const program = new Command().addCommand(stageTwoCommand());
 * if (program.commands[0]?.name() !== 'stage2') throw new Error('the command stage2 expected');
 * ```
 */
export const stageTwoCommand = (): Command =>
  withExperimentOptions(
    new Command('stage2')
      .description('Trains a classifier by ERM, group DRO or CAMEL as a configuration says, and tests it.')
      .requiredOption('--config <file>', 'configuration of a stage-2 experiment')
      .configureOutput({ writeErr: () => undefined })
      .exitOverride(),
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
      'damaged images of a split that are skipped and listed (default: what the configuration says)',
      numberOfImages,
    )
    .action(stageTwo);
