/** The command `study`: one data set, any number of methods and seeds, from one file. */
import { join } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { either as E } from 'fp-ts';
import type { Roots } from '../config/schema/roots.ts';
import type { Study } from '../config/schema/study.ts';
import type { StudyResults } from '../config/study-results.ts';
import { formatDataError } from '../data/data-error.ts';
import { commandLine, helpEnd } from '../system/command-line.ts';
import { closing } from '../system/closing.ts';
import { expectedFailure, orExit, ProgramError } from '../system/program.ts';
import { sharedImages } from '../experiment/images/shared-images.ts';
import { collectResults, failuresIn, studyResults } from '../experiment/study/collect-results.ts';
import { outcomeReader } from '../experiment/outcomes.ts';
import { planLines, planStudy, runRefusals } from '../experiment/study/plan-study.ts';
import { readStudy } from '../experiment/study/read-study.ts';
import { readResults, runStudy } from '../experiment/study/run-study.ts';
import { studyRuns, type StudySelection } from '../experiment/study/study-experiments.ts';
import { readStudyFile } from '../experiment/study/study-file.ts';
import { writeStudyReport } from '../experiment/study/study-report.ts';
import { studyTable } from '../experiment/study/study-table.ts';
import { onBackend } from './experiment-context.ts';
import { experimentOptions, rootOption } from './experiment-options.ts';
import { backendOption, collect, folderName, onNanOption } from './option-values.ts';
import { addCurve } from './study-curve.ts';

/** What commander hands over. */
export interface StudyFlags {
  readonly out?: string;
  readonly backend?: string;
  readonly seed?: number;
  readonly seeds?: readonly number[];
  readonly methods?: readonly string[];
  readonly set?: readonly string[];
  readonly root?: readonly string[];
  readonly onNan?: 'stop' | 'rollback';
}

function seedNumber(value: string): number {
  if (!/^-?\d{1,15}$/.test(value.trim()))
    throw new InvalidArgumentError(`expected an integer, found '${value}'`);
  return Number(value);
}

function distinct<A>(values: readonly A[]): readonly A[] {
  const twice = values.find((value, i) => values.indexOf(value) !== i);
  if (twice !== undefined) throw new InvalidArgumentError(`expected each once, found '${twice}' twice`);
  return values;
}

const seedList = (value: string): readonly number[] => distinct(value.split(',').map(seedNumber));

function nameList(value: string): readonly string[] {
  const names = value.split(',').map((name) => name.trim());
  if (names.includes(''))
    throw new InvalidArgumentError(`expected names with commas between, found '${value}'`);
  return distinct(names);
}

/** What a study's exit codes mean. */
export const STUDY_CODES =
  '0 all done, 1 a run failed (the others went on), 2 bad input, 75 stopped (the same command goes on)';

/** A study with what the command line says of it. */
interface AskedStudy {
  readonly study: Study;
  readonly file: string;
  readonly selection: StudySelection;
}

async function askedStudy(file: string, flags: StudyFlags, folder?: string): Promise<AskedStudy> {
  if (flags.seed !== undefined && flags.seeds !== undefined)
    throw new ProgramError('--seed and --seeds: expected one of them, found both; leave one out', 2);
  const read = await readStudy(file, flags.set ?? [], folder);
  if (E.isLeft(read)) {
    const lines = read.left.map(formatDataError);
    lines.slice(0, -1).forEach((line) => process.stderr.write(`${line}\n`));
    throw new ProgramError(lines.at(-1)!, 2);
  }
  const study = read.right;
  const names = study.methods.map(({ name }) => name);
  const unknown = flags.methods?.find((name) => !names.includes(name));
  if (unknown !== undefined)
    throw new ProgramError(
      `--methods ${unknown}: expected methods of ${file}: ${names.join(', ')}, found none of this name; correct it`,
      2,
    );
  const { roots } = orExit(await experimentOptions({ root: flags.root ?? [] }));
  const given: Roots = { ...process.env, ...roots };
  const seeds = flags.seeds ?? (flags.seed === undefined ? study.seeds : [flags.seed]);
  return {
    study,
    file,
    selection: {
      out: flags.out ?? join('experiments', study.name),
      roots: given,
      seeds,
      methods: flags.methods ?? null,
    },
  };
}

const print = (lines: readonly string[]): void => void process.stdout.write(`${lines.join('\n')}\n`);

/** Why runs have failed, as the results in the folder of a study say. */
async function knownFailures(out: string): Promise<ReadonlyMap<string, string>> {
  const written = await readResults(out);
  return E.isRight(written) ? failuresIn(written.right.seeds) : new Map<string, string>();
}

