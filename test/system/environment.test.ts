import * as tf from '@tensorflow/tfjs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { environmentFacts } from '../../src/system/environment.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

describe('the environment', () => {
  it('is told by versions and machine', async () => {
    const facts = await environmentFacts();
    expect(facts).toMatchObject({ tfjs: tf.version_core, node: process.versions.node });
    expect(facts['model-patching']).toMatch(/^\d+\.\d+\.\d+/);
    expect(facts['cores']).toBeGreaterThan(0);
    expect(Object.values(facts).every((value) => value !== '')).toBe(true);
  });
});
