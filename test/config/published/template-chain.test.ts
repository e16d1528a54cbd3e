import { either as E } from 'fp-ts';
import { describe, expect, it } from 'vitest';
import { experimentFromTexts } from '../../../src/config/index.ts';
import { formatDataError } from '../../../src/data/data-error.ts';

describe('templates', () => {
  const child = 'prefix: robust\nparent_template: t/one.yaml\nn_epochs: 3';
  it('complete a file, and each other', async () => {
    const texts = {
      'c.yaml': child,
      't/one.yaml': 'parent_template: two.yaml\nbatch_size: 64\nn_epochs: 9',
      't/two.yaml': 'parent_template: None\nbatch_size: 2\nseed: 8',
    };
    const loaded = await experimentFromTexts('c.yaml', texts);
    if (E.isLeft(loaded)) throw new Error(formatDataError(loaded.left[0]!));
    expect(loaded.right.experiment).toMatchObject({ seed: 8, training: { epochs: 3, batchSize: 64 } });
    expect(loaded.right.notices[0]).toBe('completed by t/one.yaml, t/two.yaml');
  });

  it('are found by their name in a folder above', async () => {
    const texts = { 'template_robust_training.yaml': 'seed: 9', 'a/b/c.yaml': 'prefix: robust' };
    const loaded = await experimentFromTexts('a/b/c.yaml', texts);
    if (E.isLeft(loaded)) throw new Error(formatDataError(loaded.left[0]!));
    expect(loaded.right.experiment.seed).toBe(9);
  });

  it.each([
    [
      'a cycle',
      { 'c.yaml': child, 't/one.yaml': 'parent_template: ../c.yaml' },
      'c.yaml → t/one.yaml → c.yaml',
    ],
    [
      'an escape',
      { 'c.yaml': child, 't/one.yaml': 'parent_template: ../../x' },
      'a file below the working folder',
    ],
    ['none', { 'c.yaml': child }, 'c.yaml:2:18: expected the file t/one.yaml, found none'],
  ])('%s is refused', async (_, texts, expected) => {
    const loaded = await experimentFromTexts('c.yaml', texts);
    if (E.isRight(loaded)) throw new Error('expected a fault');
    expect(formatDataError(loaded.left[0]!)).toContain(expected);
  });
});
