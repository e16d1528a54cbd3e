import { describe, expect, it } from 'vitest';
import { accuracy, meanCrossEntropy } from '../../src/metrics/classification.ts';
import { classificationMetrics, groupedMetrics } from '../../src/metrics/classification-metrics.ts';
import { groupReport } from '../../src/metrics/group-report.ts';
import { invarianceMetric } from '../../src/metrics/invariance-metric.ts';
import { expectClose, flatten } from '../support/fixture.ts';
import { casesOf, rowsOf, TOLERANCE, type Values } from './reference-cases.ts';

describe('bad arguments', () => {
  it.each([['one column', () => classificationMetrics([[1]], [0]), /rows of at least 2/]])(
    '%s',
    (_, call, message) => {
      expect(call).toThrow(RangeError);
      expect(call).toThrow(message);
    },
  );
});

function expectClassMetrics(rows: number[][], targets: number[], expected: Values, what: string): void {
  const ours = classificationMetrics(rows, targets, { areaUnderRoc: 'reference' });
  const byName: Record<string, unknown> = {
    accuracy: ours.accuracy,
    sparse_categorical_crossentropy: ours.crossEntropy,
    confusion_matrix: ours.confusionMatrix,
    recall: ours.recall,
    auc: ours.areaUnderRoc,
    irm_penalty: invarianceMetric(rows, targets),
  };
  for (const [name, tensor] of Object.entries(expected)) {
    expect(byName, `${what}: unknown metric`).toHaveProperty(name);
    expectClose(flatten(byName[name]), tensor, TOLERANCE, `${what}: ${name}`);
  }
}

describe('the reference’s metrics of class probabilities', () => {
  it.each(casesOf('classes').map((c, i) => [i, c.kind, c] as const))('case %i (%s)', (_, __, c) => {
    const rows: number[][] = [];
    const targets: number[] = [];
    for (const batch of c.batches) {
      rows.push(...rowsOf(batch.predictions));
      targets.push(...batch.targets);
      expectClassMetrics(rows, targets, batch.after, `after ${targets.length} examples`);
    }
    expectClassMetrics(rows, targets, c.final, 'final');
  });

  it('are zero counts after a reset; means over nothing are null here, where the running metric says 0', () => {
    const names = ['a', 'b'];
    const empty = groupedMetrics({ probabilities: [[0.5, 0.5]], labels: [0], groups: [0], names }).groups[1]!;
    const reset = casesOf('classes')[0]!.afterReset;
    expectClose(flatten(empty.confusionMatrix), reset['confusion_matrix']!, 0);
    expectClose(flatten(empty.recall), reset['recall']!, 0);
    expect([empty.accuracy, empty.crossEntropy, empty.calibrationError]).toEqual([null, null, null]);
    expect([accuracy([], []), meanCrossEntropy([], [])]).toEqual([NaN, NaN]);
  });
});

describe('the reference’s metrics per group', () => {
  it.each(casesOf('groups').map((c, i) => [i, c] as const))('case %i', (_, c) => {
    const probabilities = c.groups.flatMap((group) => rowsOf(group.predictions));
    const labels = c.groups.flatMap((group) => group.targets);
    const groups = c.groups.flatMap((group, g) => group.targets.map(() => g));
    const names = c.groups.map((_group, g) => `group ${g}`);
    c.groups.forEach((g, i) => expectClassMetrics(rowsOf(g.predictions), g.targets, g.metrics, names[i]!));
    expectClassMetrics(probabilities, labels, c.aggregate, 'aggregate');

    const options = { areaUnderRoc: 'reference' } as const;
    const grouped = groupedMetrics({ probabilities, labels, groups, names }, options);
    expect(grouped.pooled).toEqual(classificationMetrics(probabilities, labels, options));
    const table = {
      names,
      classOf: names.map(() => 0),
      trainingCounts: c.groups.map((g) => g.targets.length),
    };
    const report = groupReport({ predictions: probabilities, labels, groups, table });
    c.groups.forEach(({ predictions, targets, metrics }, g) => {
      const alone = classificationMetrics(rowsOf(predictions), targets, options);
      expect(grouped.groups[g]).toEqual({ name: names[g], ...alone });
      expectClose(report.groups[g]!.accuracy!, metrics['accuracy']!, TOLERANCE);
      expectClose(report.groups[g]!.loss!, metrics['sparse_categorical_crossentropy']!, TOLERANCE);
    });
    // Weighted by the counts of these very examples, the mean of the groups is the pooled accuracy.
    expectClose(report.average!, c.aggregate['accuracy']!, TOLERANCE);
  });
});
