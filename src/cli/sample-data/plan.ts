/**
 * What the sample data sets hold: how many pictures of each split and group, fixed before anything was trained on them.
 * In training the subgroup agrees with the class in nine of ten pictures; validation and test are balanced. The null
 * variant has the same sizes without that link: no method should win there.
 */
import type { SplitName } from '../../data/dataset.ts';

/** Pictures of the cells y0z0, y0z1, y1z0, y1z1. */
export type CellCounts = readonly [number, number, number, number];

/** Pictures of every split and cell. */
export type SamplePlan = Readonly<Record<SplitName, CellCounts>>;

/** The sample data sets. */
export const SAMPLE_NAMES = ['waterbirds', 'celeba', 'skin-lesions'] as const;

/** One of {@link SAMPLE_NAMES}. */
export type SampleName = (typeof SAMPLE_NAMES)[number];

const scaled = (count: number, share: number): number =>
  count === 0 ? 0 : Math.max(1, Math.round(count * share));

const even = (count: number): CellCounts => [count, count, count, count];

const PLANS: Readonly<Record<SampleName, { readonly spurious: SamplePlan; readonly null: SamplePlan }>> = {
  waterbirds: {
    spurious: { train: [72, 8, 8, 72], validation: even(12), test: even(15) },
    null: { train: even(40), validation: even(12), test: even(15) },
  },
  // Group y0z0 is stored in full and undersampled to eight by its reader, as CelebA is.
  celeba: {
    spurious: { train: [32, 72, 72, 8], validation: even(12), test: even(15) },
    null: { train: even(40), validation: even(12), test: even(15) },
  },
  // As in the ISIC archive, no malignant lesion has a bandage.
  'skin-lesions': {
    spurious: { train: [44, 36, 80, 0], validation: [12, 12, 12, 0], test: [15, 15, 15, 0] },
    null: { train: even(40), validation: even(12), test: even(15) },
  },
};

/**
 * How many of the training pictures of group y0z0 of `celeba` are used in the spurious variant.
 *
 * @param share As for {@link samplePlan}.
 */
export const sampleCelebaLimits = (share: number): { readonly y0z0: number } => ({ y0z0: scaled(8, share) });

/**
 * The pictures of a sample data set.
 *
 * @param name The data set.
 * @param options `null`: without the spurious link. `share`: factor of every count, at least one where there is any; default 1.
 */
export function samplePlan(
  name: SampleName,
  options: { readonly null?: boolean; readonly share?: number } = {},
): SamplePlan {
  const { share = 1 } = options;
  const plan = PLANS[name][options.null === true ? 'null' : 'spurious'];
  const part = (counts: CellCounts): CellCounts => {
    const [a, b, c, d] = counts.map((count) => scaled(count, share));
    return [a!, b!, c!, d!];
  };
  return { train: part(plan.train), validation: part(plan.validation), test: part(plan.test) };
}

/** One picture of a plan: its split and cell, and its number among all. */
export interface PlannedPicture {
  readonly split: SplitName;
  readonly y: number;
  readonly z: number;
  readonly number: number;
}

/** The pictures of a plan, split by split, the cells of each mixed in an order that the seed does not change. */
export function plannedPictures(plan: SamplePlan): readonly PlannedPicture[] {
  const pictures = (['train', 'validation', 'test'] as const).flatMap((split) =>
    plan[split]
      .flatMap((count, cell) =>
        Array.from({ length: count }, (_, i) => ({ cell, place: (i + 0.5) / count + cell * 1e-6 })),
      )
      .sort((a, b) => a.place - b.place)
      .map(({ cell }) => ({ split, y: cell >> 1, z: cell & 1 })),
  );
  return pictures.map((picture, number) => ({ ...picture, number }));
}
