import { expect, it } from 'vitest';
import type { DataSettings } from '../../../src/config/schema/data-settings.ts';
import { dataKey } from '../../../src/experiment/study/study-data.ts';

const DIGITS = {
  kind: 'mnist-correlation',
  root: 'a',
  corruptionSeed: 1,
  drawSeed: 1,
  testImages: 5,
} as const;
const key = (changed: object = {}): string => dataKey({ ...DIGITS, ...changed } as unknown as DataSettings);

it('the digest of data is kept for all seeds and folders, and not for other settings', () => {
  expect(key({ root: 'b', corruptionSeed: 2, drawSeed: 2 })).toBe(key());
  expect(key({ testImages: 6 })).not.toBe(key());
});
