import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, it } from 'vitest';
import { registerLayers } from '../../src/layers/register-layers.ts';
import { networkFromModel } from '../../src/models/network-from-model.ts';
import { foldKey, normal, randomKey } from '../../src/random/random.ts';
import { useBackend } from '../support/backend.ts';
import { expectClose } from '../support/fixture.ts';
import { builders, numbersOf } from '../models/small-builders.ts';

const draw = (name: string, shape: number[]): tf.Tensor =>
  tf.tensor(normal(foldKey(randomKey(8), name), tf.util.sizeFromShape(shape)), shape);

beforeAll(() => useBackend('wasm'));

it('a saved generator is loaded again with the same weights and output', async () => {
  const network = builders['resnetGenerator']!.build(5);
  let artifacts: tf.io.ModelArtifacts | undefined;
  await network.model.save(
    tf.io.withSaveHandler((saved) => {
      artifacts = saved;
      return Promise.resolve({ modelArtifactsInfo: tf.io.getModelArtifactsInfoForJSON(saved) });
    }),
  );
  registerLayers();
  const loaded = networkFromModel(await tf.loadLayersModel(tf.io.fromMemory(artifacts!)));
  expect(numbersOf(loaded)).toEqual(numbersOf(network));
  tf.tidy(() => {
    const x = draw('x', [2, 8, 8, 2]);
    expectClose(loaded.forward(x, { mode: 'infer' }).output, network.forward(x, { mode: 'infer' }).output, 0);
  });
  expect(Object.keys(loaded.weights().trainable)).toEqual(Object.keys(network.weights().trainable));
  [loaded, network].forEach(({ model }) => model.dispose());
});
