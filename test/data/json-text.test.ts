import { describe, expect, it } from 'vitest';
import { jsonValue } from '../../src/data/json-text.ts';

const nested = (levels: number, open = '[', close = ']'): string =>
  open.repeat(levels) + close.repeat(levels);

describe('JSON from outside', () => {
  it('is what the parser makes of it', () => {
    const values = {
      a: [1, { b: null }],
      c: '[[[ "quoted" \\ {{{',
      d: Array.from({ length: 500 }, () => [0]),
    };
    expect(jsonValue(JSON.stringify(values))).toEqual(values);
    expect(() => jsonValue('{"a"')).toThrow(SyntaxError);
  });

  it('nests no deeper than 200 levels, brackets in strings left out', () => {
    expect(jsonValue(nested(200))).toHaveLength(1);
    for (const text of [nested(201), nested(100_000), nested(201, '{"a":[', ']}'), '['.repeat(100_000)])
      expect(() => jsonValue(text)).toThrow('deeper than 200');
    const quoted = '['.repeat(100_000);
    expect(jsonValue(JSON.stringify([`"${quoted}\\`]))).toEqual([`"${quoted}\\`]);
  });
});
