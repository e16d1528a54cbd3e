import { describe, expect, it } from 'vitest';
import { multiLabelMetrics } from '../../src/metrics/multi-label.ts';
import { expectClose, flatten } from '../support/fixture.ts';
import { casesOf, rowsOf, TOLERANCE, type Values } from './reference-cases.ts';

describe('bad arguments', () => {
  it.each([['outputs', () => multiLabelMetrics([[1, 0]], [[1]]), /rows of 1 numbers, received 2/]])(
    '%s',
    (_, call, message) => {
      expect(call).toThrow(RangeError);
      expect(call).toThrow(message);
    },
  );
});

describe('the reference’s metrics of independent outputs', () => {
  it.each(casesOf('multi-label').map((c, i) => [i, c] as const))('case %i', (_, c) => {
    const rows: number[][] = [];
    const targets: number[][] = [];
    const check = (expected: Values) => {
      const ours = multiLabelMetrics(rows, targets, { areaUnderRoc: 'reference' });
      const byName: Record<string, unknown> = {
        multi_label_binary_accuracy: ours.binaryAccuracy,
        binary_crossentropy: ours.binaryCrossEntropy,
        multi_label_auc: ours.areaUnderRoc,
        multi_label_recall: ours.recall,
      };
      for (const [name, tensor] of Object.entries(expected)) {
        expectClose(flatten(byName[name]), tensor, TOLERANCE, name);
      }
    };
    for (const batch of c.batches) {
      rows.push(...rowsOf(batch.predictions));
      targets.push(...rowsOf(batch.targets));
      check(batch.after);
    }
    check(c.final);
  });
});
