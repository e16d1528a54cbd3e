import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { groupReport, unmeasuredReport } from '../../src/metrics/group-report.ts';

const table = {
  names: ['(Y=0)(Z=0)', '(Y=0)(Z=1)', '(Y=1)(Z=0)', '(Y=1)(Z=1)'],
  classOf: [0, 0, 1, 1],
  trainingCounts: [90, 10, 30, 70],
};

describe('groupReport', () => {
  it('matches a hand computation', () => {
    const report = groupReport({
      predictions: [0, 0, 1, 0, 0, 1, 1, 0, 1],
      labels: [0, 0, 0, 0, 0, 1, 1, 1, 1],
      groups: [0, 0, 0, 0, 1, 2, 2, 2, 3],
      table,
    });
    // Accuracies 3/4, 1, 2/3, 1.
    expect(report.groups.map(({ count }) => count)).toEqual([4, 1, 3, 1]);
    expect(report.groups.map(({ accuracy }) => accuracy)).toEqual([3 / 4, 1, 2 / 3, 1]);
    expect(report.groups.map(({ loss }) => loss)).toEqual([null, null, null, null]);
    expect(report.worstGroup).toEqual({ name: '(Y=1)(Z=0)', accuracy: 2 / 3 });
    expect(report.average).toBeCloseTo((90 * 0.75 + 10 + 20 + 70) / 200, 14);
    expect(report.groupAverage).toBeCloseTo((0.75 + 1 + 2 / 3 + 1) / 4, 14);
    expect(report.gap).toBeCloseTo(1 / 3, 14);
    // (p̂ + z²/2n ± …)/(1 + z²/n) at 3 of 4.
    expect(report.groups[0]!.interval![0]).toBeCloseTo(0.3006, 4);
    expect(report.groups[0]!.interval![1]).toBeCloseTo(0.9544, 4);
    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
  });

  it('measures the gap within a class, not between classes', () => {
    const report = groupReport({
      predictions: [0, 0, 0, 0],
      labels: [0, 0, 1, 1],
      groups: [0, 1, 2, 3],
      table,
    });
    expect(report.gap).toBe(0);
    expect(report.worstGroup).toEqual({ name: '(Y=1)(Z=0)', accuracy: 0 });
  });

  it('has no worst group, group average or gap where a group of training has no example', () => {
    const report = groupReport({
      predictions: [
        [0.8, 0.2],
        [0.5, 0.5],
        [0.3, 0.7],
      ],
      labels: [0, 1, 1],
      groups: [0, 2, 3],
      table,
    });
    expect(report.groups[1]).toEqual({
      name: '(Y=0)(Z=1)',
      count: 0,
      accuracy: null,
      interval: null,
      loss: null,
    });
    expect(report.groups[0]!.loss).toBeCloseTo(-Math.log(0.8), 10);
    expect(report.average).toBeCloseTo((90 + 70) / 190, 14);
    expect([report.worstGroup, report.groupAverage, report.gap]).toEqual([null, null, null]);
    expect(report.missing).toEqual({ absent: ['(Y=0)(Z=1)'], alone: ['(Y=0)(Z=0)'] });
    const untrained = { ...table, trainingCounts: [0, 5, 0, 0] };
    expect(groupReport({ predictions: [0], labels: [0], groups: [0], table: untrained }).average).toBeNull();
  });

  it('has no gap where a class has one group only, and says which', () => {
    // Accuracies 1, 0, 1 of classes 0, 0, 1.
    const report = groupReport({
      predictions: [0, 1, 1],
      labels: [0, 0, 1],
      groups: [0, 1, 2],
      table: { names: ['a', 'b', 'c'], classOf: [0, 0, 1], trainingCounts: [1, 1, 2] },
    });
    expect(report.gap).toBeNull();
    expect(report.missing).toEqual({ absent: [], alone: ['c'] });
    expect(report.worstGroup).toEqual({ name: 'b', accuracy: 0 });
    expect(report.groupAverage).toBeCloseTo(2 / 3, 14);
    expect(report.average).toBeCloseTo(3 / 4, 14);
  });

  it('counts a group that is not trained on where it has examples, and does not miss it where it has none', () => {
    const grown = {
      names: [...table.names, '(Y=1)(Z=2)', '(Y=2)(Z=0)'],
      classOf: [...table.classOf, 1, 2],
      trainingCounts: [...table.trainingCounts, 0, 0],
    };
    const whole = { predictions: [0, 0, 1, 1], labels: [0, 0, 1, 1], groups: [0, 1, 2, 3] };
    const without = groupReport({ ...whole, table: grown });
    expect(without).toMatchObject({ worstGroup: { accuracy: 1 }, average: 1, groupAverage: 1, gap: 0 });
    expect('missing' in without).toBe(false);
    const report = groupReport({
      predictions: [...whole.predictions, 0, 1],
      labels: [...whole.labels, 1, 1],
      groups: [...whole.groups, 4, 4],
      table: grown,
    });
    // Accuracies 1, 1, 1, 1 and 1/2; the last one has weight 0 in the average.
    expect(report.worstGroup).toEqual({ name: '(Y=1)(Z=2)', accuracy: 0.5 });
    expect(report).toMatchObject({ average: 1, groupAverage: 0.9, gap: 0.5 });
  });

  it('of no examples has a count of 0 and null everywhere', () => {
    const empty = { count: 0, accuracy: null, interval: null, loss: null };
    expect(unmeasuredReport({ ...table, trainingCounts: [1, 1, 1, 0] })).toEqual({
      groups: table.names.map((name) => ({ name, ...empty })),
      worstGroup: null,
      average: null,
      groupAverage: null,
      gap: null,
      missing: { absent: table.names.slice(0, 3), alone: [] },
    });
    const untrained = unmeasuredReport({ ...table, trainingCounts: [0, 0, 0, 0] });
    expect([untrained.worstGroup, untrained.groupAverage, untrained.gap]).toEqual([null, null, null]);
  });

  it('agrees with a reading of the definitions, group by group, for every table', () => {
    const group = fc.record({
      classIndex: fc.nat(2),
      trained: fc.nat(3),
      hits: fc.nat(2),
      misses: fc.nat(2),
    });
    fc.assert(
      fc.property(fc.array(group, { minLength: 1, maxLength: 7 }), (cells) => {
        const examples = cells.flatMap(({ classIndex, hits, misses }, g) =>
          Array.from({ length: hits + misses }, (_, i) => ({ g, classIndex, right: i < hits })),
        );
        fc.pre(examples.length > 0);
        const report = groupReport({
          predictions: examples.map(({ classIndex, right }) => (right ? classIndex : classIndex + 1)),
          labels: examples.map(({ classIndex }) => classIndex),
          groups: examples.map(({ g }) => g),
          table: {
            names: cells.map((_, g) => `g${g}`),
            classOf: cells.map(({ classIndex }) => classIndex),
            trainingCounts: cells.map(({ trained }) => trained),
          },
        });
        const seen = cells.filter(({ hits, misses }) => hits + misses > 0);
        const shares = seen.map(({ hits, misses }) => hits / (hits + misses));
        const lacking = cells.some(({ trained, hits, misses }) => trained > 0 && hits + misses === 0);
        const lone = seen.some(
          (one) => seen.filter(({ classIndex }) => classIndex === one.classIndex).length === 1,
        );
        expect(report.worstGroup?.accuracy).toBe(lacking ? undefined : Math.min(...shares));
        if (lacking) expect(report.groupAverage).toBeNull();
        else expect(report.groupAverage).toBeCloseTo(shares.reduce((a, b) => a + b) / shares.length, 12);
        let gap = 0;
        seen.forEach((one, i) =>
          seen.forEach((other, j) => {
            if (one.classIndex === other.classIndex) gap = Math.max(gap, shares[i]! - shares[j]!);
          }),
        );
        expect(report.gap).toBe(lacking || lone ? null : gap);
      }),
      { seed: 22 },
    );
  });

  it('does not depend on the order of examples, and takes rows, flat scores and classes alike', () => {
    const example = fc.record({ p: fc.integer({ min: 1, max: 15 }), label: fc.nat(1), group: fc.nat(3) });
    fc.assert(
      fc.property(fc.array(example, { minLength: 1, maxLength: 40 }), (examples) => {
        const rows = examples.map(({ p }) => [1 - p / 16, p / 16]);
        const labels = examples.map(({ label }) => label);
        const groups = examples.map(({ group }) => group);
        const report = groupReport({ predictions: rows, labels, groups, table });
        const flat = groupReport({ predictions: Float32Array.from(rows.flat()), labels, groups, table });
        expect(flat).toEqual(report);
        const predictions = examples.map(({ p }) => (p > 8 ? 1 : 0));
        const fromClasses = groupReport({ predictions, labels, groups, table });
        expect({ ...fromClasses, groups: fromClasses.groups.map((g) => g.accuracy) }).toEqual({
          ...report,
          groups: report.groups.map((g) => g.accuracy),
        });
        const reversed = groupReport({
          predictions: [...rows].reverse(),
          labels: [...labels].reverse(),
          groups: [...groups].reverse(),
          table,
        });
        expect(reversed.worstGroup).toEqual(report.worstGroup);
        expect(reversed.gap).toBe(report.gap);
        if (report.worstGroup !== null)
          expect(report.worstGroup.accuracy).toBeLessThanOrEqual(report.groupAverage! + 1e-12);
      }),
      { seed: 21 },
    );
  });

  const input = { predictions: [0], labels: [0], groups: [0], table };
  it.each([
    ['no examples', { predictions: [], labels: [], groups: [] }, /labels: expected at least one/],
    ['groups', { groups: [0, 1] }, /groups: expected 1, one per label, received 2/],
    ['group id', { groups: [4] }, /groups\[0\]: expected an integer in \[0, 4\), received 4/],
    ['label', { labels: [-1] }, /labels\[0\]: expected an integer/],
    [
      'label beyond the classes',
      { predictions: [[1, 0]], labels: [2] },
      /labels\[0\]: .*\[0, 2\), received 2/,
    ],
    ['NaN', { predictions: [[NaN, 0]] }, /received NaN in example 0/],
    ['NaN class', { predictions: [NaN] }, /predictions\[0\]: expected an integer/],
    ['logits', { predictions: [[-2, 4]] }, /apply softmax/],
    [
      'classes of the table',
      { table: { ...table, classOf: [0] } },
      /table.classOf: expected 4 entries, received 1/,
    ],
    ['counts', { table: { ...table, trainingCounts: [1, 2, -3, 4] } }, /table.trainingCounts\[2\]/],
  ])('refuses bad %s', (_, change, message) => {
    expect(() => groupReport({ ...input, ...change })).toThrow(message);
  });
});
