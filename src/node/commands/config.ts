/** The command `config`: what a configuration file says, before anything is run. */
import { either as E } from 'fp-ts';
import { Argument, Command } from 'commander';
import type { Experiment } from '../../config/experiment/experiment.ts';
import type { LoadedExperiment } from '../../config/experiment/load.ts';
import { printExperiment } from '../../config/experiment/print.ts';
import type { Roots } from '../../config/experiment/roots.ts';
import { experimentTemplate, type TemplateName } from '../../config/experiment/template.ts';
import { formatDataError, type DataError } from '../../data/data-error.ts';
import { lookAtData } from '../experiment/data-faults.ts';
import { loadExperimentFile } from '../experiment-file.ts';
import { orExit, ProgramError } from '../program.ts';
import { experimentOptions, withExperimentOptions, type ExperimentFlags } from './experiment-options.ts';

const say = (text: string): void => void process.stdout.write(`${text}\n`);
const complain = (text: string): void => void process.stderr.write(`${text}\n`);

/** An experiment in a few words. */
export function describeExperiment(experiment: Experiment): string {
  const { kind, data, training, seed } = experiment;
  const what =
    experiment.kind === 'stage-2'
      ? `${experiment.method.kind} with ${experiment.network.kind}`
      : `CycleGAN for ${experiment.translation.classes === 'all' ? 'all classes' : `class ${experiment.translation.classes.join(', ')}`}`;
  return `${kind}, ${what} on ${data.kind}, ${training.steps === null ? `${training.epochs} epochs` : `${training.steps} steps`}, batch ${training.batchSize}, seed ${seed}`;
}

const rootsLine = ({ roots }: LoadedExperiment, given: Roots): string =>
  roots.map((name) => `\${${name}}${given[name] ? '' : ' (not set)'}`).join(', ');

/** Whether settings are missing that every experiment has, and that what it extends may have left to others. */
const isFragment = (faults: readonly DataError[]): boolean =>
  faults.some(
    ({ where, found }) => found === 'nothing' && /: (?:version|kind|data|network|method)$/.test(where),
  );

async function check(files: readonly string[], flags: ExperimentFlags): Promise<void> {
  const options = orExit(await experimentOptions(flags));
  const roots: Roots = { ...process.env, ...options.roots };
  let [faults, broken] = [0, 0];
  const fragments: string[] = [];
  const refuse = (lines: readonly string[]): void => {
    broken += 1;
    faults += lines.length;
    lines.forEach(complain);
  };
  for (const file of files) {
    const loaded = await loadExperimentFile(file, options);
    if (E.isLeft(loaded)) {
      refuse(loaded.left.map(formatDataError));
      if (isFragment(loaded.left)) fragments.push(file);
      continue;
    }
    const data = await lookAtData(loaded.right.experiment, roots);
    if (E.isLeft(data)) {
      refuse([`${file}: ${data.left}`]);
      continue;
    }
    say(`${file}: right: ${describeExperiment(loaded.right.experiment)}`);
    say(`  roots: ${rootsLine(loaded.right, roots)}`);
    if (data.right !== null) say(`  ${data.right}`);
    loaded.right.notices.forEach((notice) => say(`  ${notice}`));
  }
  if (fragments.length > 0)
    complain(
      `hint: ${fragments.join(', ')}: perhaps no experiment but what others extend; if so, check those that extend it`,
    );
  if (faults > 0)
    throw new ProgramError(
      `${faults} ${faults === 1 ? 'fault' : 'faults'} in ${broken} of ${files.length} files`,
      2,
    );
}

async function show(file: string, flags: ExperimentFlags): Promise<void> {
  const loaded = await loadExperimentFile(file, orExit(await experimentOptions(flags)));
  if (E.isLeft(loaded)) {
    const [first, ...others] = loaded.left;
    others.forEach((fault) => complain(formatDataError(fault)));
    throw new ProgramError(formatDataError(first!), 2);
  }
  process.stdout.write(printExperiment(loaded.right.experiment, loaded.right.notices));
}

/**
 * The command `config`, with `check`, `show` and `template`.
 *
 * @returns To be added to a program.
 * @example
 * ```ts
 * import { Command } from 'commander';
 * import { configCommand } from 'model-patching/node';
 * const program = new Command().addCommand(configCommand());
 * const names = program.commands[0]?.commands.map((command) => command.name()).join();
 * if (names !== 'check,show,template') throw new Error('the three commands of config expected');
 * ```
 */
export function configCommand(): Command {
  const command = new Command('config')
    .description(
      'Checks and prints configurations of experiments: ours, and the published ones, which are read as they are.',
    )
    // Subcommands take these over as they are made.
    .configureOutput({ writeErr: () => undefined })
    .exitOverride();
  withExperimentOptions(command.command('check'))
    .description('Says whether configuration files are right, and every fault with its file, line and cure')
    .argument('<file...>', 'configurations, ours or published ones')
    .action(check);
  withExperimentOptions(command.command('show'))
    .description('Prints a configuration with everything it extends, every default, and every change')
    .argument('<file>', 'a configuration, ours or a published one')
    .action(show);
  command
    .command('template')
    .description('Prints every setting of a stage with its meaning, range and default')
    .addArgument(new Argument('<stage>', 'of which experiments').choices(['stage-1', 'stage-2']))
    .action((stage: TemplateName) => void process.stdout.write(experimentTemplate(stage)));
  return command;
}
