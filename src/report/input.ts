/** What a report is made of: plain data, as the folder of a study or of a single run holds it. */
import type { Json } from '../config/json.ts';
import type { SeedResults } from '../config/study-results.ts';

/** A value in both directions of translation. */
export interface Directional {
  readonly toSource: number;
  readonly toTarget: number;
}

/** A method with its settings. */
export interface ReportedMethod {
  readonly name: string;
  /** E.g. `erm`. */
  readonly kind: string;
  readonly settings: Json;
}

/** An experiment of stage 1 with what a reader calls its two domains, e.g. `clean` and `zigzag`. */
export interface ReportedStageOne {
  readonly name: string;
  /** The classes that it translates, in words. */
  readonly classes: string;
  readonly source: string;
  readonly target: string;
  readonly settings: Json;
}

/** Originals, translations and translations back of both domains, six rows of one picture. */
export interface Gallery {
  /** After so many steps. */
  readonly step: number;
  /** A PNG file in base64. */
  readonly png: string;
  /** In pixels. */
  readonly width: number;
}

/** One measurement of the generators during training; null is what was not measured. */
export interface TranslationPoint {
  readonly step: number;
  readonly flipRate: Directional | null;
  /** The gate's score. */
  readonly score: number | null;
  readonly cycleLoss: number | null;
}

/** How the training of generators went. */
export interface TranslationRun {
  readonly seed: number;
  /** Of its experiment. */
  readonly name: string;
  /** The checkpoint that translates; null while there is none. */
  readonly bestStep: number | null;
  readonly curve: readonly TranslationPoint[];
  /** The first is of the checkpoint that translates, or the nearest to it. */
  readonly galleries: readonly Gallery[];
}

/** How the training of a classifier went. Lists over groups follow their names; null is a group without examples. */
export interface TrainingRun {
  readonly seed: number;
  readonly method: string;
  /** The groups that are evaluated. */
  readonly groupNames: readonly string[];
  /** The groups of the objective, translations among them where they are trained on. */
  readonly trainedGroupNames: readonly string[];
  readonly training: readonly {
    readonly step: number;
    readonly loss: number | null;
    readonly groupLosses: readonly (number | null)[];
    /** The adversary's weights, where there is an adversary. */
    readonly adversary?: readonly number[];
  }[];
  readonly validation: readonly {
    readonly step: number;
    readonly groupAccuracies: readonly (number | null)[];
  }[];
}

/** How the training of a run went, in sentences: which checkpoint is used, and what ended or interrupted it. */
export interface ReportedCourse {
  readonly seed: number;
  readonly name: string;
  readonly sentences: readonly string[];
}

/** The argument of `renderReport`. */
export interface ReportInput {
  readonly name: string;
  /** What the data are, in a few words. */
  readonly data: string;
  readonly backend: { readonly name: string; readonly device: string };
  /** Versions and machine. */
  readonly environment: Readonly<Record<string, string | number>>;
  readonly seconds: number;
  /** What a reader should know before the numbers, e.g. images that were skipped. */
  readonly notices: readonly string[];
  /** What a reader calls the groups, by their names in the results; a group without a label goes by its name. */
  readonly groupLabels: Readonly<Record<string, string>>;
  readonly stageOne: readonly ReportedStageOne[];
  /** In the order in which they are shown. */
  readonly methods: readonly ReportedMethod[];
  /** Runs that are not in it have not been done. */
  readonly seeds: readonly SeedResults[];
  readonly translationRuns: readonly TranslationRun[];
  readonly trainingRuns: readonly TrainingRun[];
  /** Of the runs that have come to their end. */
  readonly courses: readonly ReportedCourse[];
}
