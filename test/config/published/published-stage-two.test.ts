import { describe, expect, it } from 'vitest';
import {
  dataGroups,
  imageShapeOf,
  mnistCorrelationCounts,
  printExperiment,
} from '../../../src/config/index.ts';
import { cases, load, textOf } from './published-cases.ts';

/** Images of each group in training, as the loss counts them. */
const SIZES: Readonly<Record<string, readonly number[]>> = {
  waterbirds: [3498, 184, 56, 1057],
  celeba: [71629, 66874, 22880, 1387],
};

describe.each(cases.filter(({ stage }) => stage === 2).map((each) => [each.config, each] as const))(
  '%s',
  (_, published) => {
    it('means what the published programs made of it', async () => {
      const { experiment } = await load(textOf(published));
      const { merged } = published;
      if (experiment.kind !== 'stage-2') throw new Error('stage 2 expected');
      if ('orientation' in experiment.data) expect(experiment.data.orientation).toBe('stored');
      expect(imageShapeOf(experiment.data)).toEqual(published.inputShape);
      expect(experiment).toMatchObject({
        seed: merged['seed'],
        optimizer: {
          kind: 'sgd',
          learningRate: merged['lr_start'],
          momentum: 0.9,
          nesterov: true,
          schedule: { kind: 'constant' },
        },
        training: {
          epochs: merged['n_epochs'],
          batchSize: merged['batch_size'],
          epochBatchSize: merged['baseline_batch_size'],
          weightDecay: merged['weight_decay_rate'],
          maximumGradientNorm: merged['max_global_grad_norm'] === -1 ? null : merged['max_global_grad_norm'],
        },
        images: {
          augmentation: [],
          scaling: { kind: published.trainPipelines[0]![0]!.replace('Pipeline', '') },
        },
        invariance: { kind: 'none' },
      });
      const { method, data } = experiment;
      const groups = published.superclassIndices.flat().length;
      if (published.config.includes('/erm/')) {
        expect(method).toEqual({ kind: 'erm', sampling: 'natural' });
        return;
      }
      expect(dataGroups(data).map(({ name }) => name)).toEqual(published.trainAliasesInConfig);
      if (method.kind === 'erm') throw new Error('an adversary expected');
      const counts =
        data.kind === 'mnist-correlation' ? mnistCorrelationCounts(data).training : SIZES[data.kind]!;
      expect(counts).toEqual(published.lossGroupCounts);
      published.adjustmentPerGroup.forEach((adjustment, i) =>
        expect(method.adversary.adjustment / Math.sqrt(counts[i]!)).toBeCloseTo(adjustment, 7),
      );
      expect(method.adversary.classConditional).toBe(published.superclassIndices.length > 1);
      expect(method.adversary).toMatchObject({ stepSize: merged['gdro_lr'], gradient: 'through' });
      expect(published.trainBatchSizes.every((size) => size === experiment.training.batchSize / groups)).toBe(
        true,
      );
    });

    it('reads back from its printed form as the same experiment', async () => {
      const loaded = await load(textOf(published));
      const printed = printExperiment(loaded.experiment, loaded.notices);
      expect((await load(printed)).experiment).toEqual(loaded.experiment);
      expect(printed).not.toMatch(/\/home|hazy|account|\/store/);
    });

    it('names every setting that has no meaning here', async () => {
      const { notices } = await load(textOf(published));
      const ignored = notices.filter((line) => line.startsWith('ignored')).join(' ');
      for (const key of [
        'wandb_project',
        'logical_gpus',
        'dtype',
        'dataflow',
        'max_shuffle_buffer',
        'resume',
        'train_dataset_versions',
      ]) {
        expect(ignored).toMatch(new RegExp(`\\b${key}\\b`));
      }
    });
  },
);
