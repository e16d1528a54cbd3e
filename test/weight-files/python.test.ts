import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs';
import { either as E } from 'fp-ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatDataError } from '../../src/data/data-error.ts';
import { decodeKerasHdf5, encodeKerasHdf5 } from '../../src/weights/keras-hdf5.ts';
import { storedValues } from '../../src/weights/stored-weight.ts';
import type { Network } from '../../src/models/network.ts';
import { publishedDiscriminator, publishedGenerator } from '../../src/models/published.ts';
import { resnet50 } from '../../src/models/resnet50.ts';
import { loadWeights, type LoadedWeights } from '../../src/weight-files/load-weights.ts';
import { modelOnDisk } from '../../src/weight-files/layers-model.ts';
import { saveWeights } from '../../src/weight-files/save-weights.ts';
import { useBackend } from '../support/backend.ts';
import { expectClose } from '../support/fixture.ts';
import { sineImages, weightFile, weightJson, type Outputs } from '../support/weight-fixtures.ts';

const python = process.env['MODEL_PATCHING_PYTHON'];
if (python === undefined)
  console.log(
    'Files written here are not read by Python Keras: set MODEL_PATCHING_PYTHON to a Python with tensorflow 2.15.',
  );

const keras = weightJson<{ outputs: Readonly<Record<string, Outputs>> }>('weights.json').outputs;

const NETWORKS: Readonly<Record<string, { build: () => Network; input: [number, number, number] }>> = {
  resnet50: {
    build: () => resnet50({ inputShape: [32, 32, 3], classes: 10, width: 1 / 32, seed: 5 }),
    input: [32, 32, 3],
  },
  generator: {
    build: () => publishedGenerator([28, 28, 1], { width: 1 / 16, seed: 5 }),
    input: [28, 28, 1],
  },
  discriminator: {
    build: () => publishedDiscriminator([28, 28, 1], { normalization: 'instance', width: 1 / 16, seed: 5 }),
    input: [28, 28, 1],
  },
};

function loaded(result: Awaited<ReturnType<typeof loadWeights>>): LoadedWeights {
  if (E.isLeft(result)) throw new Error(formatDataError(result.left));
  return result.right;
}

