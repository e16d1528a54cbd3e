import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import * as fc from 'fast-check';
import { afterAll, beforeAll, it } from 'vitest';
import { networkFromModel } from '../../src/models/network-from-model.ts';
import type { Network } from '../../src/models/network.ts';
import { decodeNpz } from '../../src/weight-files/npz.ts';
import { useBackend } from '../support/backend.ts';
import { weightFile } from '../support/weight-fixtures.ts';

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

it('a damaged archive is a value, never an exception', () => {
  const good = Buffer.from(weightFile('discriminator.npz'));
  const changes = fc.array(
    fc.tuple(
      fc.oneof(fc.nat(good.length - 1), fc.integer({ min: good.length - 1000, max: good.length - 1 })),
      fc.nat(255),
    ),
    { minLength: 1, maxLength: 10 },
  );
  fc.assert(
    fc.property(changes, (drawn) => {
      const bytes = Buffer.from(good);
      for (const [at, value] of drawn) bytes[at] = value;
      decodeNpz(bytes, 'w.npz', 2 ** 22);
    }),
    { seed: 5, numRuns: 300 },
  );
});
