import { describe, expect, it } from 'vitest';
import { imageShapeOf } from '../../../src/config/index.ts';
import { cases, load, textOf } from './published-cases.ts';

describe.each(cases.filter(({ stage }) => stage === 1).map((each) => [each.config, each] as const))(
  '%s',
  (_, published) => {
    it('means what the published programs made of it', async () => {
      const { experiment } = await load(textOf(published));
      const { merged, source } = published;
      if (experiment.kind !== 'stage-1') throw new Error('stage 1 expected');
      if ('orientation' in experiment.data) expect(experiment.data.orientation).toBe('stored');
      expect(imageShapeOf(experiment.data)).toEqual(source.inputShape);
      const images = source.selection?.count ?? source.examplesUsed;
      expect(experiment).toMatchObject({
        translation: { source: { subgroup: 0, images }, target: { subgroup: 1, images } },
        optimizer: {
          generators: { learningRate: merged['lr_gen'], beta1: 0.5 },
          discriminators: { learningRate: merged['lr_disc'], beta1: 0.5 },
        },
        loss: {
          adversarial: 'bce',
          cycle: { source: 10, target: 10 },
          identity: 1,
          penalty: { kind: 'none' },
        },
        generator: { kind: 'published', normalization: 'batch', residual: false },
        discriminator: { normalization: 'batch' },
        pool: { capacity: 50, rule: 'reference' },
        training: { epochs: merged['n_epochs'], batchSize: merged['batch_size'] },
        checkpoints: { every: { epochs: merged['checkpoint_freq'] } },
        gallery: { every: { steps: merged['image_log_freq'] } },
      });
      const classes = published.config.includes('mnist')
        ? 'all'
        : [published.config.includes('config-1') ? 0 : 1];
      expect(experiment.translation.classes).toEqual(classes);
      const kinds = experiment.images.augmentation.map(({ kind }) => kind);
      expect(kinds).toEqual(classes === 'all' ? ['rotr', 'pad:crop'] : ['fliplr', 'crop']);
    });
  },
);
