import * as tf from '@tensorflow/tfjs';
import { expect, it } from 'vitest';
import { joined, parted } from '../../src/gan/cyclegan-passes.ts';

it('weights of two networks are joined under their names and parted again, statistics put back', () => {
  tf.tidy(() => {
    const [one, two, three, mean] = [tf.scalar(1), tf.scalar(2), tf.scalar(3), tf.scalar(4)];
    const networks = {
      source: { trainable: { 'dense/kernel': one, bias: two }, statistics: { mean } },
      sourceOfOther: { trainable: { bias: three }, statistics: {} },
    };
    const all = joined(networks);
    expect(Object.keys(all)).toEqual(['source/dense/kernel', 'source/bias', 'sourceOfOther/bias']);
    const back = parted(all, { source: { mean }, sourceOfOther: {} });
    expect(Object.keys(back)).toEqual(['source', 'sourceOfOther']);
    expect(back.source.trainable['dense/kernel']).toBe(one);
    expect(back.source.trainable['bias']).toBe(two);
    expect(back.source.statistics['mean']).toBe(mean);
    expect(back.sourceOfOther.trainable).toEqual({ bias: three });
    expect(Object.keys(back.source.trainable)).toHaveLength(2);
  });
});
