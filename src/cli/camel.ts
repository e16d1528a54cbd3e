/** The command `camel`: the studies of MNIST-Correlation by a short name. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Command, Option } from 'commander';
import { ProgramError } from '../system/program.ts';
import { commandLine, helpEnd } from '../system/command-line.ts';
import { runStudyFile, STUDY_CODES, withStudyOptions, type StudyFlags } from './study.ts';
import { backendOption, onNanOption } from './option-values.ts';

/** The studies, which come with the package, and the digits, which a checkout has. */
const EXAMPLES = fileURLToPath(new URL('../../examples', import.meta.url));
const DIGITS = fileURLToPath(new URL('../../examples/data', import.meta.url));

/** Budgets of the main job, from the smallest. */
const PRESETS = ['smoke', 'quick', 'paper'] as const;

interface CamelFlags extends StudyFlags {
  readonly preset: (typeof PRESETS)[number];
}

/** The digits of a checkout come first, so that a root that is given wins. */
function withDigits(root: readonly string[] = []): readonly string[] {
  if (existsSync(DIGITS)) return [`DATA=${DIGITS}`, ...root];
  if (process.env['DATA'] === undefined && !root.some((each) => each.startsWith('DATA=')))
    throw new ProgramError(
      '--root: expected DATA=FOLDER, a folder with mnist/ and its four files in it, found none; the package brings no digits, a checkout of its repository has them in examples/data',
      2,
    );
  return root;
}

/**
 * The command `camel`.
 *
 * @returns To be added to a program.
 */
export const camelCommand = (): Command =>
  withStudyOptions(new Command('camel'))
    .description(
      'Trains ERM, group DRO and CAMEL on MNIST-Correlation, from MNIST files to a report, and compares them.',
    )
    .addOption(
      new Option(
        '--preset <name>',
        'smoke (seconds; only shows that everything runs), quick (minutes), paper (published networks and rates; days)',
      )
        .choices(PRESETS)
        .default('quick'),
    )
    .addOption(backendOption('the fastest that is installed'))
    .addOption(onNanOption())
    .addHelpText('after', helpEnd(STUDY_CODES, commandLine('camel', '--preset smoke --seeds 1,2')))
    .action(({ preset, root, ...flags }: CamelFlags) =>
      runStudyFile(
        `studies/mnist-correlation/${preset}.yaml`,
        { ...flags, root: withDigits(root) },
        EXAMPLES,
      ),
    );
