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

  const names = (text: string, columns: readonly string[]) =>
    readCsv(text, 't.csv', columns, (v) => ({ _tag: 'Right', right: v.join('|') }));

  it('passes an index over, with or without a name, counted by the header or not', () => {
    expect(right(names(',f,y\n0,a,1\n1,b,0\n', ['f', 'y']))).toEqual(['a|1', 'b|0']);
    expect(right(names('f,y\n"1",a,1\n"2",b,0\n', ['f', 'y']))).toEqual(['a|1', 'b|0']);
    expect(right(names('f,y,\na,1,\nb,0,\n', ['f', 'y']))).toEqual(['a|1', 'b|0']);
    expect(right(names(',Unnamed: 0,,f\n0,0,0,a\n', ['f']))).toEqual(['a']);
    expect(right(names(' f , y\na,1\n', ['f', 'y']))).toEqual(['a|1']);
  });

  it('may want the column without a name', () => {
    expect(right(names(',y\na.png,1\n', ['', 'y']))).toEqual(['a.png|1']);
    expect(right(names('y,z\na.png,1,0\n', ['', 'z']))).toEqual(['a.png|0']);
    expect(left(names('y,z\n1,0\n', ['', 'z']))).toMatchObject({
      where: 't.csv, line 1',
      expected: 'a column without a name',
    });
  });

  it('takes no row of another length for an index', () => {
    const broken = left(names('f,y\na,1,2\nb,0\n', ['f', 'y']));
    expect(broken).toMatchObject({
      where: 't.csv, line 2',
      expected: '2 fields, as in the header',
      found: '3',
    });
    expect(left(names('f,y\n1,a,0\nb,0\n', ['f', 'y']))).toMatchObject({
      where: 't.csv, line 3',
      expected: '2 fields, as in the header and an index before them, as in the first row',
    });
    expect(left(names('f,y\n1,a,\n', ['f', 'y'])).cure).toContain('delimiter at the end of the lines');
  });

  it.each([
    [',', 'comma'],
    [';', 'semicolon'],
    ['\t', 'tab'],
  ])('names the delimiter %j that should be after a quoted field', (delimiter, name) => {
    const text = 'a,b\n"1"x,2\n'.replaceAll(',', delimiter);
    const error = left(readCsv(text, 't.csv', ['a'], (values) => ({ _tag: 'Right', right: values })));
    expect(error.expected).toBe(`a ${name} or the end of the line after a quoted field`);
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
