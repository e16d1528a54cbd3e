/** The images of an experiment: which there are, and how to have their pixels. Both stages draw from it. */
import type { DatasetExample, SplitName } from '../../data/dataset.ts';
import type { GroupTable } from '../../groups.ts';
import type { DataFingerprint } from '../../streams/data-fingerprint.ts';
import type { LoadPixels, PictureShape } from '../../streams/batch-stream.ts';

/** Where an image is, for the one that loads it: a file, a record, or a place in memory. */
export type ImageReference = object;

/** Both translations of every image of a split, aligned with `images.examples(split)`. */
export interface TranslationLists {
  /** By F of the image's class, to the source subgroup. */
  readonly toSource: readonly ImageReference[];
  /** By G of the image's class, to the target subgroup. */
  readonly toTarget: readonly ImageReference[];
}

/** A fingerprint that knows the contents of each image, where images are on the disk. */
export interface BoundData extends DataFingerprint {
  contentOf?(image: ImageReference): string | undefined;
}

/** The data of an experiment, opened; close it when the work is done. */
export interface ExperimentImages {
  /** For messages and reports. */
  readonly name: string;
  /** The groups, with the counts that sampling, adjustment and averages use. */
  readonly table: GroupTable;
  /** What was noticed when they were opened, a line each, for programs to say. */
  readonly notices?: readonly string[];
  /** Names of the classes y and of the subgroups z. */
  readonly classes: readonly string[];
  readonly subgroups: readonly string[];
  /** Shape to which every image is brought. */
  readonly shape: PictureShape;
  /** The images of a split, in stored order, always the same. */
  examples(split: SplitName): readonly DatasetExample<ImageReference>[];
  /** Images that are nobody's but the gate's, where the data set has them; others take validation images. */
  gate?(part: 'training' | 'heldOut'): readonly DatasetExample<ImageReference>[];
  /** The true counterparts of the images of a split in either subgroup, aligned with them, where they are known. */
  counterparts?(split: SplitName): TranslationLists;
  readonly load: LoadPixels<ImageReference>;
  /**
   * What runs on these data are bound to, found when it is first asked for. Data that were made up have none. A stop
   * that is asked for meanwhile is thrown, as ProgramError with exit code 75.
   */
  fingerprint?(stopRequested?: () => boolean): Promise<BoundData>;
  /** Ends what loads them. */
  close(): Promise<void>;
}
