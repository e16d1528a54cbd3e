import { describe, expect, it } from 'vitest';
import { randomKey } from '../../src/random/random.ts';
import { orderByClass, stageOneClasses } from '../../src/training/stage-one-classes.ts';

/** Ten even and three odd source images, three even and ten odd target images. */
const labels = {
  source: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1],
  target: [0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1],
};

describe('classes of stage 1', () => {
  it('are counted by domain, and share a batch equally, the last ones with one image more', () => {
    const { domains } = stageOneClasses({ labels, batchSize: 5, steps: 1 });
    expect(domains.source).toEqual({ counts: [10, 3], shares: [2, 3] });
    expect(domains.target).toEqual({ counts: [3, 10], shares: [2, 3] });
    const ten = Array.from({ length: 10 }, (_, label) => label);
    const many = stageOneClasses({ labels: { source: ten, target: ten }, batchSize: 28, steps: 1 });
    expect(many.domains.source.shares).toEqual([2, 2, 3, 3, 3, 3, 3, 3, 3, 3]);
  });

  it.each([
    [{ batchSize: 1 }, 'batchSize: expected an integer ≥ 2, 1 of each class, received 1'],
    [
      { batchSize: 5, mix: { realInputs: 3, finalShare: 1, until: 0 } },
      'batchSize: expected an integer ≥ 6, 3 of each class, received 5',
    ],
    [
      { mix: { realInputs: 0, finalShare: 1, until: 0 } },
      'mix.realInputs: expected an integer ≥ 1, received 0',
    ],
    [
      { labels: { source: [0, 1], target: [] } },
      'labels: expected at least one of each domain, received none',
    ],
  ])('refuse %o', (options, message) => {
    expect(() => stageOneClasses({ labels, batchSize: 4, steps: 1, ...options })).toThrow(message);
  });

  it('that a domain lacks have no share of its batches', () => {
    const { domains } = stageOneClasses({
      labels: { source: [0, 0], target: [0, 2] },
      batchSize: 4,
      steps: 1,
    });
    expect(domains.source).toEqual({ counts: [2, 0, 0], shares: [4, 0, 0] });
    expect(domains.target).toEqual({ counts: [1, 0, 1], shares: [2, 0, 2] });
  });

  it('are in every batch in equal numbers, and every image once in a pass of its class', () => {
    const classes = stageOneClasses({ labels, batchSize: 4, steps: 10 });
    const at = orderByClass('source', classes, randomKey(3));
    const batches = Array.from({ length: 15 }, (_, step) => [...at(step)]);
    for (const batch of batches) expect(batch.map((i) => labels.source[i])).toEqual([0, 0, 1, 1]);
    // Five steps are a pass of the ten even images, three steps two passes of the three odd ones.
    const even = batches.slice(0, 5).flatMap((batch) => batch.slice(0, 2));
    expect([...even].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    const odd = batches.slice(0, 3).flatMap((batch) => batch.slice(2));
    expect([...odd.slice(0, 3)].sort()).toEqual([10, 11, 12]);
    expect([...odd.slice(3)].sort()).toEqual([10, 11, 12]);
  });

  it('that are scarce in the other domain have further images at the end of a batch', () => {
    const mix = { realInputs: 1, finalShare: 0.5, until: 0.5 };
    const classes = stageOneClasses({ labels, batchSize: 6, steps: 10, mix });
    const at = (domain: 'source' | 'target') => [...orderByClass(domain, classes, randomKey(3))(7)];
    expect(at('source').map((i) => labels.source[i])).toEqual([0, 0, 0, 1, 1, 1, 0, 0]);
    expect(at('target').map((i) => labels.target[i])).toEqual([0, 0, 0, 1, 1, 1, 1, 1]);
  });

  it('are found by the step number alone', () => {
    const classes = stageOneClasses({ labels, batchSize: 4, steps: 10 });
    const [one, other] = [1, 1].map(() => orderByClass('target', classes, randomKey(8)));
    expect([...one!(1000)]).toEqual([...other!(1000)]);
    expect([...orderByClass('target', classes, randomKey(9))(1000)]).not.toEqual([...one!(1000)]);
  });
});
