/** The results of one experiment, as `results.json` holds them. Plain JSON; shares are in [0, 1]. */
import type { DirectionalShare } from '../../gan/quality-gate.ts';
import type { GroupReport } from '../../metrics/group-report.ts';

/** How well stage 1's generators translate, on real images that they were not trained on. */
export interface StageOneResults {
  /** Share of translations that the strict domain classifier gives to the domain aimed at. */
  readonly flipRate: DirectionalShare;
  /** Share of translations whose class the label classifier still finds. */
  readonly labelPreservation: DirectionalShare;
  /** Fréchet distance of the strict domain classifier's features to those of real images of the domain aimed at. */
  readonly frechetDistance?: DirectionalShare;
  /** Mean |original − there and back| over both directions, in units of [0, 1]. */
  readonly cycleError: number;
  /** The lower of the gate classifiers' own accuracies on held-out real images. */
  readonly gateClassifierAccuracy: number;
}

/** A classifier's report on the test split, and what its training took. */
export interface MethodResults extends GroupReport {
  /** Optimizer steps. */
  readonly steps: number;
  /** Duration of its training and evaluation. */
  readonly seconds: number;
}

/** The methods that the main job compares, the baseline first. */
export type MethodName = 'erm' | 'gdro' | 'camel';

/** Everything that the main job, or one run of stage 2, found. */
export interface ExperimentResults {
  /** Of the main job. */
  readonly preset?: string;
  /** Of an experiment of stage 2. */
  readonly name?: string;
  /** Name of the tfjs backend. */
  readonly backend: string;
  readonly seed: number;
  /** Duration of the whole experiment. */
  readonly seconds: number;
  /** Null when the translations were given and not learnt. */
  readonly stage1: StageOneResults | null;
  /** Only the methods that were run. */
  readonly methods: { readonly [method in MethodName]?: MethodResults };
}
