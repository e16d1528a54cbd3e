/** Options that every program has which reads a configuration: `--set`, `--root`, `--stage1`. */
import { either as E } from 'fp-ts';
import { Option, type Command } from 'commander';
import { refuse, type DataError } from '../data/data-error.ts';
import { stageOneResults, type ExperimentOptions } from '../experiment/experiment-file.ts';
import { collect } from './option-values.ts';

/** What commander hands over of these options. */
export interface ExperimentFlags {
  readonly set?: readonly string[];
  readonly root?: readonly string[];
  readonly stage1?: readonly string[];
}

/** `--root`. */
export const rootOption = (what: string): Option =>
  new Option('--root <name=folder>', `${what}, e.g. DATA=/data; may be repeated`).argParser(collect);

/** `--stage1`. */
export const stageOneOption = (value: string, what: string): Option =>
  new Option(`--stage1 <${value}>`, `${what}; may be repeated`).argParser(collect);

const publishedResults = (): Option =>
  stageOneOption(
    'id=path',
    'the stage-1 run, or folder of translated images, that a published configuration names by an id, e.g. 5f2gmy7w=runs/birds-0',
  );

/**
 * Adds the options to a command.
 *
 * @param command Changed and returned.
 * @param stageOne `--stage1`; null leaves it out. Default: the results that a published configuration names.
 */
export function withExperimentOptions(
  command: Command,
  stageOne: Option | null = publishedResults(),
): Command {
  command
    .addOption(
      new Option(
        '--set <setting=value>',
        'change a setting of the configuration, e.g. training.epochs=5; may be repeated',
      ).argParser(collect),
    )
    .addOption(
      rootOption(
        'the folder that ${NAME} stands for in paths of the configuration (else the environment variable of that name)',
      ),
    );
  return stageOne === null ? command : command.addOption(stageOne);
}

/**
 * The options as {@link readExperiment} takes them.
 *
 * @param flags From commander.
 * @returns Overrides, roots and results of stage 1; or which option is not what it should be.
 */
export async function experimentOptions({
  set = [],
  root = [],
  stage1 = [],
}: ExperimentFlags): Promise<E.Either<DataError, ExperimentOptions>> {
  const roots: Record<string, string> = {};
  for (const option of root) {
    const [, name, folder] = /^([A-Z][A-Z0-9_]*)=(.+)$/s.exec(option) ?? [];
    if (name === undefined || folder === undefined) {
      return refuse(
        `--root ${option}`,
        'NAME=folder, the name in capitals',
        `"${option}"`,
        'give e.g. --root DATA=/data',
      );
    }
    roots[name] = folder;
  }
  return E.Functor.map(await stageOneResults(stage1), (results) => ({
    overrides: set,
    roots,
    stage1: results,
  }));
}
