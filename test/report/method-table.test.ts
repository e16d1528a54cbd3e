import { describe, expect, it } from 'vitest';
import { renderReport } from '../../src/report/report-page.ts';
import { camel, input, lacking, method } from './example-input.ts';
import { exactNumbers } from './page-checks.ts';
import { rowsOf, tableOf, textOf, withMethods } from './rendered.ts';

describe('the page', () => {
  const page = renderReport(input);

  it('puts each method’s numbers beside its name', () => {
    const rows = rowsOf(tableOf(page, 'methods'));
    expect(rows.slice(1).map((row) => textOf(row).split(' ')[0])).toEqual(['erm', 'group-dro', 'camel']);
    expect(textOf(rows[1]!)).toBe(
      'erm 31.0 % 29.0 – 33.0 % even, zigzag 98.8 % 67.0 % 6.3 % 1,234 1 min 2 s',
    );
    expect(rows[2]).toMatch(/class="worst best"[\s\S]*0\.93/);
    expect(rows.filter((row) => row.includes('class="worst best"'))).toHaveLength(1);
  });
});

describe('several seeds', () => {
  const seeds = [method([0.5, 0.9, 0.9, 0.9]), method([0.75, 0.9, 0.5, 0.9])];

  const page = renderReport(withMethods({ erm: seeds[0]! }, { erm: seeds[1]! }));

  it('are a mean with its standard deviation, by hand', () => {
    // Worst groups 0.5 and 0.5; the first group 0.5 and 0.75: s = √(2 · 0.125²) = 0.17678.
    expect(textOf(rowsOf(tableOf(page, 'methods'))[1]!)).toMatch(
      /^erm 50\.0 % ± 0\.0 \(Y=0\)\(Z=0\) \(1 of 2\), \(Y=1\)\(Z=0\) \(1 of 2\) 98\.8 % ± 0\.0 .* 2 1,234/,
    );
    expect(exactNumbers(page).has(0.625)).toBe(true);
    expect(exactNumbers(page).has(Math.sqrt(2 * 0.125 ** 2))).toBe(true);
  });
});

describe('what was not measured', () => {
  it('is a dash with its reason, in the table and the chart, and never the best', () => {
    const page = renderReport(withMethods({ erm: lacking, camel }));
    const [, first, second] = rowsOf(tableOf(page, 'methods'));
    const why = '– no images of even, zigzag';
    expect(textOf(first!)).toBe(`erm ${why} 98.8 % ${why} ${why} 1,234 1 min 2 s`);
    expect(second).not.toContain('best"><data value="0.924"');
    expect(tableOf(page, 'methods').match(/class="worst best"/g)).toBeNull();
    expect(textOf(page)).toContain('even, zigzag 0 to 1,001 test images');
    expect(textOf(renderReport(withMethods({ erm: lacking })))).toContain(
      'even, zigzag 0 test images erm erm, even, zigzag: – –',
    );
  });
});
