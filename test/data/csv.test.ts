import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readCsv } from '../../src/data/csv.ts';
import { left, right } from './described.ts';

describe('CSV', () => {
  it('reads back whatever fields are written', () => {
    const quoted = (field: string) => `"${field.replaceAll('"', '""')}"`;
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r', 'é') }), fc.string())),
        fc.constantFrom('\n', '\r\n'),
        fc.boolean(),
        (rows, ending, mark) => {
          const lines = [['first', 'second'], ...rows].map((row) => row.map(quoted).join(','));
          const text = (mark ? '\ufeff' : '') + lines.join(ending) + ending;
          expect(
            right(readCsv(text, 't', ['second', 'first'], (v) => ({ _tag: 'Right', right: [v[1]!, v[0]!] }))),
          ).toEqual(rows);
        },
      ),
      { seed: 2, numRuns: 200 },
    );
  });

  it.each([
    ['a column that is missing', 'x,y\n1,2\n', 'line 1', 'the columns x, y'],
    ['a column that comes twice', 'a,a\n1,2\n', 'line 1', '"a" twice'],
    ['a line with another number of fields', 'a,b\n1,2\n"3\n4",5,6\n', 'line 3', '3'],
    ['a quote that is left open', 'a,b\n1,2\n"3,4\n', 'line 3', 'the end of the file'],
    ['text after a quoted field', 'a,b\n"1"x,2\n', 'line 2', '"x"'],
    ['an empty file', '', 't.csv', 'no rows'],
  ])('names %s', (_, text, where, found) => {
    const error = left(readCsv(text, 't.csv', ['a'], (values) => ({ _tag: 'Right', right: values })));
    expect(error.where).toContain(where);
    expect(error.found).toBe(found);
  });
});
