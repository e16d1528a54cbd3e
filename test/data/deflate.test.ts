import { deflateRawSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { MOST_EXPANSION } from '../../src/data/deflate.ts';

it.each([20, 24, 26])('2^%i zeros, which pack best, come close to the bound and stay below it', (power) => {
  const expansion = 2 ** power / deflateRawSync(new Uint8Array(2 ** power), { level: 9 }).length;
  expect(expansion).toBeLessThan(MOST_EXPANSION);
  expect(expansion).toBeGreaterThan(0.95 * MOST_EXPANSION);
});
