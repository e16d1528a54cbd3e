/** What a report is made of. */
import type { ExperimentResults } from './results.ts';

/** PNG files of one image on its way. */
export interface GalleryExample {
  readonly real: Uint8Array;
  readonly translated: Uint8Array;
  /** The translation translated back. */
  readonly back?: Uint8Array;
}

/** One measurement of stage 1's generators during training; shares are in [0, 1]. */
export interface StageOnePoint {
  readonly step: number;
  /** Strict flip rates. */
  readonly flipRateToTarget: number;
  readonly flipRateToSource: number;
  /** The gate's score. */
  readonly score: number;
  readonly cycleLoss: number;
  readonly labelPreservationToTarget?: number;
  readonly labelPreservationToSource?: number;
}

/** How a classifier's training went. Lists over groups are in the order of their names; null is a group without examples. */
export interface MethodCurves {
  readonly groupNames: readonly string[];
  /** The groups of `training`, where some of `groupNames` are not trained on. Default: all of them. */
  readonly trainedGroupNames?: readonly string[];
  readonly training: readonly {
    readonly step: number;
    readonly loss: number;
    readonly groupLosses: readonly (number | null)[];
    /** The adversary's weights, where there is an adversary. */
    readonly adversary?: readonly number[];
  }[];
  readonly validation: readonly {
    readonly step: number;
    readonly groupAccuracies: readonly (number | null)[];
  }[];
}

/** The argument of `renderReport`. */
export interface ReportInput {
  readonly title: string;
  readonly subtitle?: string;
  readonly settings: Readonly<Record<string, string | number | boolean | null>>;
  /** Versions of what the run depended on. */
  readonly environment: Readonly<Record<string, string | number>>;
  readonly backend: { readonly name: string; readonly device: string };
  readonly seed: number;
  readonly seconds: number;
  readonly results: ExperimentResults;
  readonly gallery: {
    /** Source images translated to the target. */
    readonly toTarget: readonly GalleryExample[];
    readonly toSource: readonly GalleryExample[];
  };
  /** What a reader calls the two domains, e.g. `clean` and `zigzag`. */
  readonly sourceName: string;
  readonly targetName: string;
  /** What a reader calls the groups, e.g. `{ '(Y=0)(Z=1)': 'even, zigzag' }`; a group without a label goes by its name. */
  readonly groupLabels?: Readonly<Record<string, string>>;
  readonly stage1Curve: readonly StageOnePoint[];
  /** The step of the checkpoint that translated the images. */
  readonly stage1BestStep?: number | null;
  /** Keyed by method: `erm`, `gdro`, `camel`. */
  readonly methodCurves: Readonly<Record<string, MethodCurves>>;
}
