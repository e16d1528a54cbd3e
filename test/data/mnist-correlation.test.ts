import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  describeMnistCorrelation,
  type GroupCounts,
  type ImageSelection,
} from '../../src/data/mnist-correlation.ts';
import { overlaps } from '../../src/data/overlaps.ts';
import { readFixture } from '../support/fixture.ts';
import { labels, make } from './mnist-splits.ts';

type Selection = {
  readonly count: number;
  readonly first: number;
  readonly last: number;
  readonly sum: number;
};

interface LabelsCase {
  readonly stage?: number;
  readonly config?: string;
  readonly lossGroupCounts?: readonly number[];
  readonly mnistSelection?: readonly { readonly alias: string; readonly train: Selection }[];
  readonly mnistEvalSelection?: readonly {
    readonly alias: string;
    readonly validation: Selection;
    readonly test: Selection;
  }[];
  readonly source?: { readonly selection: Selection };
  readonly target?: { readonly selection: Selection };
}

function summary(indices: readonly number[]): Selection {
  return {
    count: indices.length,
    first: indices[0]!,
    last: indices[indices.length - 1]!,
    sum: indices.reduce((a, b) => a + b, 0),
  };
}

const ofGroup = ({ indices, groups }: ImageSelection, group: number) =>
  indices.filter((_, i) => groups[i] === group);

const countsOf = (selection: ImageSelection) => [0, 1, 2, 3].map((group) => ofGroup(selection, group).length);

describe('published splits', () => {
  const { description } = make({ splits: 'published' });
  const { cases } = readFixture<LabelsCase>('labels');
  const stage1 = cases.find(({ config }) => config === 'stage-1/mnist-correlation/config.yaml')!;
  const stage2 = cases.find(({ config }) => config === 'stage-2/mnist-correlation/gdro/config.yaml')!;

  it('select the images that the reference selects for stage 2', () => {
    expect(description.table.trainingCounts).toEqual(stage2.lossGroupCounts);
    expect(description.table.names).toEqual(stage2.mnistSelection!.map(({ alias }) => alias));
    stage2.mnistSelection!.forEach(({ train }, group) => {
      expect(summary(ofGroup(description.parts.train, group))).toEqual(train);
    });
    stage2.mnistEvalSelection!.forEach(({ validation, test }, group) => {
      expect(summary(ofGroup(description.parts.validation, group))).toEqual(validation);
      expect(summary(ofGroup(description.parts.test, group))).toEqual(test);
    });
  });

  it('select the images that the reference selects for stage 1, even digits first', () => {
    expect(summary(description.parts.stage1Source.indices)).toEqual(stage1.source!.selection);
    expect(summary(description.parts.stage1Target.indices)).toEqual(stage1.target!.selection);
  });

  it('leak: stage 1 sees 200 validation images', () => {
    const found = overlaps(description);
    expect(found.map(({ first, second }) => [first, second])).toEqual([['validation', 'stage1Target']]);
    expect(found[0]!.indices).toEqual([...description.parts.stage1Target.indices].sort((a, b) => a - b));
    expect(found[0]!.indices.length).toBe(200);
  });
});

