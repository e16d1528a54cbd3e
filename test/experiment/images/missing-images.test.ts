import { describe, expect, it } from 'vitest';
import type { SplitName } from '../../../src/data/dataset.ts';
import { groupTable } from '../../../src/groups.ts';
import { missingGroups, missingInStageTwo } from '../../../src/experiment/images/missing-images.ts';

const names = ['(Y=0)(Z=0)', '(Y=0)(Z=1)', '(Y=1)(Z=0)', '(Y=1)(Z=2)'];
/** Groups of the images of each split. */
const images = (splits: Partial<Record<SplitName, readonly number[]>>) => ({
  table: groupTable(
    names,
    names.map((_, g) => (splits.train ?? []).filter((group) => group === g).length),
  ),
  classes: ['round'],
  subgroups: ['bare'],
  examples: (split: SplitName) =>
    (splits[split] ?? []).map((group) => ({ image: {}, label: 0, subgroup: 0, group, split })),
});
const selecting = (select: 'worst-group' | 'average' | 'last') => ({ evaluation: { select } }) as never;

describe('what images lack', () => {
  const some = images({ train: [0, 1, 2], validation: [0, 2], test: [0, 1, 2, 3, 3] });
  it('is said of every split and of every group that is not trained on', () => {
    expect(missingGroups(some, ['validation'])).toEqual(['validation: no images of (Y=0)(Z=1)']);
    expect(missingGroups(some, ['validation', 'test'])).toEqual([
      'validation: no images of (Y=0)(Z=1)',
      '(Y=1)(Z=2): no training images; it is evaluated, not trained on',
    ]);
    expect(missingGroups(some, ['train', 'test'])).toHaveLength(1);
  });

  it('is nothing where all groups are there, or a group is nowhere', () => {
    const whole = images({ train: [0, 1, 2], validation: [0, 1, 2], test: [0, 1, 2] });
    expect(missingInStageTwo(selecting('worst-group'), whole)).toEqual([]);
  });

  it('is said with what it means for selection', () => {
    const line = (by: string) =>
      `the checkpoint is selected by the ${by} of the groups that have validation images`;
    expect(missingInStageTwo(selecting('worst-group'), some)).toContain(line('worst'));
    expect(missingInStageTwo(selecting('average'), some)).toContain(line('average'));
    expect(missingInStageTwo(selecting('last'), some)).toHaveLength(2);
  });

  it('is said of names that no image has, as where a table counts from 1', () => {
    const named = {
      ...images({ train: [0, 1, 2] }),
      classes: ['flat', 'round'],
      subgroups: ['bare', 'worn'],
    };
    const shifted = (split: SplitName) => named.examples(split).map((example) => ({ ...example, label: 1 }));
    const lines = missingInStageTwo(selecting('last'), { ...named, examples: shifted });
    expect(lines.slice(0, 2)).toEqual([
      'class 0 (flat): no images in any split',
      'subgroup 1 (worn): no images in any split',
    ]);
  });

  it('is said of splits without any image', () => {
    expect(missingInStageTwo(selecting('worst-group'), images({ train: [0, 1, 2] }))).toEqual([
      'no validation images: the last checkpoint is tested',
      'no test images: the results will have no accuracies',
    ]);
  });
});
