/**
 * What an experiment's run is bound to, and back: `run.json` holds the experiment as its file says it, with `${NAME}` in
 * its paths, and the folders that the names stood for. The backend is left out: a run may go on with another one.
 */
import { either as E } from 'fp-ts';
import * as t from 'io-ts';
import { decode } from '../config/decoding.ts';
import { codecOf, type Experiment } from '../config/schema/experiment.ts';
import { withRoots, type Roots } from '../config/schema/roots.ts';
import { StageTwoCodec, type StageTwoExperiment } from '../config/schema/stage-two.ts';
import { refuse, type DataError } from '../data/data-error.ts';
import { commandLine } from '../system/command-line.ts';
import { firstFault, loadExperimentFile, type ExperimentOptions } from './experiment-file.ts';
import { orExit, ProgramError } from '../system/program.ts';

/** An experiment that is to be run. */
export interface ExperimentToRun<Kind extends Experiment['kind']> {
  /** Roots put in. */
  readonly experiment: Extract<Experiment, { readonly kind: Kind }>;
  /** What its run is bound to; JSON data. */
  readonly settings: Readonly<Record<string, unknown>>;
}

const PROGRAMS = { 'stage-1': 'stage1', 'stage-2': 'stage2' } as const;

/**
 * The experiment of a configuration file.
 *
 * @param file Its path.
 * @param kind What it must be.
 * @param options Overrides, roots, results of stage 1.
 * @throws ProgramError (exit code 2): what is wrong with the file, or that it is an experiment of the other stage.
 * @example
 * ```ts
 * import { experimentToRun } from 'model-patching/node';
 * const file = 'examples/configs/stage-2/mnist-correlation/erm.yaml';
 * const { experiment, settings } = await experimentToRun(file, 'stage-2', { roots: { DATA: '/data' } });
 * if (experiment.data.root !== '/data/mnist') throw new Error('the folder in place of its name expected');
 * if (JSON.stringify(settings['roots']) !== '{"DATA":"/data"}') throw new Error('the root that was given expected');
 * ```
 */
export async function experimentToRun<Kind extends Experiment['kind']>(
  file: string,
  kind: Kind,
  options: ExperimentOptions,
): Promise<ExperimentToRun<Kind>> {
  const oneFault = E.mapLeft((faults: readonly DataError[]) => firstFault(faults, file));
  const loaded = orExit(oneFault(await loadExperimentFile(file, options)));
  const given: Roots = { ...process.env, ...options.roots };
  const experiment = orExit(oneFault(loaded.resolve(given)));
  if (experiment.kind !== kind)
    throw new ProgramError(
      `${file}: expected a ${kind} experiment, found ${experiment.kind}; ${commandLine(PROGRAMS[experiment.kind], `--config ${file}`)} runs it`,
      2,
    );
  const roots = Object.fromEntries(loaded.roots.map((name) => [name, given[name]]));
  return {
    experiment: experiment as ExperimentToRun<Kind>['experiment'],
    settings: { ...loaded.experiment, backend: undefined, roots },
  };
}

const RootsCodec = t.record(t.string, t.string);

/**
 * The stage-2 experiment that a run was begun with.
 *
 * @param settings From its `run.json`.
 * @param where What to call that file in an error.
 * @param roots Folders that stand in place of those that it was begun with.
 * @returns Roots put in; or what else the file holds.
 */
export function experimentOfRun(
  settings: unknown,
  where: string,
  roots: Roots = {},
): E.Either<DataError, StageTwoExperiment> {
  const wrong: E.Either<DataError, never> = refuse(
    where,
    'a run of a stage-2 experiment',
    t.UnknownRecord.is(settings) && typeof settings['kind'] === 'string'
      ? `one of ${settings['kind']}`
      : 'another run',
    `give the folder that ${commandLine('stage2')} wrote`,
  );
  if (!t.UnknownRecord.is(settings) || settings['kind'] !== 'stage-2') return wrong;
  const { roots: used, ...bound } = settings;
  if (!RootsCodec.is(used)) return wrong;
  const decoded = decode(StageTwoCodec, bound, where);
  const resolved = E.Monad.chain(decoded, (experiment) =>
    withRoots(codecOf(experiment), experiment as Experiment, { ...used, ...roots }, () => where),
  );
  return E.bimap(
    ([first]: readonly DataError[]) => first!,
    (experiment: Experiment) => experiment as StageTwoExperiment,
  )(resolved);
}
