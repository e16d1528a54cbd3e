/** The runs of a study: which there are for a seed, where they lie, and what each needs of the others. */
import { join } from 'node:path';
import { either as E } from 'fp-ts';
import { codecOf, type Experiment } from '../../config/schema/experiment.ts';
import { rootsOf, withRoots, type Roots } from '../../config/schema/roots.ts';
import type { StageOneExperiment } from '../../config/schema/stage-one.ts';
import type { StageTwoExperiment } from '../../config/schema/stage-two.ts';
import type { Study } from '../../config/schema/study.ts';
import { withSeed } from '../../config/schema/with-settings.ts';
import type { DataError } from '../../data/data-error.ts';
import { orExit } from '../../system/program.ts';
import type { ExperimentToRun } from '../run-settings.ts';

/** A run of a study. */
export interface StudyRun<Kind extends Experiment['kind'] = Experiment['kind']> {
  readonly seed: number;
  readonly name: string;
  /** Its folder. */
  readonly out: string;
  readonly toRun: ExperimentToRun<Kind>;
  /** Names of the experiments of stage 1 whose runs it reads. */
  readonly needs: readonly string[];
}

/** The runs of one seed. */
export interface SeedRuns {
  readonly seed: number;
  readonly stageOne: readonly StudyRun<'stage-1'>[];
  readonly methods: readonly StudyRun<'stage-2'>[];
}

/** Which runs are asked for, and where everything is. */
export interface StudySelection {
  /** The folder of the study. */
  readonly out: string;
  readonly roots: Roots;
  readonly seeds: readonly number[];
  /** Names of methods; null: all, and every experiment of stage 1. */
  readonly methods: readonly string[] | null;
}

/** The root of a study's own runs. */
const OWN_RUNS = /^\$\{RUNS\}\//;

/** The experiments of stage 1 of the study whose runs a method reads. */
export function neededStageOne(
  { method }: StageTwoExperiment,
  stageOne: readonly StageOneExperiment[],
): readonly string[] {
  if (method.kind !== 'camel') return [];
  const paths = method.translations.sources.flatMap(({ from }) =>
    from.kind === 'run' && OWN_RUNS.test(from.path) ? [from.path.replace(OWN_RUNS, '')] : [],
  );
  return stageOne.map(({ name }) => name).filter((name) => paths.includes(name));
}

/** An experiment of a seed with its roots put in, and the settings that bind its run. */
function experimentToRunOf<Kind extends Experiment['kind']>(
  experiment: Extract<Experiment, { readonly kind: Kind }>,
  seed: number,
  roots: Roots,
  file: string,
): E.Either<DataError, ExperimentToRun<Kind>> {
  const toRun = E.Monad.chain(withSeed<Experiment>(experiment, seed), (seeded) => {
    const codec = codecOf(seeded);
    const used = Object.fromEntries(rootsOf(codec, seeded).map((name) => [name, roots[name]]));
    return E.Functor.map(
      withRoots(codec, seeded, roots, () => `${file}: ${experiment.name}`),
      (rooted) => ({
        experiment: rooted as Extract<Experiment, { readonly kind: Kind }>,
        settings: { ...seeded, backend: undefined, roots: used },
      }),
    );
  });
  return E.mapLeft(([first]: readonly DataError[]) => first!)(toRun);
}

/**
 * The runs of a study.
 *
 * @param study Decoded.
 * @param selection Seeds, methods and folders.
 * @param file What to call the study in an error.
 * @throws ProgramError (exit code 2): a root that is not given, a method that there is not.
 */
export function studyRuns(study: Study, selection: StudySelection, file: string): readonly SeedRuns[] {
  const { out, seeds, methods } = selection;
  const chosen = study.methods.filter(({ name }) => methods === null || methods.includes(name));
  const needed = new Set(chosen.flatMap((method) => neededStageOne(method, study.stageOne)));
  const first = study.stageOne.filter(({ name }) => methods === null || needed.has(name));
  return seeds.map((seed) => {
    const folder = join(out, `seed-${seed}`);
    const roots = { ...selection.roots, RUNS: folder };
    const run = <Kind extends Experiment['kind']>(
      experiment: Extract<Experiment, { readonly kind: Kind }>,
      needs: readonly string[],
    ): StudyRun<Kind> => ({
      seed,
      name: experiment.name,
      out: join(folder, experiment.name),
      toRun: orExit(experimentToRunOf<Kind>(experiment, seed, roots, file)),
      needs,
    });
    return {
      seed,
      stageOne: first.map((experiment) => run<'stage-1'>(experiment, [])),
      methods: chosen.map((experiment) =>
        run<'stage-2'>(experiment, neededStageOne(experiment, study.stageOne)),
      ),
    };
  });
}
