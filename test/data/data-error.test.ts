import { describe, expect, it } from 'vitest';
import { formatDataError, refuse } from '../../src/data/data-error.ts';

describe('a fault', () => {
  it('is one line', () => {
    const line = formatDataError({ where: 'a', expected: 'b', found: 'c', cure: 'd' });
    expect(line).toBe('a: expected b, found c; d');
  });

  it('quotes no more of a file than a person reads', () => {
    const long = 'x'.repeat(1_000_000);
    const fault = refuse('table', 'the column "y"', long, 'rename it');
    expect(fault).toMatchObject({ left: { where: 'table', found: `${'x'.repeat(2000)}…` } });
    expect(formatDataError({ where: long, expected: long, found: long, cure: long }).length).toBeLessThan(
      8100,
    );
  });
});
