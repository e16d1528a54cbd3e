import * as tf from '@tensorflow/tfjs';
import { either as E } from 'fp-ts';
import { beforeAll, describe, expect, it } from 'vitest';
import { translationRecords } from '../../../src/experiment/translations/translation-records.ts';
import { randomKey } from '../../../src/random/random.ts';
import { useBackend } from '../../support/backend.ts';

const IMAGES = 20;
/** So large that 16 images are translated at once, whatever smaller batch size is set. */
const SIDE = 64;

const examples = Array.from({ length: IMAGES }, () => ({
  image: 'black' as never,
  label: 0,
  subgroup: 0,
  group: 0,
  split: 'train' as const,
}));

/** Gives back its plane of noise, in (−1, 1). */
const network = {
  forward: (x: tf.Tensor) => ({
    output: tf.tanh(x.slice([0, 0, 0, 1], [-1, -1, -1, 1])),
    statistics: {},
  }),
};

async function records(batchSize: number): Promise<readonly string[]> {
  const found: string[] = [];
  const translated = translationRecords({
    images: {
      shape: [SIDE, SIDE, 1],
      load: () => Promise.resolve(E.right(new Uint8Array(SIDE * SIDE))),
    } as never,
    examples,
    generator: {
      network: network as never,
      weights: { trainable: {}, statistics: {} },
      noise: { planes: 1, key: randomKey(4) },
    },
    settings: {
      mode: 'inference',
      batchSize,
      format: { kind: 'png' },
      shardSize: 100,
      skipDamaged: 0,
    } as never,
    key: randomKey(1),
    skipped: new Map(),
    context: { say: () => undefined, stopRequested: () => false } as never,
    onImages: () => undefined,
  });
  for await (const record of translated) found.push(Buffer.from(record).toString('base64'));
  return found;
}

describe('translations', () => {
  beforeAll(() => useBackend('wasm'));

  it('have noise of their own image, however many are translated at once', async () => {
    const inOne = await records(IMAGES);
    // Of 256 grey values two images may have the same one.
    expect(new Set(inOne).size).toBeGreaterThan(IMAGES / 2);
    expect(await records(4)).toEqual(inOne);
  });
});
