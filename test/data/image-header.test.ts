import { describe, expect, it } from 'vitest';
import { readImageHeader } from '../../src/data/image-header.ts';
import { bytesOf, cases } from './image-cases.ts';

describe('images by other programs', () => {
  it('say their size before they are decoded', () => {
    for (const { base64, shape } of cases) {
      const header = readImageHeader(bytesOf(base64).subarray(0, 800));
      if (header._tag === 'Left') throw new Error(JSON.stringify(header.left));
      expect([header.right.height, header.right.width, header.right.channels]).toEqual(shape);
    }
  });
});
