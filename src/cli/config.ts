/** The command `config`: what a configuration file says, before anything is run. */
import { availableParallelism } from 'node:os';
import { either as E } from 'fp-ts';
import { Argument, Command } from 'commander';
import { codecOf, type Experiment } from '../config/schema/experiment.ts';
import { isStudy } from '../config/schema/load-study.ts';
import { printExperiment, printStudy } from '../config/schema/print.ts';
import { DataCodec } from '../config/schema/data-settings.ts';
import { rootsOf, withRoots, type Roots } from '../config/schema/roots.ts';
import type { Study } from '../config/schema/study.ts';
import { experimentTemplate, type TemplateName } from '../config/schema/template.ts';
import { formatDataError, type DataError } from '../data/data-error.ts';
import { lookAtData } from '../experiment/images/data-faults.ts';
import { openExperimentImages } from '../experiment/images/open-images.ts';
import { skipDamagedOf } from '../experiment/images/skipped-images.ts';
import { surveyData } from '../experiment/images/survey.ts';
import { closing } from '../system/closing.ts';
import {
  configurationReader,
  loadExperimentFile,
  type ExperimentOptions,
} from '../experiment/experiment-file.ts';
import { orExit, ProgramError } from '../system/program.ts';
import { errorLine, warnLine } from '../system/standard-error.ts';
import { readStudy } from '../experiment/study/read-study.ts';
import { experimentOptions, withExperimentOptions, type ExperimentFlags } from './experiment-options.ts';
import { withProgressOptions } from './progress-options.ts';

const say = (text: string): void => void process.stdout.write(`${text}\n`);

/** An experiment in a few words. */
export const describeExperiment = (experiment: Experiment): string =>
  `${describeSettings(experiment)}, seed ${experiment.seed}`;

function describeSettings(experiment: Experiment): string {
  const { kind, data, training } = experiment;
  const what =
    experiment.kind === 'stage-2'
      ? `${experiment.method.kind} with ${experiment.network.kind}`
      : `CycleGAN for ${experiment.translation.classes === 'all' ? 'all classes' : `class ${experiment.translation.classes.join(', ')}`}`;
  return `${kind}, ${what} on ${data.kind}, ${training.steps === null ? `${training.epochs} epochs` : `${training.steps} steps`}, batch ${training.batchSize}`;
}

/** A study in a line, and a line for each of its experiments. */
function describeStudy({ data, seeds, stageOne, methods }: Study): readonly string[] {
  return [
    `study of ${methods.map(({ name }) => name).join(', ')} on ${data.kind}, seeds ${seeds.join(', ')}`,
    ...[...stageOne, ...methods].map((each) => `${each.name}: ${describeSettings(each)}`),
  ];
}

const rootsLine = (roots: readonly string[], given: Roots): string =>
  `roots: ${roots.map((name) => `\${${name}}${given[name] ? '' : ' (not set)'}`).join(', ')}`;

/** Whether settings are missing that every experiment has, and that what it extends may have left to others. */
const isFragment = (faults: readonly DataError[]): boolean =>
  faults.some(
    ({ where, found }) => found === 'nothing' && /: (?:version|kind|data|network|method)$/.test(where),
  );

/** What is wrong with a file. */
interface Wrong {
  readonly lines: readonly string[];
  /** Whether it may be no experiment, but what others extend. */
  readonly isFragment: boolean;
}

/** What there is to say of a file: what is wrong with it, or else what it is. */
type Checked = E.Either<Wrong, readonly string[]>;

const wrong = (lines: readonly string[], fragment = false): E.Either<Wrong, never> =>
  E.left({ lines, isFragment: fragment });

async function checkedExperiment(file: string, options: ExperimentOptions, roots: Roots): Promise<Checked> {
  const loaded = await loadExperimentFile(file, options);
  if (E.isLeft(loaded)) return wrong(loaded.left.map(formatDataError), isFragment(loaded.left));
  const { experiment, roots: used, notices } = loaded.right;
  const data = await lookAtData(experiment, roots);
  if (E.isLeft(data)) return wrong([`${file}: ${data.left}`]);
  const found = data.right === null ? [] : [data.right];
  return E.right([describeExperiment(experiment), rootsLine(used, roots), ...found, ...notices]);
}

async function checkedStudy(file: string, options: ExperimentOptions, roots: Roots): Promise<Checked> {
  const read = await readStudy(file, options.overrides);
  if (E.isLeft(read)) return wrong(read.left.map(formatDataError));
  const study = read.right;
  const experiments: readonly Experiment[] = [...study.stageOne, ...study.methods];
  const looked: string[] = [];
  for (const experiment of experiments) {
    const data = await lookAtData(experiment, roots);
    if (E.isLeft(data)) return wrong([`${file}: ${experiment.name}: ${data.left}`]);
    if (data.right !== null) looked.push(data.right);
  }
  // The runs of a study are below a root of its own.
  const used = experiments.flatMap((each) => rootsOf(codecOf(each), each)).filter((name) => name !== 'RUNS');
  return E.right([...describeStudy(study), rootsLine([...new Set(used)], roots), ...new Set(looked)]);
}

