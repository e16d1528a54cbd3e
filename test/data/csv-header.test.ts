import { describe, expect, it } from 'vitest';
import { DELIMITERS, type Delimiter } from '../../src/data/csv-header.ts';
import { readCsv } from '../../src/data/csv.ts';
import { left, right } from './described.ts';

const names = (text: string, columns: readonly string[], delimiter?: Delimiter) =>
  readCsv(text, 't.csv', columns, (v) => ({ _tag: 'Right', right: v.join('|') }), {
    ...(delimiter !== undefined && { delimiter }),
  });

describe('the header of a table', () => {
  it('finds semicolons and tabs by the columns that are wanted', () => {
    for (const letter of Object.values(DELIMITERS)) {
      const others = Object.values(DELIMITERS).filter((each) => each !== letter);
      const text = [`f${letter}y${letter}"z"`, `a.png${letter}0${letter}"1${others.join('')}"`].join('\r\n');
      expect(right(names(text, ['z', 'f']))).toEqual([`1${others.join('')}|a.png`]);
    }
    expect(right(names('sep=;\nf;y\na,b;1\n', ['f', 'y']))).toEqual(['a,b|1']);
    expect(right(names('f;x,y\na;1\n', ['f'], 'semicolon'))).toEqual(['a']);
    expect(left(names('f;y\na;1\n', ['f'], 'comma'))).toMatchObject({
      found: 'one column, f;y',
      cure: 'let the delimiter be found, or say semicolon',
    });
    expect(left(names('sep=;\nf;y\na;1;2\n', ['f']))).toMatchObject({ where: 't.csv, line 3', found: '3' });
    expect(left(names('f;y\na;1\n', ['f', 'z'])).found).toBe('the columns f, y, separated by semicolons');
  });

  it('says which column is nearly the wanted one', () => {
    expect(left(names('File Name,y\na,1\n', ['file_name'])).cure).toContain('("File Name"?)');
  });
});
