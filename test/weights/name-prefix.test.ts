import { describe, expect, it } from 'vitest';
import { possiblePrefixes, withoutPrefix } from '../../src/weights/name-prefix.ts';

describe('prefixes of names', () => {
  it('are those that all share, and those of wrappers', () => {
    expect(possiblePrefixes(['a.b.c', 'a.b.d'])).toEqual(['a.', 'a.b.']);
    expect(possiblePrefixes(['a.b.c', 'a.d'])).toEqual(['a.']);
    expect(possiblePrefixes(['module.model.c', 'head.c'])).toEqual(['module.', 'module.model.']);
    expect(possiblePrefixes(['conv/kernel', 'conv/bias'])).toEqual([]);
    expect(possiblePrefixes(['a', 'b.c'])).toEqual([]);
    expect(possiblePrefixes([])).toEqual([]);
  });

  it('are few, whatever a file calls its tensors', () => {
    const words = ['module', 'model', 'net', 'encoder'];
    const names = Array.from({ length: 4 ** 5 }, (_, i) =>
      [0, 1, 2, 3, 4]
        .map((digit) => words[(i >> (2 * digit)) & 3]!)
        .concat('weight')
        .join('.'),
    );
    expect(possiblePrefixes(names)).toHaveLength(32);
    expect(possiblePrefixes(['module.'.repeat(1e5)]).length).toBeLessThan(9);
  });

  it('leave the tensors that have them, each with the one that it was', () => {
    const stored = ['module.a', 'b', 'module.'].map((name) => {
      return { name, shape: [], type: null, bytes: new Uint8Array(0) };
    });
    const without = [...withoutPrefix(stored, 'module.')];
    expect(without.map(([{ name }, original]) => [name, original])).toEqual([
      ['a', stored[0]],
      ['', stored[2]],
    ]);
  });
});
