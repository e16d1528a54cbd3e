/**
 * The translations that CAMEL trains on, as lists of images that are aligned with those of the data set: what stage 2
 * asks of whatever makes or finds them.
 */
import type { StageTwoExperiment } from '../../config/schema/stage-two.ts';
import type { SplitName } from '../../data/dataset.ts';
import type { LoadPixels } from '../../streams/batch-stream.ts';
import type { ExperimentContext } from '../context.ts';
import type { ExperimentImages, ImageReference, TranslationLists } from '../images/experiment-images.ts';
import type { TranslationContents } from './translation-contents.ts';

/** Published names of the two translations of an image, in their order. */
export const TRANSLATION_VARIANTS = ['A-F', 'A-G'] as const;

/** Where translations of some classes come from. */
export type Source = Extract<
  StageTwoExperiment['method'],
  { readonly kind: 'camel' }
>['translations']['sources'][number];

/** The translations of an experiment, opened; close them when the work is done. */
export interface Translations {
  /** Of training images always; of the others where `translations.evaluationSplits` asks for them. */
  readonly splits: { readonly train: TranslationLists } & {
    readonly [split in Exclude<SplitName, 'train'>]?: TranslationLists;
  };
  /** What their record folders hold, where they are on the disk; a run of stage 2 is bound to it. */
  readonly contents?: TranslationContents;
  /** Digests of the settings and checkpoints of the stage-1 runs that made them, by the same record folders. */
  readonly madeBy?: TranslationContents;
  /** The pixels of a translation, in the shape of the data set's images. */
  readonly load: LoadPixels<ImageReference>;
  /** Ends what loads them. */
  close(): Promise<void>;
}

/**
 * Makes the translations that are not there yet, or finds them.
 *
 * @param experiment Of the method `camel`, roots put in.
 * @param images The data of the experiment, opened.
 * @param context Output, and whether a stop was asked for.
 * @returns Aligned with the images; close them when the work is done.
 * @throws ProgramError: what is wrong with a source of translations (exit code 2), a stop asked for (75).
 */
export type ObtainTranslations = (
  experiment: StageTwoExperiment,
  images: ExperimentImages,
  context: ExperimentContext,
) => Promise<Translations>;
