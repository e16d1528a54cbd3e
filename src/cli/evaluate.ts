/** The command `evaluate`: the group report of a trained run on any split. */
import { Command, Option } from 'commander';
import { SPLITS, type SplitName } from '../data/dataset.ts';
import { evaluateRun } from '../experiment/stage-two/evaluate.ts';
import { groupReportTable } from '../experiment/stage-two/group-report-table.ts';
import { commandLine, helpEnd } from '../system/command-line.ts';
import { orExit } from '../system/program.ts';
import { warnLine } from '../system/standard-error.ts';
import { onBackend } from './experiment-context.ts';
import { experimentOptions, rootOption, type ExperimentFlags } from './experiment-options.ts';
import { backendOption, folderName, skipDamagedOption } from './option-values.ts';
import { withProgressOptions } from './progress-options.ts';

interface EvaluateFlags extends Pick<ExperimentFlags, 'root'> {
  readonly run: string;
  readonly split: SplitName;
  readonly backend?: string;
  readonly skipDamaged?: number;
  readonly json?: boolean;
}

async function evaluate({ run, split, backend, skipDamaged, json, ...flags }: EvaluateFlags): Promise<void> {
  const { roots = {} } = orExit(await experimentOptions(flags));
  const { name, step, report, legend, damaged } = await onBackend(backend, async (_, context) => {
    const evaluated = await evaluateRun(
      { run, split, roots, ...(skipDamaged !== undefined && { skipDamaged }) },
      context,
    );
    evaluated.damaged.forEach(({ where, found }) => warnLine(`skipped: ${where}: ${found}`));
    return evaluated;
  });
  process.stdout.write(
    json
      ? `${JSON.stringify({ name, split, step, ...report, damaged }, null, 2)}\n`
      : `${name}, ${split} images, checkpoint after ${step} steps\n\n${groupReportTable(report)}\n${legend}\n`,
  );
}

/**
 * The command `evaluate`: prints the group report of a run's selected checkpoint on a split.
 *
 * @returns To be added to a program.
 */
export const evaluateCommand = (): Command =>
  withProgressOptions(new Command('evaluate'))
    .description(
      'Reports how the classifier of a stage-2 run does on every group of a split, by the checkpoint that the run selected.',
    )
    .requiredOption('--run <folder>', 'run folder of stage 2, finished or not', folderName)
    .addOption(new Option('--split <name>', 'which images').choices(SPLITS).default('test'))
    .option('--json', 'print the report as JSON')
    .addOption(backendOption('the fastest'))
    .addOption(
      rootOption('the folder that ${NAME} now stands for in the paths of the run, if data were moved'),
    )
    .addOption(skipDamagedOption('the split', 'what the configuration of the run says'))
    .addHelpText(
      'after',
      helpEnd(
        '0 done, 2 bad input, 75 stopped',
        commandLine('evaluate', '--run runs/waterbirds-gdro --split validation'),
      ),
    )
    .action(evaluate);
