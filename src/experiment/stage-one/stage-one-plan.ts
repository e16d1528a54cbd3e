/** A stage-1 experiment on its data: everything that may not fit, found out before there is a run folder. */
import { stepsOf } from '../../config/schema/durations.ts';
import type { StageOneExperiment } from '../../config/schema/stage-one.ts';
import type { Domain } from '../../training/stage-one.ts';
import { cycleganNetworks, type CycleganNetworks } from './cyclegan.ts';
import { domainsOf, stepsPerEpochOf } from './domains.ts';
import type { ExperimentImages } from '../images/experiment-images.ts';
import { planGate, type GatePlan } from './gate.ts';

/** What will be trained, on which images and for how long; dispose it when the work is done. */
export interface StageOnePlan {
  /** Roots put in. */
  readonly experiment: StageOneExperiment;
  readonly images: ExperimentImages;
  readonly domains: ReturnType<typeof domainsOf>;
  /** Images of the smaller domain. */
  readonly smaller: number;
  /** Steps of a pass over the smaller domain, at least one. */
  readonly stepsPerEpoch: number;
  readonly steps: number;
  readonly networks: CycleganNetworks;
  /** Null without a gate. */
  readonly gate: GatePlan | null;
  dispose(): void;
}

/**
 * Plans stage 1.
 *
 * @param experiment Roots put in.
 * @param images The data of the experiment, opened.
 * @throws ProgramError (exit code 2): a domain without images, networks that do not fit them, too few images for the gate.
 */
export function planStageOne(experiment: StageOneExperiment, images: ExperimentImages): StageOnePlan {
  const { training, gate: gateSettings } = experiment;
  const domains = domainsOf(experiment, images);
  const sizeOf = (domain: Domain): number => domains[domain].length;
  const smaller = Math.min(sizeOf('source'), sizeOf('target'));
  const stepsPerEpoch = stepsPerEpochOf(experiment, domains);
  const gate = gateSettings.kind === 'strict' ? planGate(experiment, gateSettings, images) : null;
  try {
    const networks = cycleganNetworks(experiment, images.shape);
    return {
      experiment,
      images,
      domains,
      smaller,
      stepsPerEpoch,
      steps: stepsOf(training, stepsPerEpoch),
      networks,
      gate,
      dispose: () => {
        networks.dispose();
        gate?.dispose();
      },
    };
  } catch (error) {
    gate?.dispose();
    throw error;
  }
}