async function plan(file: string, flags: StudyFlags): Promise<void> {
  const { study, selection } = await askedStudy(file, flags);
  const { out } = selection;
  const runs = studyRuns(study, selection, file);
  const there = orExit(await readStudyFile(out));
  const results = there === null ? [] : await collectResults(out, there, await knownFailures(out));
  await closing(sharedImages(), async ({ open }) => {
    const refusals = await runRefusals(study, runs, there, out, open);
    print([
      `${study.name} in ${out}`,
      ...planLines(await planStudy(runs, results, open)),
      ...refusals.map((line) => `run would refuse this: ${line}`),
    ]);
  });
}

/** The report once more, from what the folder holds. */
async function report(file: string, flags: StudyFlags): Promise<void> {
  const { out } = (await askedStudy(file, flags)).selection;
  const there = orExit(await readStudyFile(out));
  if (there === null)
    throw new ProgramError(`${out}: expected the folder of a study, found none; run the study first`, 2);
  const outcomeOf = outcomeReader();
  const results = await studyResults(out, there, await knownFailures(out), outcomeOf);
  print([await writeStudyReport(out, there, results, outcomeOf)]);
}

const failedRuns = ({ seeds }: StudyResults): readonly string[] => [...failuresIn(seeds).keys()];

/**
 * Runs a study and prints its table.
 *
 * @param file Its path.
 * @param flags From commander.
 * @param folder That the file and what it extends lie in; default: the working folder.
 * @throws ProgramError: bad input (exit code 2), a run that failed (1), a stop asked for (75).
 */
export async function runStudyFile(file: string, flags: StudyFlags, folder?: string): Promise<void> {
  const { study, selection } = await askedStudy(file, flags, folder);
  const { onNan } = flags;
  const results = await onBackend(
    flags.backend ?? study.backend,
    (backend, context) => runStudy(study, { ...selection, file, backend }, context),
    { ...(onNan && { onNan }) },
  );
  print([studyTable(results), '', `${selection.out}/report.html`]);
  const failed = failedRuns(results);
  if (failed.length > 0)
    throw new ProgramError(
      `${failed.length} of the runs failed: ${failed.join(', ')}; the same command tries only these again`,
      1,
    );
}

/** Adds the options that say which runs are meant, and where they are. */
export const withStudyOptions = (command: Command): Command =>
  command
    .option('--out <folder>', 'of the study, new or to go on with (default: experiments/<name>)', folderName)
    .addOption(new Option('--seed <integer>', 'in place of the seeds of the file').argParser(seedNumber))
    .addOption(
      new Option('--seeds <list>', 'in place of the seeds of the file, e.g. 1,2,3').argParser(seedList),
    )
    .addOption(
      new Option('--methods <list>', 'some of the methods, and what they need of stage 1').argParser(
        nameList,
      ),
    )
    .addOption(
      new Option(
        '--set <setting=value>',
        'change a setting, e.g. stage-2.training.steps=50 or stage-1.0.training.steps=9; may be repeated',
      ).argParser(collect),
    )
    .addOption(rootOption('the folder that ${NAME} stands for in paths of the study'));

const subcommand = (command: Command, name: string, description: string): Command =>
  withStudyOptions(command.command(name).description(description).argument('<file>', 'the study'));

/**
 * The command `study`, with `run`, `plan`, `report`, `curve` and `status`.
 *
 * @returns To be added to a program.
 */
export function studyCommand(): Command {
  const command = new Command('study')
    .description(
      'Runs a study: one data set, CycleGANs, any number of methods and seeds, and their comparison.',
    )
    .addHelpText(
      'after',
      helpEnd(
        STUDY_CODES,
        commandLine('study', 'run examples/studies/mnist-correlation/quick.yaml --seeds 1,2,3'),
      ),
    )
    // Subcommands take these over as they are made.
    .configureOutput({ writeErr: () => undefined })
    .exitOverride();
  subcommand(command, 'run', 'Runs what is not there yet')
    .addOption(backendOption('what the study says'))
    .addOption(onNanOption())
    .action((file: string, flags: StudyFlags) => runStudyFile(file, flags));
  subcommand(command, 'plan', 'Lists the runs, their steps, and which are done; trains nothing').action(plan);
  subcommand(command, 'report', 'Writes report.html again from what the folder holds; trains nothing').action(
    report,
  );
  addCurve(command);
  subcommand(command, 'status', 'Says how far the runs have come; always ends with exit code 0').action(
    (file: string, flags: StudyFlags) =>
      plan(file, flags).catch((error: unknown) => {
        const expected = expectedFailure(error);
        if (expected === null) throw error;
        print([expected]);
      }),
  );
  return command;
}
