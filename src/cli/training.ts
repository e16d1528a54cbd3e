/** What the commands of both stages share: options, and an experiment that is run in its folder on a backend. */
import { Command } from 'commander';
import type { Experiment } from '../config/schema/experiment.ts';
import type { SelectedBackend } from '../backends/backend.ts';
import { commandLine, exampleFor, helpEnd } from '../system/command-line.ts';
import type { ExperimentContext } from '../experiment/context.ts';
import { experimentToRun, type ExperimentToRun } from '../experiment/run-settings.ts';
import { orExit } from '../system/program.ts';
import { onBackend } from './experiment-context.ts';
import { experimentOptions, withExperimentOptions, type ExperimentFlags } from './experiment-options.ts';
import { backendOption, folderName, onNanOption, skipDamagedOption } from './option-values.ts';

/** What commander hands over. */
export interface TrainingFlags extends ExperimentFlags {
  readonly config: string;
  readonly out?: string;
  readonly backend?: string;
  readonly skipDamaged?: number;
  readonly onNan?: 'stop' | 'rollback';
}

/** How an experiment is run. */
export interface RunOptions {
  readonly out: string;
  readonly backend: SelectedBackend;
  readonly skipDamaged?: number;
}

const digits = (file: string): string => `--config examples/configs/${file} --root DATA=examples/data`;
const birds = (file: string): string =>
  `--config node_modules/model-patching/examples/configs/${file} --root DATA=FOLDER`;

const EXAMPLES = {
  'stage-1': exampleFor(
    digits('stage-1/mnist-correlation/all-classes.yaml'),
    birds('stage-1/waterbirds/waterbirds.yaml'),
  ),
  'stage-2': exampleFor(
    digits('stage-2/mnist-correlation/gdro.yaml'),
    `${birds('stage-2/waterbirds/gdro.yaml')} --root WEIGHTS=FOLDER`,
  ),
} as const;

/**
 * A command that trains.
 *
 * @param name Of the command.
 * @param kind Of its experiments.
 * @param description What it does.
 * @param ofWhat Images that may be damaged.
 */
export const trainingCommand = (
  name: string,
  kind: Experiment['kind'],
  description: string,
  ofWhat: string,
): Command =>
  withExperimentOptions(
    new Command(name)
      .description(description)
      .requiredOption('--config <file>', `configuration of a ${kind} experiment`)
      .option(
        '--out <folder>',
        'run folder, new or to go on with (default: runs/<name of the experiment>)',
        folderName,
      ),
    kind === 'stage-1' ? null : undefined,
  )
    .addOption(backendOption('what the configuration says'))
    .addOption(skipDamagedOption(ofWhat, 'what the configuration says'))
    .addOption(onNanOption())
    .addHelpText(
      'after',
      helpEnd(
        '0 done, 1 a loss was not finite, 2 bad input, 75 stopped after a checkpoint',
        commandLine(name, EXAMPLES[kind]),
      ),
    );

/**
 * Reads an experiment and runs it on its backend.
 *
 * @param kind What it must be.
 * @param flags From commander.
 * @param run The program of the stage.
 * @returns What it gives, the run folder, and what was run.
 */
export async function runExperiment<Kind extends Experiment['kind'], A>(
  kind: Kind,
  { config, out, backend, skipDamaged, onNan, ...flags }: TrainingFlags,
  run: (toRun: ExperimentToRun<Kind>, options: RunOptions, context: ExperimentContext) => Promise<A>,
): Promise<{
  readonly result: A;
  readonly folder: string;
  readonly experiment: ExperimentToRun<Kind>['experiment'];
}> {
  const toRun = await experimentToRun(config, kind, orExit(await experimentOptions(flags)));
  const { experiment } = toRun;
  const folder = out ?? `runs/${experiment.name}`;
  const work = (selected: SelectedBackend, context: ExperimentContext): Promise<A> => {
    const options = { out: folder, backend: selected, ...(skipDamaged !== undefined && { skipDamaged }) };
    return run(toRun, options, context);
  };
  const result = await onBackend(backend ?? experiment.backend, work, { ...(onNan && { onNan }) });
  return { result, folder, experiment };
}
