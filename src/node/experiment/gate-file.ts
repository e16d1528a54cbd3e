/** The gate's classifiers in a run's folder: trained once, found again when the run goes on. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { disposeTensors } from '../../tensor-tree.ts';
import type { Gate, TrainGateOptions } from '../../training/gate.ts';
import { trainGate } from '../../training/gate.ts';
import { writeFileAtomically } from '../atomic-file.ts';
import { compileStep } from '../compile/compile-step.ts';
import { orExit } from '../program.ts';
import { startProgress } from '../progress.ts';
import { decodeSafetensors, encodeSafetensors, restoreTree } from '../safetensors.ts';
import { hasCode } from '../text-file.ts';
import { interrupted, pause, type ExperimentContext } from './context.ts';

type Networks = TrainGateOptions['networks'];

/** How the gate is trained, but for what every run gives alike. */
export type GateTraining = Omit<
  TrainGateOptions,
  'networks' | 'compile' | 'pause' | 'stopRequested' | 'onProgress'
>;

const treeOf = ({ domain, label }: Pick<Gate, 'domain' | 'label'>) => ({
  domain: domain.weights,
  label: label.weights,
});

const pathIn = (folder: string): string => join(folder, 'gate-classifiers.safetensors');

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
  const untrained = { domain: networks.domain.weights(), label: networks.label.weights() };
  const file = orExit(decodeSafetensors(bytes, path));
  const weights = orExit(restoreTree(file, untrained, path));
  disposeTensors(untrained);
  return {
    domain: { network: networks.domain, weights: weights.domain },
    label: { network: networks.label, weights: weights.label },
    heldOutAccuracy: {
      domain: Number(file.metadata['domainAccuracy']),
      label: Number(file.metadata['labelAccuracy']),
    },
  };
}

/**
 * The gate of a run.
 *
 * @param folder Of the run.
 * @param networks Untrained; the caller disposes them.
 * @param training Asked for only if the classifiers have not been trained before.
 * @param context A stop that is asked for ends the training.
 * @returns Its weights are the caller's, see `disposeGate`.
 * @throws ProgramError if a stop was asked for (exit code 75), or the file is damaged (2).
 */
export async function gateOfRun(
  folder: string,
  networks: Networks,
  training: () => Promise<GateTraining>,
  context: ExperimentContext,
): Promise<Gate> {
  const saved = await savedGate(folder, networks);
  if (saved !== null) return saved;
  const options = await training();
  const progress = startProgress('gate classifiers', options.steps.domain + options.steps.label);
  const gate = await trainGate({
    ...options,
    networks,
    compile: compileStep,
    pause,
    stopRequested: context.stopRequested,
    onProgress: progress.update,
  }).finally(() => progress.stop());
  if (gate === null) throw interrupted();
  const { domain, label } = gate.heldOutAccuracy;
  const facts = { domainAccuracy: `${domain}`, labelAccuracy: `${label}` };
  await writeFileAtomically(pathIn(folder), await encodeSafetensors(treeOf(gate), facts));
  return gate;
}
