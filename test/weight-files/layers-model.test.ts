import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { either as E } from 'fp-ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DataError } from '../../src/data/data-error.ts';
import { networkFromModel } from '../../src/models/network-from-model.ts';
import type { Network } from '../../src/models/network.ts';
import { describeWeightReport, loadWeights } from '../../src/weight-files/load-weights.ts';
import { modelOnDisk } from '../../src/weight-files/layers-model.ts';
import { useBackend } from '../support/backend.ts';

const folder = mkdtempSync(join(tmpdir(), 'model-patching-bad-weights-'));

const file = (name: string, contents: string | Uint8Array): string => {
  writeFileSync(join(folder, name), contents);
  return join(folder, name);
};

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

async function fault(source: string | Uint8Array): Promise<DataError> {
  const before = tf.memory().numTensors;
  const result = await loadWeights(source, network);
  if (E.isRight(result)) throw new Error('a fault expected');
  expect(tf.memory().numTensors, 'tensors left behind').toBe(before);
  return result.left;
}

describe('a model.json is refused', () => {
  const good = {
    modelTopology: {},
    weightsManifest: [
      {
        paths: ['good.bin'],
        weights: [
          { name: 'out/kernel', shape: [2, 3], dtype: 'float32' },
          { name: 'out/bias', shape: [3], dtype: 'float32' },
        ],
      },
    ],
  };
  const withPaths = (...paths: string[]): string =>
    JSON.stringify({ ...good, weightsManifest: [{ ...good.weightsManifest[0], paths }] });

  it('unless everything is there', async () => {
    file('good.bin', new Uint8Array(36));
    file('long.bin', new Uint8Array(40));
    const path = file('model.json', JSON.stringify(good));
    const result = await loadWeights(path, network);
    expect(E.isRight(result) && describeWeightReport(result.right.report)).toEqual([
      '2 of 2 weights loaded from tfjs, matched by names',
    ]);
    if (E.isRight(result)) tf.dispose([result.right.weights.trainable]);

    const cases: [string, string][] = [
      ['{', 'other contents'],
      ['{"modelTopology": {}}', 'other contents'],
      [withPaths('../good.bin'), '"../good.bin"'],
      [withPaths('..'), '".."'],
      [withPaths('/etc/passwd'), '"/etc/passwd"'],
      [withPaths('none.bin'), 'none'],
      [withPaths('long.bin'), 'at least 40'],
      [withPaths('good.bin', 'good.bin'), 'at least 72'],
      [withPaths(), '0'],
      [JSON.stringify(good).replace('[2,3]', '[2,-3]'), 'a negative one'],
      [JSON.stringify(good).replace('[2,3]', '[4e8,4e8]'), '640000000000000012'],
      [JSON.stringify(good).replace('"float32"', '"string"'), 'other contents'],
    ];
    for (const [text, found] of cases) {
      const error = await fault(file('bad.json', text));
      expect(error.found.startsWith(found.slice(0, 12)), `${text}: ${error.found}`).toBe(true);
    }
    await expect(modelOnDisk(file('bad.json', withPaths('none.bin'))).load!()).rejects.toThrow(
      'expected a file of weights, found none; save the model again',
    );
  });
});

describe('a model.json that names no files', () => {
  const manifest = (...paths: readonly string[]): string =>
    JSON.stringify({
      modelTopology: {},
      weightsManifest: [{ paths, weights: [{ name: 'out/kernel', shape: [2, 3], dtype: 'float32' }] }],
    });
  const found = async (...paths: readonly string[]): Promise<DataError> => {
    file('one.bin', new Uint8Array(12));
    const loaded = await loadWeights(file('names.json', manifest(...paths)), network);
    if (E.isRight(loaded)) throw new Error('expected an error');
    return loaded.left;
  };

  it.each([
    ['the folder', ['']],
    ['the folder again', ['.']],
    ['a name that is longer than any', ['x'.repeat(300)]],
    ['a zero byte', ['a\0b']],
  ])('is refused: %s', async (_, paths) => {
    expect((await found(...paths)).expected).toBe('weight files in its own folder');
  });

  it('is refused if it names a file twice', async () => {
    expect(await found('one.bin', 'one.bin')).toMatchObject({ expected: 'every weight file once' });
  });

  it('is refused if the sizes of its weights are no number', async () => {
    const weights = [{ name: 'out/kernel', shape: [1e308, 1e308, 0], dtype: 'float32' }];
    const path = file(
      'sizes.json',
      JSON.stringify({ modelTopology: {}, weightsManifest: [{ paths: [], weights }] }),
    );
    const loaded = await loadWeights(path, network);
    expect(loaded).toMatchObject({ left: { found: 'NaN' } });
  });
});
