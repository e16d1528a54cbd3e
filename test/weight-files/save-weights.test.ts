import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { networkFromModel } from '../../src/models/network-from-model.ts';
import type { Network } from '../../src/models/network.ts';
import { assignWeights, saveWeights } from '../../src/weight-files/save-weights.ts';
import { useBackend } from '../support/backend.ts';

const folder = mkdtempSync(join(tmpdir(), 'model-patching-bad-weights-'));

let network: Network;

beforeAll(async () => {
  await useBackend('cpu');
  const layers = [tf.layers.dense({ name: 'out', units: 3, inputShape: [2] })];
  network = networkFromModel(tf.sequential({ layers }));
});

afterAll(() => {
  network.model.dispose();
  rmSync(folder, { recursive: true });
});

describe('misuse by a program', () => {
  it('throws for an unknown ending and for weights of another network', async () => {
    await expect(saveWeights(join(folder, 'weights.pt'), network)).rejects.toThrow('received');
    const other = { trainable: { 'out/kernel': tf.zeros([2, 2]) }, statistics: {} };
    expect(() => assignWeights(network, other)).toThrow('expected out/kernel of shape [2, 3]');
    tf.dispose(other.trainable);
  });
});
