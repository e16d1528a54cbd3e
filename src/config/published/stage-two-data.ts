/** The data sets of a published stage-2 configuration: four groups, or one set that holds them all. */
import { publishedName, type PublishedName } from './dataset-names.ts';
import type { PublishedStageTwo } from './published-settings.ts';
import { refuseSetting } from './published-refusal.ts';

/** What is trained on. */
export interface PublishedData {
  /** As a file of ours would write it. */
  readonly value: Readonly<Record<string, unknown>>;
  /** Whether every group is a set of its own, from which a step draws as many images as from the others. */
  readonly grouped: boolean;
  /** Class of each training set, in their order; −1: all. */
  readonly classes: readonly number[];
  readonly notices: readonly string[];
}

const GROUPS = [
  { y: 0, z: 0 },
  { y: 0, z: 1 },
  { y: 1, z: 0 },
  { y: 1, z: 1 },
];

/** The sets of one list, all of one family, in the order given. */
function familyOf(list: readonly string[], key: string): readonly PublishedName[] {
  const parsed = list.map((name, i) => publishedName(name, `${key}.${i}`));
  const other = parsed.findIndex(({ family }) => family !== parsed[0]?.family);
  if (parsed.length === 0) refuseSetting(key, 'at least one data set', 'none');
  if (other >= 0) refuseSetting(`${key}.${other}`, `a part of ${parsed[0]!.family}`, `"${list[other]}"`);
  return parsed;
}

const isWhole = ({ y, z, family }: PublishedName): boolean => (y === -1 && z === -1) || family === 'mnist';

/** Whether the sets are the four groups; else they must be one whole. */
function isGrouped(sets: readonly PublishedName[], key: string, list: readonly string[]): boolean {
  if (sets.length === 1 && isWhole(sets[0]!)) return false;
  const groups = GROUPS.every(({ y, z }) => sets.filter((set) => set.y === y && set.z === z).length === 1);
  if (sets.length === 4 && groups) return true;
  return refuseSetting(key, 'the four groups, each once, or one set that holds them all', list);
}

function mnistCorrelation(
  published: PublishedStageTwo,
  sets: readonly Extract<PublishedName, { family: 'mnist-correlation' }>[],
): Readonly<Record<string, unknown>> {
  const first = sets[0]!;
  const differs = sets.findIndex(
    ({ corruption, testSize, label }) =>
      corruption !== first.corruption || testSize !== first.testSize || label !== first.label,
  );
  if (differs >= 0) {
    refuseSetting(
      `train_datasets.${differs}`,
      'corruption, test size and label of the first',
      published.train_datasets[differs],
    );
  }
  return {
    kind: 'mnist-correlation',
    corruption: first.corruption,
    splits: 'published',
    validationFraction: published.validation_frac,
    label: first.label,
    testImages: first.testSize === -1 ? null : first.testSize,
    sizes:
      first.probability === null
        ? { kind: 'counts', ...Object.fromEntries(sets.map(({ y, z, size }) => [`y${y}z${z}`, size])) }
        : { kind: 'correlation', probability: first.probability, images: first.size },
  };
}

function valueOf(
  published: PublishedStageTwo,
  sets: readonly PublishedName[],
): Readonly<Record<string, unknown>> {
  const first = sets[0]!;
  switch (first.family) {
    case 'mnist-correlation':
      return mnistCorrelation(
        published,
        sets.filter((set) => set.family === 'mnist-correlation'),
      );
    case 'mnist':
      return {
        kind: 'mnist',
        corruption: first.corruption ?? 'none',
        validationFraction: published.validation_frac,
      };
    case 'waterbirds':
      return { kind: 'waterbirds', label: first.label, orientation: 'stored' };
    case 'celeba': {
      const kept = sets.flatMap((set) => (set.family === 'celeba' && set.kept !== null ? [set.kept] : []));
      return {
        kind: 'celeba',
        y: first.attributes.y,
        z: first.attributes.z,
        label: first.label,
        orientation: 'stored',
        groupSizes: 'published',
        ...(kept.length > 0 && { limits: { y0z0: Math.min(...kept) } }),
      };
    }
  }
}

function checkAliases(sets: readonly PublishedName[], aliases: readonly string[], key: string): void {
  if (sets.length === 1 && isWhole(sets[0]!)) return;
  const wrong = sets.findIndex(({ y, z }, i) => aliases[i] !== `(Y=${y})(Z=${z})`);
  if (wrong < 0) return;
  refuseSetting(
    `${key}.${wrong}`,
    `"(Y=${sets[wrong]!.y})(Z=${sets[wrong]!.z})", the group’s name`,
    aliases[wrong],
  );
}

/**
 * Translates the data sets.
 *
 * @param published Decoded.
 */
export function translateData(published: PublishedStageTwo): PublishedData {
  const { train_datasets: train, eval_datasets: evaluation, validation_frac: fraction } = published;
  const sets = familyOf(train, 'train_datasets');
  const evaluated = familyOf(evaluation, 'eval_datasets');
  const grouped = isGrouped(sets, 'train_datasets', train);
  isGrouped(evaluated, 'eval_datasets', evaluation);
  if (evaluated[0]!.family !== sets[0]!.family) {
    refuseSetting('eval_datasets', `groups of ${sets[0]!.family}, which is trained on`, evaluation);
  }
  checkAliases(sets, published.train_dataset_aliases, 'train_dataset_aliases');
  checkAliases(evaluated, published.eval_dataset_aliases, 'eval_dataset_aliases');
  const ownSplits = sets[0]!.family === 'waterbirds' || sets[0]!.family === 'celeba';
  return {
    value: valueOf(published, sets),
    grouped,
    classes: sets.map(({ y }) => y),
    notices: [
      ...(ownSplits && fraction > 0
        ? [`validation_frac: ${fraction} is left out, the data set has validation images of its own`]
        : []),
      ...(fraction > 0
        ? []
        : sets[0]!.family === 'mnist-correlation'
          ? ['validation_frac: 0 leaves no validation images']
          : []),
    ],
  };
}
