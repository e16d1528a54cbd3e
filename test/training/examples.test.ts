import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { imageBatch } from '../../src/augmentation/images.ts';
import type { ForwardContext } from '../../src/models/network.ts';
import { multilayerPerceptron } from '../../src/models/small-classifiers.ts';
import { randomIntegers, randomKey } from '../../src/random/random.ts';
import { disposeTensors } from '../../src/tensor-tree.ts';
import { gatherExamples, gatherImages, imageTensor } from '../../src/training/examples.ts';
import { forwardBatches } from '../../src/training/forward-batches.ts';
import { useBackend } from '../support/backend.ts';

beforeAll(() => useBackend('cpu'));

const bytes = (count: number, size: number) =>
  Uint8Array.from(randomIntegers(randomKey(1), count * size, 0, 256));

describe('gathering', () => {
  it('takes pixel, label and group of each place, whatever the image size', () => {
    const place = fc.record({
      shape: fc.tuple(...[6, 3, 3, 3].map((max) => fc.integer({ min: 1, max }))),
      draws: fc.array(fc.nat(), { maxLength: 9 }),
    });
    fc.assert(
      fc.property(place, ({ shape, draws }) => {
        const [count, height, width, channels] = shape as [number, number, number, number];
        const size = height * width * channels;
        const indices = draws.map((draw) => draw % count);
        const images = imageBatch(bytes(count, size), [count, height, width, channels]);
        const labels = Int32Array.from({ length: count }, (_, i) => 10 + i);
        const groups = Int32Array.from({ length: count }, (_, i) => 20 + i);
        const gathered = gatherExamples({ images, labels, groups }, indices);
        expect(gathered.images.shape).toEqual([indices.length, height, width, channels]);
        expect([...gathered.images.pixels]).toEqual(
          indices.flatMap((i) => [...images.pixels.slice(i * size, (i + 1) * size)]),
        );
        expect([...gathered.labels]).toEqual(indices.map((i) => 10 + i));
        expect([...gathered.groups]).toEqual(indices.map((i) => 20 + i));
      }),
      { seed: 1 },
    );
  });

  it('copies', () => {
    const images = imageBatch(Float32Array.of(1, 2), [2, 1, 1, 1]);
    const gathered = gatherImages(images, [1]);
    gathered.pixels[0] = 7;
    expect([...images.pixels]).toEqual([1, 2]);
    expect(gathered.pixels).toBeInstanceOf(Float32Array);
  });

  it.each([-1, 2, 0.5, NaN])('refuses place %d of two', (index) => {
    const images = imageBatch(new Uint8Array(2), [2, 1, 1, 1]);
    expect(() => gatherImages(images, [0, index])).toThrow(
      `indices: expected integers in [0, 2), received ${index}`,
    );
  });

  it('refuses images without labels or groups', () => {
    const images = imageBatch(new Uint8Array(2), [2, 1, 1, 1]);
    const [one, two] = [new Int32Array(1), new Int32Array(2)];
    expect(() => gatherExamples({ images, labels: one, groups: two }, [0])).toThrow(
      'labels, groups: expected 2, one an image, received 1 and 2',
    );
    expect(() => gatherExamples({ images, labels: two, groups: one }, [0])).toThrow('received 2 and 1');
  });

  it('makes a tensor of the same numbers', () => {
    const x = imageTensor(imageBatch(Float32Array.of(1, 2, 3, 4, 5, 6), [1, 3, 1, 2]));
    expect(x.arraySync()).toEqual([[[[1, 2]], [[3, 4]], [[5, 6]]]]);
    x.dispose();
  });
});

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
