import { describe, expect, it } from 'vitest';
import { didYouMean } from '../../src/config/index.ts';

describe('the nearest name', () => {
  it.each([
    ['sead', ', did you mean "seed"?'],
    ['SEED', ', did you mean "seed"?'],
    ['stepsize', ', did you mean "stepSize"?'],
    ['adjusment', ', did you mean "adjustment"?'],
    ['sede', ', did you mean "seed"?'],
    ['stpeSzie', ', did you mean "stepSize"?'],
    ['deed', ', did you mean "seed"?'],
    ['deeds', ''],
    ['x', ''],
    ['', ''],
  ])('to %s', (word, hint) => {
    expect(didYouMean(word, ['seed', 'stepSize', 'adjustment'])).toBe(hint);
  });

  it('is none where nothing is known', () => {
    expect(didYouMean('seed', [])).toBe('');
  });
});

it('a word as long as a file is near to none, at once', () => {
  const began = process.cpuUsage();
  expect(didYouMean('constructor'.repeat(20_000), ['seed', 'stepSize'])).toBe('');
  expect(process.cpuUsage(began).user).toBeLessThan(100_000);
});
