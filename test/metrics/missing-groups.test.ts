import { describe, expect, it } from 'vitest';
import { groupReport, unmeasuredReport } from '../../src/metrics/group-report.ts';
import { nullReasons, whyNull } from '../../src/metrics/missing-groups.ts';
import { groupTable } from '../../src/groups.ts';

const names = ['(Y=0)(Z=0)', '(Y=0)(Z=1)', '(Y=1)(Z=0)', '(Y=1)(Z=1)'];
/** All right; one example of each of these groups. */
const reportOf = (groups: readonly number[], table = groupTable(names, [5, 5, 5, 5])) => {
  const labels = groups.map((group) => table.classOf[group]!);
  return groupReport({ predictions: labels, labels, groups, table });
};

describe('why a summary is null', () => {
  it('is that groups of training have no images', () => {
    const report = reportOf([0, 2]);
    expect(whyNull(report, 'worstGroup')).toBe('no images of (Y=0)(Z=1), (Y=1)(Z=1)');
    expect(whyNull(report, 'average')).toBeUndefined();
    expect(nullReasons(report)).toEqual([
      'worst group, group average, gap: no images of (Y=0)(Z=1), (Y=1)(Z=1); the average is of the other groups',
    ]);
    const readable = (name: string) => (name === '(Y=0)(Z=1)' ? 'even, zigzag' : 'odd, zigzag');
    expect(whyNull(report, 'gap', readable)).toBe('no images of even, zigzag, odd, zigzag');
  });

  it('is that a class has one group', () => {
    const one = reportOf([0, 1, 2], groupTable(names.slice(0, 3), [5, 5, 5]));
    expect(nullReasons(one)).toEqual(['gap: the class of (Y=1)(Z=0) has no other group']);
    const two = reportOf([0, 1, 2, 3], groupTable([...names.slice(0, 3), '(Y=2)(Z=0)'], [5, 5, 5, 5]));
    expect(nullReasons(two)).toEqual(['gap: the classes of (Y=1)(Z=0), (Y=2)(Z=0) have no other group']);
    const all = reportOf([0, 1], groupTable(['(Y=0)(Z=0)', '(Y=1)(Z=0)'], [5, 5]));
    expect(nullReasons(all)).toEqual(['gap: every class has one group only']);
  });

  it('is that there are no images at all', () => {
    expect(nullReasons(unmeasuredReport(groupTable(names, [5, 5, 5, 0])))).toEqual([
      'worst group, average, group average, gap: no images',
    ]);
  });

  it('fits a line however many groups are missing', () => {
    const many = Array.from({ length: 20 }, (_, z) => `(Y=0)(Z=${z})`);
    const report = reportOf([0], groupTable(many, Array(20).fill(1)));
    expect(whyNull(report, 'worstGroup')).toBe(
      'no images of (Y=0)(Z=1), (Y=0)(Z=2), (Y=0)(Z=3), (Y=0)(Z=4), (Y=0)(Z=5), (Y=0)(Z=6) and 13 others',
    );
  });

  it('is not told where nothing is missing, or the report does not know', () => {
    expect(nullReasons(reportOf([0, 1, 2, 3]))).toEqual([]);
    const { groups, worstGroup, average, groupAverage, gap } = reportOf([0]);
    expect(nullReasons({ groups, worstGroup, average, groupAverage, gap })).toEqual([]);
  });
});
