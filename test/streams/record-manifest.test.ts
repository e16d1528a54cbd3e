import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { settingsHash } from '../../src/streams/record-manifest.ts';

const root = mkdtempSync(join(tmpdir(), 'record-files-'));

afterAll(() => rmSync(root, { recursive: true }));

describe('settingsHash', () => {
  it('tells settings apart, but not the order of keys', () => {
    expect(settingsHash({ a: 1, b: [1, 2] })).toBe(settingsHash({ b: [1, 2], a: 1 }));
    const others = [{ a: 1, b: [2, 1] }, { a: 1 }, [1], null, 'a', undefined, {}].map(settingsHash);
    expect(new Set([...others, settingsHash({ a: 1, b: [1, 2] })]).size).toBe(8);
  });
});
