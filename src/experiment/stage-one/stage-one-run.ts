/** A finished stage-1 run, as those that translate with it need it. */
import { join } from 'node:path';
import { either as E } from 'fp-ts';
import * as t from 'io-ts';
import { decode } from '../../config/decoding.ts';
import type { RunFile } from '../../config/run-files.ts';
import { codecOf, type Experiment } from '../../config/schema/experiment.ts';
import { withRoots } from '../../config/schema/roots.ts';
import { StageOneCodec, type StageOneExperiment } from '../../config/schema/stage-one.ts';
import { refuse, type DataError } from '../../data/data-error.ts';
import { disposeTensors } from '../../tensor-tree.ts';
import { translatingWeights } from '../../training/stage-one.ts';
import { orExit, ProgramError } from '../../system/program.ts';
import { commandLine } from '../../system/command-line.ts';
import { checkpointsIn } from '../../runs/checkpoints.ts';
import { decodedOutcome, readRunFile } from '../../runs/run-file.ts';
import { StageOneOutcomeCodec, type StageOneOutcome } from '../outcomes.ts';
import { cycleganNetworks, cycleganOf } from './cyclegan.ts';
import type { PictureShape } from '../../streams/batch-stream.ts';
import { generatorsOf, type Generators } from './stage-one.ts';

/** What a run folder says of itself. */
export interface StageOneRun {
  readonly folder: string;
  /** Its `run.json`. */
  readonly file: RunFile;
  /** As in its `run.json`. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Roots put in. */
  readonly experiment: StageOneExperiment;
  readonly outcome: StageOneOutcome;
}

const RootsCodec = t.record(t.string, t.string);

/** Reads the run file of a finished stage-1 run. */
export async function readStageOneRun(folder: string): Promise<E.Either<DataError, StageOneRun>> {
  const path = join(folder, 'run.json');
  const fault = (found: string, cure: string): E.Either<DataError, never> =>
    refuse(path, 'a finished stage-1 run', found, cure);
  const other = `give the folder that ${commandLine('stage1')} wrote`;
  const read = await readRunFile(path);
  if (E.isLeft(read)) return fault(read.left.found, other);
  const run = read.right;
  if (run === null) return fault('no such file', other);
  const { settings } = run;
  if (!t.UnknownRecord.is(settings) || typeof settings['kind'] !== 'string')
    return fault('another file', other);
  if (settings['kind'] !== 'stage-1') return fault(`one of ${settings['kind']}`, other);
  const { roots = {}, ...bound } = settings;
  const decoded = decode(StageOneCodec, bound, path);
  if (E.isLeft(decoded)) return E.left(decoded.left[0]!);
  const outcome = decodedOutcome(run, StageOneOutcomeCodec, path);
  if (E.isLeft(outcome)) return outcome;
  if (outcome.right === undefined)
    return fault(
      'one that has not come to its end',
      `run ${commandLine('stage1')} on it again, until it is done`,
    );
  const rooted = withRoots(
    codecOf(decoded.right),
    decoded.right as Experiment,
    RootsCodec.is(roots) ? roots : {},
    () => path,
  );
  if (E.isLeft(rooted)) return E.left(rooted.left[0]!);
  const experiment = rooted.right as StageOneExperiment;
  return E.right({ folder, file: run, settings, experiment, outcome: outcome.right });
}

/** The number of steps of a checkpoint that is asked for by name or by epochs. */
export function checkpointStep({ outcome }: StageOneRun, checkpoint: 'best' | 'last' | number): number {
  if (checkpoint === 'best') return outcome.bestStep;
  return checkpoint === 'last' ? outcome.steps : checkpoint * outcome.stepsPerEpoch;
}

/**
 * Uses the generators of a checkpoint.
 *
 * @param run That is done.
 * @param step Of the checkpoint.
 * @param shape Of the images.
 * @param use Handed the generators, which are disposed afterwards.
 * @throws ProgramError (exit code 2) if the checkpoint is not there, or of other networks.
 */
export async function withGenerators<A>(
  { folder, experiment }: StageOneRun,
  step: number,
  shape: PictureShape,
  use: (generators: Generators) => Promise<A>,
): Promise<A> {
  // Read only: a run that is done needs no lock, and others may read it at the same time.
  const checkpoints = checkpointsIn(join(folder, 'checkpoints'), join(folder, 'best.json'), null);
  const networks = cycleganNetworks(experiment, shape);
  try {
    const { initial } = cycleganOf(experiment, networks, shape);
    const found = await checkpoints.at(step, initial).finally(() => disposeTensors(initial));
    const checkpoint = orExit(found);
    if (checkpoint === null) {
      throw new ProgramError(
        `${folder}: expected a checkpoint after ${step} steps, found none; ask for another one, or train with checkpoints.keep: null`,
        2,
      );
    }
    try {
      return await use(generatorsOf(networks, experiment, translatingWeights(checkpoint.state)));
    } finally {
      disposeTensors(checkpoint.state);
    }
  } finally {
    networks.dispose();
  }
}
