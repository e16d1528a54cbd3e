import { expect, it } from 'vitest';
import { tooDeepLine } from '../../src/documents/nesting.ts';

it('no nesting that a configuration has is too deep', () => {
  expect(tooDeepLine('a:\n  - - b: [[{ c: [1] }]]\n    # [[[ in a comment\n')).toBeNull();
  expect(tooDeepLine(`a: 1\n${'  '.repeat(101)}b: 1`)).toBe(2);
});
