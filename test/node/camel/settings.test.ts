import { either as E } from 'fp-ts';
import { describe, expect, it } from 'vitest';
import { formatDataError } from '../../../src/data/data-error.ts';
import { camelSettings, type CamelOptions } from '../../../src/node/camel/command-line.ts';
import { describeBudget } from '../../../src/node/camel/settings.ts';

const refused = (options: CamelOptions): string => {
  const decoded = camelSettings(options);
  return E.isLeft(decoded) ? formatDataError(decoded.left) : 'accepted';
};
const accepted = (options: CamelOptions) => {
  const decoded = camelSettings(options);
  if (E.isLeft(decoded)) throw new Error(formatDataError(decoded.left));
  return decoded.right;
};

describe('camelSettings', () => {
  it.each([
    [{ preset: 'fast' }, "--preset: expected one of smoke, quick, paper, found 'fast'; choose one of them"],
    [{ seed: '1.5' }, "--seed: expected a whole number, found '1.5'"],
    [{ seed: '' }, "--seed: expected a whole number, found ''"],
    [{ seed: '1e400' }, "--seed: expected a whole number, found '1e400'"],
    [{ width: '0' }, "--width: expected a factor above 0 and at most 4; 1 is as published, found '0'"],
    [{ width: 'NaN' }, "--width: expected a factor above 0 and at most 4; 1 is as published, found 'NaN'"],
    [{ steps: '0' }, "--steps: expected a whole number of at least 1, found '0'"],
    [{ stage1Steps: '-3' }, "--stage1-steps: expected a whole number of at least 1, found '-3'"],
    [
      { methods: 'erm,irm' },
      "--methods: expected some of erm, gdro, camel, separated by commas, found 'irm'",
    ],
    [{ methods: '' }, "--methods: expected some of erm, gdro, camel, separated by commas, found ''"],
    [{ translations: 'best' }, "--translations: expected one of cyclegan, true, identity, found 'best'"],
    [{ learningRate: '0' }, "--learning-rate: expected a number above 0, found '0'"],
    [{ weightDecay: '-1' }, "--weight-decay: expected a number of at least 0, found '-1'"],
    [{ rateFactor: 'Infinity' }, "--rate-factor: expected a number above 0, found 'Infinity'"],
    [{ splits: 'mine' }, "--splits: expected one of disjoint, published, found 'mine'"],
  ] as const)('%j is refused in one clear line', (options, line) => {
    expect(refused(options)).toContain(line);
    expect(refused(options)).not.toContain('\n');
  });

  it('quick is the default, with all methods and learnt translations', () => {
    expect(accepted({})).toMatchObject({
      preset: 'quick',
      seed: 0,
      methods: ['erm', 'gdro', 'camel'],
      translations: 'cyclegan',
    });
  });

  it('options override their preset and nothing else', () => {
    const plain = accepted({ preset: 'smoke' });
    const changed = accepted({
      preset: 'smoke',
      steps: '7',
      stage1Steps: '3',
      width: '0.5',
      seed: '-4',
      methods: 'camel,erm',
    });
    expect(changed).toEqual({
      ...plain,
      seed: -4,
      methods: ['erm', 'camel'],
      stage1: { ...plain.stage1, steps: 3, width: 0.5 },
      stage2: { ...plain.stage2, steps: 7, width: 0.5 },
    });
  });

  it('rates are changed for every method, λ for CAMEL', () => {
    const plain = accepted({ preset: 'paper' }).stage2.methods;
    const { erm, gdro, camel } = accepted({
      preset: 'paper',
      rateFactor: '25',
      weightDecay: '0',
      consistencyWeight: '1',
    }).stage2.methods;
    expect([erm.learningRate, gdro.learningRate, camel.learningRate]).toEqual([0.0025, 0.0125, 0.025]);
    expect(erm).toEqual({ ...plain.erm, learningRate: 0.0025, weightDecay: 0 });
    expect(camel).toEqual({ ...plain.camel, learningRate: 0.025, weightDecay: 0, consistencyWeight: 1 });
  });

  // The published hyperparameters of Goel et al. 2021 for MNIST-Correlation; 100,000 epochs of 8 steps, 200 of 200.
  it('paper has the published hyperparameters', () => {
    const { stage1, stage2, data } = accepted({ preset: 'paper' });
    expect(stage1).toMatchObject({
      steps: 800_000,
      width: 1,
      batchSize: 25,
      generatorLearningRate: 1e-3,
      discriminatorLearningRate: 5e-5,
      cycleWeight: 10,
      identityWeight: 1,
      poolSize: 50,
      rotation: 45,
      residual: false,
    });
    expect(stage2).toMatchObject({ steps: 40_000, width: 1, batchSize: 100 });
    expect(stage2.methods).toMatchObject({
      erm: { learningRate: 1e-4, weightDecay: 0.05 },
      gdro: { learningRate: 5e-4, weightDecay: 5e-4, adversaryStepSize: 0.01, adjustment: 1 },
      camel: {
        learningRate: 1e-3,
        weightDecay: 5e-4,
        adversaryStepSize: 0.01,
        adjustment: 1,
        consistencyWeight: 5,
      },
    });
    expect(data.trainingCounts).toEqual([9900, 100, 100, 9900]);
  });

  it('says what will be done', () => {
    expect(describeBudget(accepted({ preset: 'smoke' })).join('\n')).toContain(
      'stage 2: 20 steps of 40 images for each of erm, gdro, camel',
    );
  });
});