const script = fileURLToPath(new URL('../fixtures/weights/keras_weights.py', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'model-patching-weights-'));
beforeAll(() => useBackend('wasm'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Loads a fixture into a fresh network and hands both to `use`; checks that nothing is left. */
async function withFixture(
  name: string,
  file: string,
  use: (network: Network, result: LoadedWeights, output: () => tf.Tensor) => Promise<void> | void,
): Promise<void> {
  const { build, input } = NETWORKS[name]!;
  const before = tf.memory().numTensors;
  const network = build();
  const result = loaded(await loadWeights(weightFile(file), network));
  const x = sineImages(...input);
  await use(network, result, () => network.forward(x, { mode: 'infer', weights: result.weights }).output);
  tf.dispose([x, result.weights.trainable, result.weights.statistics]);
  network.model.dispose();
  expect(tf.memory().numTensors).toBe(before);
}

describe('files of Python Keras', () => {
  it.each([
    ['resnet50', 'resnet50.h5.gz', 'hdf5', 'classification-models'],
    ['generator', 'generator.h5.gz', 'hdf5', 'order'],
    ['generator', 'generator.npz', 'npz', 'order'],
    ['discriminator', 'discriminator.h5.gz', 'hdf5', 'order'],
    ['discriminator', 'discriminator.npz', 'npz', 'order'],
  ])('%s from %s gives the outputs that Keras has', async (name, file, format, mapping) => {
    await withFixture(name, file, (network, { report }, output) => {
      expect(report).toMatchObject({ format, mapping, kept: [], unused: [] });
      expect(report.loaded).toHaveLength(network.model.weights.length);
      const y = output();
      expect(y.shape).toEqual(keras[name]!.shape);
      expectClose(y, keras[name]!.values, 1e-5, name);
      y.dispose();
    });
  });

  it('the comparison notices one exchanged pair of weights of the same shape', async () => {
    await withFixture('resnet50', 'resnet50.h5.gz', (_, { weights: { trainable } }, output) => {
      const names = ['stage1_unit1_bn2/gamma', 'stage1_unit1_bn2/beta'] as const;
      const exchanged = trainable as Record<string, tf.Tensor>;
      [exchanged[names[0]], exchanged[names[1]]] = [exchanged[names[1]]!, exchanged[names[0]]!];
      const y = output();
      expect(() => expectClose(y, keras['resnet50']!.values, 1e-3)).toThrow('largest difference');
      y.dispose();
    });
  });
});

describe('files written here', () => {
  it.each(['h5', 'npz', 'safetensors', 'json'])('come back from .%s bit for bit', async (ending) => {
    for (const name of Object.keys(NETWORKS)) {
      await withFixture(name, `${name}.h5.gz`, async (network, { weights }) => {
        const path = join(folder, `${name}.${ending}`);
        await saveWeights(path, network, weights);
        const again = loaded(await loadWeights(path, network));
        expect(again.report).toMatchObject({ mapping: 'names', kept: [], unused: [] });
        for (const part of ['trainable', 'statistics'] as const) {
          expect(Object.keys(again.weights[part])).toEqual(Object.keys(weights[part]));
          for (const [key, tensor] of Object.entries(weights[part]))
            expect(again.weights[part][key]!.dataSync(), key).toEqual(tensor.dataSync());
        }
        tf.dispose([again.weights.trainable, again.weights.statistics]);
      });
    }
  });

  it('model.json makes the same model again, custom layers included', async () => {
    await withFixture('discriminator', 'discriminator.h5.gz', async (network, { weights }, output) => {
      const path = join(folder, 'made', 'model.json');
      await saveWeights(path, network, weights);
      const model = await tf.loadLayersModel(modelOnDisk(path));
      await model.save(modelOnDisk(join(folder, 'again', 'model.json')));
      const again = await tf.loadLayersModel(modelOnDisk(join(folder, 'again', 'model.json')));
      const x = sineImages(28, 28, 1);
      const [expected, ...found] = [output(), model.predict(x), again.predict(x)] as tf.Tensor[];
      for (const y of found) expectClose(y, expected!, 1e-6);
      tf.dispose([x, expected!, ...found]);
      model.dispose();
      again.dispose();
    });
  });

  it.runIf(python !== undefined)(
    'are read by Keras with equal outputs',
    async () => {
      for (const name of Object.keys(NETWORKS)) {
        await withFixture(name, `${name}.h5.gz`, async (network, { weights }) => {
          const path = join(folder, `${name}-for-keras.h5`);
          await saveWeights(path, network, weights);
          // The published generator and discriminator nest their blocks, which Keras counts as one layer each.
          const how = name === 'resnet50' ? 'outputs' : 'in-order';
          const printed = execFileSync(python!, [script, how, name, path], { encoding: 'utf8' });
          const { shape, values } = JSON.parse(printed.trim().split('\n').at(-1)!) as Outputs;
          expect(shape).toEqual(keras[name]!.shape);
          expectClose(values, keras[name]!.values, 1e-5, name);
        });
      }
    },
    300_000,
  );

  it.runIf(python !== undefined)(
    'are read by Keras by the names of the layers',
    () => {
      const decoded = decodeKerasHdf5(weightFile('resnet50.h5.gz'), 'resnet50.h5');
      if (E.isLeft(decoded)) throw new Error(decoded.left.found);
      const layers = [...new Set(decoded.right.map(({ layer }) => layer!))].map((name) => ({
        name,
        weights: decoded.right
          .filter(({ layer }) => layer === name)
          .map((weight) => ({
            name: weight.name.replace(':0', ''),
            shape: weight.shape,
            values: storedValues(weight),
          })),
      }));
      const path = join(folder, 'by-name.h5');
      writeFileSync(path, Buffer.concat(encodeKerasHdf5(layers.reverse())));
      const printed = execFileSync(python!, [script, 'by-name', 'resnet50', path], { encoding: 'utf8' });
      const { values } = JSON.parse(printed.trim().split('\n').at(-1)!) as Outputs;
      expectClose(values, keras['resnet50']!.values, 1e-6);
    },
    300_000,
  );
});
