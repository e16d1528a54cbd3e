import { describe, expect, it } from 'vitest';
import { differencesTable } from '../../src/report/differences-table.ts';
import { renderReport } from '../../src/report/report-page.ts';
import { lacking, method } from './example-input.ts';
import { rowsOf, tableOf, textOf, withMethods } from './rendered.ts';

const erm = (worst: number) => method([0.99, worst, 0.9, 0.98]);
const camel = (worst: number) => method([0.98, 0.99, worst, 0.97]);

describe('the differences of methods in the same seeds', () => {
  const input = withMethods(
    { erm: erm(0.3), camel: camel(0.9), 'group-dro': erm(0.875) },
    { erm: erm(0.4), camel: camel(0.9), 'group-dro': erm(0.875) },
    { erm: erm(0.5), camel: camel(0.9) },
  );
  const rows = rowsOf(tableOf(renderReport(input), 'differences')).map(textOf);

  it('are of the method with the best worst group, with the ends that only equal draws reach', () => {
    // Of three values the least mean, all draws the least one, has 1 / 27 of the samples, which is more than 2.5 %.
    expect(rows[1]).toBe('erm +50.0 +40.0 … +60.0 0.0 0.0 … 0.0');
  });

  it('say of pairs in too few seeds that they are', () => {
    expect(rows[2]).toBe('group-dro – too few seeds in common – too few seeds in common');
  });

  it('leave out seeds in which one of the two has no number', () => {
    const partly = withMethods(
      { erm: lacking, camel: camel(0.9) },
      { erm: erm(0.4), camel: camel(0.9) },
      { erm: erm(0.5), camel: camel(0.9) },
    );
    const [, row] = rowsOf(tableOf(renderReport(partly), 'differences')).map(textOf);
    expect(row).toMatch(/^erm – too few seeds in common 0\.0/);
  });

  it('are not there for two seeds, or for one method', () => {
    expect(differencesTable(withMethods({ erm: erm(0.3), camel: camel(0.9) })).markup).toBe('');
    expect(
      differencesTable(withMethods({ erm: erm(0.3) }, { erm: erm(0.3) }, { erm: erm(0.4) })).markup,
    ).toBe('');
  });
});
