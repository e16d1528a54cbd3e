import { either as E } from 'fp-ts';
import fc from 'fast-check';
import * as t from 'io-ts';
import { describe, expect, it } from 'vitest';
import { formatDataError } from '../../src/data/data-error.ts';
import { decodeJson, json } from '../../src/config/index.ts';
import { lines } from './decoded-lines.ts';

describe('JSON', () => {
  it('is what JSON returns unchanged', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(json.is(JSON.parse(JSON.stringify(value)))).toBe(true);
      }),
    );
    for (const value of [
      undefined,
      Number.NaN,
      Infinity,
      new Date(0),
      new Map(),
      [undefined],
      { a: () => 0 },
      1n,
    ])
      expect(json.is(value)).toBe(false);
  });

  it('of a file that is none is one line', () => {
    const decoded = decodeJson(t.number, '{\n"a":\nx}', 'file');
    if (E.isRight(decoded)) throw new Error('expected a fault');
    expect(decoded.left.map(formatDataError).join('|')).toMatch(
      /^file: expected JSON, found Unexpected token [^\n]*; restore the file or delete it$/,
    );
  });

  it('found in place of something else is cut', () => {
    expect(lines(t.number, 'x'.repeat(1000))[0]!.length).toBeLessThan(140);
  });
});
