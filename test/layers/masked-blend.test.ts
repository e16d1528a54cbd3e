import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { MaskedBlend, maskedBlend } from '../../src/layers/masked-blend.ts';
import { registerLayers } from '../../src/layers/register-layers.ts';
import { foldKey, normal, randomKey } from '../../src/random/random.ts';
import { useBackend } from '../support/backend.ts';
import { directionalError } from '../support/finite-difference.ts';
import { expectClose } from '../support/fixture.ts';

const draw = (name: string, shape: [number, number, number, number]): tf.Tensor4D =>
  tf.tensor4d(normal(foldKey(randomKey(3), name), tf.util.sizeFromShape(shape)), shape);

describe.each(['wasm', 'cpu'] as const)('masked blend on %s', (backend) => {
  beforeAll(() => useBackend(backend));

  it('is x + m·(tanh(h₂) − x), m = σ(h₁ − 1), with the noise left out', () => {
    tf.tidy(() => {
      const [input, drawing] = [draw('input', [2, 3, 2, 5]), draw('drawing', [2, 3, 2, 3])];
      const [x, h] = [input.dataSync(), drawing.dataSync()];
      const expected = Array.from({ length: 24 }, (_, i) => {
        const [pixel, channel] = [Math.floor(i / 2), i % 2];
        const mask = 1 / (1 + Math.exp(1 - h[3 * pixel]!));
        const own = x[5 * pixel + channel]!;
        return own + mask * (Math.tanh(h[3 * pixel + 1 + channel]!) - own);
      });
      expectClose(maskedBlend(input, drawing).dataSync(), expected, 1e-6);
    });
  });

  it.each([
    [1, 0],
    [3, 2],
  ])('has the gradient of its finite differences, %i channels and %i planes of noise', (channels, noise) => {
    const input = draw('input', [2, 3, 3, channels + noise]);
    const drawing = draw('drawing', [2, 3, 3, 1 + channels]);
    const loss = (x: tf.Tensor, h: tf.Tensor): tf.Scalar =>
      maskedBlend(x as tf.Tensor4D, h as tf.Tensor4D)
        .square()
        .sum();
    expect(directionalError(loss as never, [input, drawing])).toBeLessThan(1e-3);
    tf.dispose([input, drawing]);
  });

  it('gives its memory back', () => {
    const [input, drawing] = [draw('input', [1, 2, 2, 1]), draw('drawing', [1, 2, 2, 2])];
    const before = tf.memory().numTensors;
    const gradients = tf.grads((x: tf.Tensor, h: tf.Tensor) =>
      maskedBlend(x as tf.Tensor4D, h as tf.Tensor4D).sum(),
    )([input, drawing]);
    tf.dispose(gradients);
    expect(tf.memory().numTensors).toBe(before);
    tf.dispose([input, drawing]);
  });

  it('is found again in a saved model', async () => {
    registerLayers();
    const input = tf.input({ shape: [2, 2, 2] });
    const drawing = tf.layers.conv2d({ filters: 2, kernelSize: 1 }).apply(input) as tf.SymbolicTensor;
    const output = new MaskedBlend({ name: 'blend' }).apply([input, drawing]) as tf.SymbolicTensor;
    const model = tf.model({ inputs: input, outputs: output });
    const loaded = await tf.models.modelFromJSON(JSON.parse(String(model.toJSON())));
    expect(loaded.outputs[0]!.shape).toEqual([null, 2, 2, 1]);
    [model, loaded].forEach((each) => each.dispose());
  });

  it('says both shapes where they do not fit', () => {
    expect(() => maskedBlend(tf.zeros([1, 2, 2, 1]), tf.zeros([1, 2, 2, 3]))).toThrow(
      'input: expected [1, 2, 2, at least 2], received [1, 2, 2, 1]',
    );
  });
});
