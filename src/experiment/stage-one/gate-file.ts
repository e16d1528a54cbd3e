/**
 * The gate's classifiers in a run's folder: trained once, found again when the run goes on. Until both are trained
 * their states are in a folder of their own, from which a training that was stopped goes on with the same bits.
 */
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { either as E } from 'fp-ts';
import type { DataError } from '../../data/data-error.ts';
import { disposeTensors } from '../../tensor-tree.ts';
import {
  disposeGate,
  trainGate,
  type Gate,
  type GateCheckpoints,
  type TrainGateOptions,
} from '../../training/gate.ts';
import { writeFileAtomically } from '../../system/atomic-file.ts';
import { checkpointsIn } from '../../runs/checkpoints.ts';
import { compileStep } from '../../compile/compile-step.ts';
import { makeFolder } from '../../system/make-folder.ts';
import { orExit } from '../../system/program.ts';
import { startProgress, type Progress } from '../../system/progress.ts';
import { decodeSafetensors, encodeSafetensors, restoreTree } from '../../runs/safetensors.ts';
import { hasCode } from '../../system/text-file.ts';
import { interrupted, pause, type ExperimentContext } from '../context.ts';

type Networks = TrainGateOptions['networks'];

/** How the gate is trained, but for what every run gives alike. */
export type GateTraining = Omit<
  TrainGateOptions,
  'networks' | 'compile' | 'pause' | 'checkpoints' | 'stopRequested' | 'onProgress'
>;

const treeOf = ({ domain, label }: Pick<Gate, 'domain' | 'label'>) => ({
  domain: domain.weights,
  label: label.weights,
});

const pathIn = (folder: string): string => join(folder, 'gate-classifiers.safetensors');

const CHECKPOINT_EVERY = 100;
const LABEL = 'gate classifiers';

/** The states of the classifiers while they are trained, and a progress that begins where they go on. */
async function checkpointsOf(
  folder: string,
  steps: TrainGateOptions['steps'],
  { say }: ExperimentContext,
  onWritten: () => Promise<void>,
): Promise<{ readonly checkpoints: GateCheckpoints; readonly progress: Progress }> {
  const open = async (name: 'domain' | 'label') => {
    const own = join(folder, name);
    await makeFolder(own);
    return checkpointsIn(own, join(own, 'best.json'));
  };
  const kept = { domain: await open('domain'), label: await open('label') };
  const before = { domain: 0, label: steps.domain };
  let progress: Progress | null = null;
  const startAt = (done: number): void => {
    progress?.stop();
    progress = startProgress(LABEL, steps.domain + steps.label, done);
  };
  return {
    checkpoints: {
      every: CHECKPOINT_EVERY,
      newest: async (name, expected) => {
        const found = orExit(
          await kept[name].newest(expected, {
            onDamaged: ({ where, found: what, cure }) => say(`${where}: ${what}; ${cure}`, 'warning'),
          }),
        );
        if (found !== null && found.step < steps[name])
          say(`${LABEL}: ${name} goes on from step ${found.step}`);
        if (found !== null || progress === null) startAt(before[name] + (found?.step ?? 0));
        return found;
      },
      write: async (name, step, state) => {
        await kept[name].write(step, state);
        await onWritten();
      },
    },
    progress: { update: (...at) => progress?.update(...at), stop: () => progress?.stop() },
  };
}

const CURE = 'remove this file, and the same command trains the classifiers again, to the same bits';

/**
 * The gate of a run that has been trained.
 *
 * @param folder Of the run.
 * @param networks Untrained; the caller disposes them.
 * @returns Its weights are the caller's, see `disposeGate`; null if there is none.
 * @throws ProgramError (exit code 2) if the file is damaged.
 */
export async function savedGate(folder: string, networks: Networks): Promise<Gate | null> {
  const path = pathIn(folder);
  const bytes = await readFile(path).catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) return null;
    throw error;
  });
  if (bytes === null) return null;
  const cured = E.mapLeft((fault: DataError): DataError => ({ ...fault, cure: CURE }));
  const file = orExit(cured(decodeSafetensors(bytes, path)));
  const untrained = { domain: networks.domain.weights(), label: networks.label.weights() };
  const restored = restoreTree(file, untrained, path);
  disposeTensors(untrained);
  const weights = orExit(restored);
  return {
    domain: { network: networks.domain, weights: weights.domain },
    label: { network: networks.label, weights: weights.label },
    heldOutAccuracy: {
      domain: Number(file.metadata['domainAccuracy']),
      label: Number(file.metadata['labelAccuracy']),
    },
  };
}

/** A gate that is trained, and kept in the run's folder. */
async function newGate(
  folder: string,
  unfinished: string,
  networks: Networks,
  options: GateTraining,
  context: ExperimentContext,
  onWritten: () => Promise<void>,
): Promise<Gate> {
  const { checkpoints, progress } = await checkpointsOf(unfinished, options.steps, context, onWritten);
  const gate = await trainGate({
    ...options,
    networks,
    compile: compileStep,
    pause,
    checkpoints,
    stopRequested: context.stopRequested,
    onProgress: progress.update,
  }).finally(() => progress.stop());
  if (gate === null) throw interrupted();
  try {
    const { domain, label } = gate.heldOutAccuracy;
    const facts = { domainAccuracy: `${domain}`, labelAccuracy: `${label}` };
    await writeFileAtomically(pathIn(folder), await encodeSafetensors(treeOf(gate), facts));
    return gate;
  } catch (error) {
    disposeGate(gate);
    throw error;
  }
}

/**
 * The gate of a run.
 *
 * @param folder Of the run.
 * @param networks Untrained; the caller disposes them.
 * @param training Asked for only if the classifiers are not trained yet.
 * @param context A stop that is asked for ends the training after a checkpoint.
 * @param onWritten Called after every checkpoint.
 * @returns Its weights are the caller's, see `disposeGate`.
 * @throws ProgramError if a stop was asked for (exit code 75), or a file is damaged (2).
 */
export async function gateOfRun(
  folder: string,
  networks: Networks,
  training: () => Promise<GateTraining>,
  context: ExperimentContext,
  onWritten: () => Promise<void>,
): Promise<Gate> {
  const unfinished = join(folder, 'gate-checkpoints');
  const gate =
    (await savedGate(folder, networks)) ??
    (await newGate(folder, unfinished, networks, await training(), context, onWritten));
  try {
    await rm(unfinished, { recursive: true, force: true });
    return gate;
  } catch (error) {
    disposeGate(gate);
    throw error;
  }
}