describe('disjoint splits', () => {
  const { description } = make();
  const { parts } = description;

  it('have the published counts, and every test image once', () => {
    expect(countsOf(parts.train)).toEqual([9900, 100, 100, 9900]);
    expect(countsOf(parts.validation)).toEqual([9900, 100, 100, 9900]);
    expect(countsOf(parts.test)).toEqual([2463, 2463, 2537, 2537]);
    expect([...parts.test.indices].sort((a, b) => a - b)).toEqual(Array.from({ length: 10000 }, (_, i) => i));
    expect(countsOf(parts.stage1Source)).toEqual([100, 0, 100, 0]);
    expect(countsOf(parts.stage1Target)).toEqual([0, 100, 0, 100]);
    expect(countsOf(parts.gateTrain)).toEqual([1000, 1000, 1000, 1000]);
    expect(countsOf(parts.gateHeldOut)).toEqual([250, 250, 250, 250]);
  });

  it('share no image, but stage 1 learns from training images in their own form', () => {
    expect(overlaps(description)).toEqual([]);
    const training = new Map(parts.train.indices.map((index, i) => [index, parts.train.groups[i]]));
    for (const part of [parts.stage1Source, parts.stage1Target]) {
      part.indices.forEach((index, i) => expect(training.get(index)).toBe(part.groups[i]));
    }
  });

  it('that are drawn by a seed share no image either, have their counts, and differ from seed to seed', () => {
    const counts = { trainingCounts: [2400, 24, 24, 2400], stage1Counts: [24, 24, 24, 24] } as const;
    const [first, second] = [1, 2].map((drawSeed) => make({ ...counts, drawSeed }).description);
    expect(overlaps(first!)).toEqual(overlaps(make(counts).description));
    expect(countsOf(first!.parts.train)).toEqual([2400, 24, 24, 2400]);
    expect(countsOf(first!.parts.test)).toEqual(countsOf(make(counts).description.parts.test));
    for (const part of ['train', 'validation', 'test', 'gateTrain'] as const)
      for (const group of [0, 1, 2, 3]) {
        const [one, other] = [first!, second!].map(({ parts }) => new Set(ofGroup(parts[part], group)));
        const common = [...one!].filter((index) => other!.has(index)).length;
        // By chance the share that a part takes of its pool would be common, at most all of a test half.
        expect(common, `${part}, group ${group}`).toBeLessThan(0.7 * one!.size + 5);
      }
    for (const index of first!.parts.train.indices) expect(index).toBeLessThan(30_000);
    for (const index of first!.parts.validation.indices) expect(index).toBeGreaterThanOrEqual(30_000);
  });

  it('are plain data', () => {
    expect(JSON.parse(JSON.stringify(description))).toEqual(description);
  });

  const sizes = (most: number) => fc.integer({ min: 0, max: most });
  const fourSizes = (most: number) =>
    fc.tuple(sizes(most), sizes(most), sizes(most), sizes(most)) as fc.Arbitrary<GroupCounts>;

  it.each(['disjoint', 'published'] as const)(
    'laws at any size (%s): counts as asked, parity is the class, clean from the front, corrupted from the back',
    (splits) => {
      fc.assert(
        fc.property(
          fc.uint8Array({ minLength: 40, maxLength: 120, max: 9 }),
          fourSizes(8),
          fourSizes(4),
          sizes(3),
          (train, trainingCounts, stage1Most, gate) => {
            const [a, b, c, d] = trainingCounts.map((count, i) => Math.min(count, stage1Most[i]!));
            const stage1Counts: GroupCounts = [a!, b!, c!, d!];
            const described = describeMnistCorrelation(
              { train, test: train },
              { splits, trainingCounts, stage1Counts, gateTrainingCount: gate, gateHeldOutCount: 1 },
            );
            if (described._tag === 'Left') return;
            const { parts } = described.right;
            expect(countsOf(parts.train)).toEqual(trainingCounts);
            expect(
              [0, 1, 2, 3].map((g) => countsOf(g % 2 ? parts.stage1Target : parts.stage1Source)[g]),
            ).toEqual(stage1Counts);
            expect(countsOf(parts.validation)).toEqual(trainingCounts);
            expect(countsOf(parts.gateTrain)).toEqual([gate, gate, gate, gate]);
            const leaks = overlaps(described.right);
            if (splits === 'disjoint') expect(leaks).toEqual([]);
            for (const part of Object.values(parts)) {
              part.indices.forEach((index, i) => expect(train[index]! % 2).toBe(part.groups[i]! >> 1));
            }
            for (const part of [parts.train, parts.validation, parts.gateTrain, parts.gateHeldOut]) {
              for (const y of [0, 1]) {
                const [clean, corrupted] = [ofGroup(part, 2 * y), ofGroup(part, 2 * y + 1)];
                expect(Math.max(-1, ...clean)).toBeLessThan(Math.min(Infinity, ...corrupted));
              }
            }
          },
        ),
        { numRuns: 200 },
      );
    },
  );

  it.each([
    [{ trainingCounts: [15000, 100, 100, 9900] }, 'trainingCounts, class 0'],
    [{ trainingCounts: [9900, 100, 100, -1] }, 'trainingCounts, group (Y=1)(Z=1)'],
    [{ validationCounts: [1.5, 0, 0, 0] }, 'validationCounts, group (Y=0)(Z=0)'],
    [{ testCounts: [10, 10, 6000, 10] }, 'testCounts, class 1'],
    [{ stage1Counts: [100, 101, 100, 100] }, 'stage1Counts, group (Y=0)(Z=1)'],
    [{ gateTrainingCount: 5000 }, 'gateTrainingCount, class 0'],
    [{ gateHeldOutCount: 4000 }, 'gateHeldOutCount, class 0'],
  ] as const)('refuse %j', (options, where) => {
    const described = describeMnistCorrelation(labels, options);
    expect(described).toMatchObject({ _tag: 'Left', left: { where } });
  });
});
