import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { imageBatch } from '../../src/augmentation/images.ts';
import type { ForwardContext } from '../../src/models/network.ts';
import { multilayerPerceptron } from '../../src/models/small-classifiers.ts';
import { disposeTensors } from '../../src/tensor-tree.ts';
import { imageTensor } from '../../src/training/examples.ts';
import { forwardBatches } from '../../src/training/forward-batches.ts';
import { useBackend } from '../support/backend.ts';

beforeAll(() => useBackend('cpu'));

describe('forwardBatches', () => {
  const images = imageBatch(
    Float32Array.from({ length: 7 * 4 }, (_, i) => Math.sin(i)),
    [7, 2, 2, 1],
  );

  it('gives the outputs of one pass over all images, whatever the batch size', async () => {
    const network = multilayerPerceptron({ inputShape: [2, 2, 1], classes: 3, hidden: [5], seed: 1 });
    const whole = tf.tidy(() => network.forward(imageTensor(images), { mode: 'infer' }).output.dataSync());
    const before = tf.memory().numTensors;
    for (const batchSize of [1, 2, 3, 7, 100]) {
      const { values, shape } = await forwardBatches(images, { network, batchSize });
      expect(shape).toEqual([7, 3]);
      whole.forEach((value, i) => expect(values[i]).toBeCloseTo(value, 6));
    }
    expect(tf.memory().numTensors).toBe(before);
    network.model.dispose();
  });

  it('uses the weights and the mode that it is given, maps each output and tells its progress', async () => {
    const contexts: ForwardContext[] = [];
    const network = {
      forward: (x: tf.Tensor, context: ForwardContext) => {
        contexts.push(context);
        const { scale } = context.weights!.trainable;
        return { output: x.mul(scale!), statistics: { mean: x.mean() } };
      },
    };
    const weights = { trainable: { scale: tf.scalar(3) }, statistics: {} };
    const before = tf.memory().numTensors;
    const events: string[] = [];
    const { values, shape } = await forwardBatches(images, {
      network,
      context: { mode: 'translate', weights },
      batchSize: 3,
      map: (output) => output.sum([1, 2, 3]),
      onProgress: (done) => void events.push(`${done}`),
      pause: async () => void events.push('pause'),
    });
    expect(shape).toEqual([7]);
    values.forEach((value, i) =>
      expect(value).toBeCloseTo(3 * images.pixels.slice(4 * i, 4 * i + 4).reduce((sum, x) => sum + x, 0), 5),
    );
    expect(events).toEqual(['3', 'pause', '6', 'pause', '7', 'pause']);
    expect(contexts.map(({ mode }) => mode)).toEqual(['translate', 'translate', 'translate']);
    expect(tf.memory().numTensors).toBe(before);
    disposeTensors(weights);
  });

  it('refuses no images and half batches', async () => {
    const network = { forward: (x: tf.Tensor) => ({ output: x.clone(), statistics: {} }) };
    const none = imageBatch(new Float32Array(0), [0, 2, 2, 1]);
    await expect(forwardBatches(none, { network })).rejects.toThrow('images: expected at least one');
    await expect(forwardBatches(images, { network, batchSize: 1.5 })).rejects.toThrow('batchSize');
  });
});
