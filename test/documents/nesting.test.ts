import { expect, it } from 'vitest';
import { tooDeepLine } from '../../src/documents/nesting.ts';

it('no nesting that a configuration has is too deep', () => {
  expect(tooDeepLine('a:\n  - - b: [[{ c: [1] }]]\n    # [[[ in a comment\n')).toBeNull();
  expect(tooDeepLine(`a: 1\n${'  '.repeat(101)}b: 1`)).toBe(2);
});

it('keys in keys on one line are too deep, those in brackets are not', () => {
  expect(tooDeepLine(`a: 1\nb${': '.repeat(20_000)}`)).toBe(2);
  expect(tooDeepLine(`b: { ${'a: 1, '.repeat(200)} }`)).toBeNull();
  expect(tooDeepLine(`b: http://host:80/${'a:'.repeat(200)}`)).toBeNull();
});