const isStudyFile = (file: string): Promise<boolean> => {
  const { entry, read } = configurationReader(file);
  return isStudy(entry, read);
};

/** Threads that decode the images of a survey: more would take it beyond 1 GB with 200,000 images. */
const MOST_WORKERS = 3;

/**
 * Every image of the data that a file names, read and decoded.
 *
 * @returns What is to be said if more images of a split are damaged than may be.
 */
async function surveyed(file: string, options: ExperimentOptions, roots: Roots): Promise<string | undefined> {
  const data = (await isStudyFile(file))
    ? shown(await readStudy(file, options.overrides)).data
    : shown(await loadExperimentFile(file, options)).experiment.data;
  const rooted = orExit(
    E.mapLeft(([first]: readonly DataError[]) => first!)(withRoots(DataCodec, data, roots, () => file)),
  );
  const workers = Math.min(MOST_WORKERS, availableParallelism() - 1);
  const { lines, damaged } = await closing(await openExperimentImages(rooted, { workers }), (images) =>
    surveyData(data, images),
  );
  lines.forEach((line) => say(`  ${line}`));
  const most = Math.max(...Object.values(damaged));
  if (most <= skipDamagedOf({ data: rooted })) return undefined;
  const count = Object.values(damaged).reduce((sum, each) => sum + each, 0);
  return `${count} damaged ${count === 1 ? 'image; restore it' : 'images; restore them'}, or set data.skipDamaged to ${most}`;
}

interface CheckFlags extends ExperimentFlags {
  readonly data?: boolean;
}

async function check(files: readonly string[], flags: CheckFlags): Promise<void> {
  const options = orExit(await experimentOptions(flags));
  const roots: Roots = { ...process.env, ...options.roots };
  let [faults, broken] = [0, 0];
  const damages: string[] = [];
  const fragments: string[] = [];
  for (const file of files) {
    const checked = await ((await isStudyFile(file)) ? checkedStudy : checkedExperiment)(
      file,
      options,
      roots,
    );
    if (E.isLeft(checked)) {
      broken += 1;
      faults += checked.left.lines.length;
      checked.left.lines.forEach((line) => errorLine(line));
      if (checked.left.isFragment) fragments.push(file);
      continue;
    }
    const [first, ...others] = checked.right;
    say(`${file}: right: ${first!}`);
    others.forEach((line) => say(`  ${line}`));
    const damage = flags.data === true ? await surveyed(file, options, roots) : undefined;
    if (damage !== undefined) damages.push(`${file}: ${damage}`);
  }
  if (fragments.length > 0)
    warnLine(
      `hint: ${fragments.join(', ')}: perhaps no experiment but what others extend; if so, check those that extend it`,
    );
  if (faults > 0)
    throw new ProgramError(
      `${faults} ${faults === 1 ? 'fault' : 'faults'} in ${broken} of ${files.length} files`,
      2,
    );
  if (damages.length > 0) throw new ProgramError(damages.join('; '), 2);
}

function shown<A>(loaded: E.Either<readonly DataError[], A>): A {
  if (E.isRight(loaded)) return loaded.right;
  const lines = loaded.left.map(formatDataError);
  lines.slice(0, -1).forEach((line) => errorLine(line));
  throw new ProgramError(lines.at(-1)!, 2);
}

async function show(file: string, flags: ExperimentFlags): Promise<void> {
  const options = orExit(await experimentOptions(flags));
  if (await isStudyFile(file)) {
    process.stdout.write(printStudy(shown(await readStudy(file, options.overrides))));
    return;
  }
  const { experiment, notices } = shown(await loadExperimentFile(file, options));
  process.stdout.write(printExperiment(experiment, notices));
}

/**
 * The command `config`, with `check`, `show` and `template`.
 *
 * @returns To be added to a program.
 */
export function configCommand(): Command {
  const command = new Command('config')
    .description(
      'Checks and prints configurations of experiments: ours, and the published ones, which are read as they are.',
    )
    // Subcommands take these over as they are made.
    .configureOutput({ writeErr: () => undefined })
    .exitOverride();
  withProgressOptions(withExperimentOptions(command.command('check')))
    .description('Says whether configuration files are right, and every fault with its file, line and cure')
    .argument('<file...>', 'configurations, ours or published ones')
    .option(
      '--data',
      'also read the data from end to end: groups, formats, sizes, damaged and doubled images, leaks',
    )
    .action(check);
  withExperimentOptions(command.command('show'))
    .description('Prints a configuration with everything it extends, every default, and every change')
    .argument('<file>', 'a configuration, ours or a published one')
    .action(show);
  command
    .command('template')
    .description('Prints every setting of a stage or a study with its meaning, range and default')
    .addArgument(new Argument('<kind>', 'of which files').choices(['stage-1', 'stage-2', 'study']))
    .action((kind: TemplateName) => void process.stdout.write(experimentTemplate(kind)));
  return command;
}
