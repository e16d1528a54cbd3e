/** A published stage-1 configuration in our schema. */
import { publishedModifier, publishedName, type PublishedName } from './dataset-names.ts';
import { publishedPipeline } from './pipelines.ts';
import type { PublishedStageOne } from './published-settings.ts';
import { refuseSetting } from './published-refusal.ts';
import { publishedCourse } from './schedules.ts';

/** A translated configuration as a file of ours would write it, and what its reader should know. */
export interface Translated {
  readonly value: Readonly<Record<string, unknown>>;
  readonly notices: readonly string[];
}

interface Domain {
  readonly name: PublishedName;
  readonly classes: 'all' | readonly number[];
  readonly images: number | null;
  readonly shuffled: boolean;
}

function domainOf(published: PublishedStageOne, side: 'source' | 'target'): Domain {
  const key = `${side}_dataset` as const;
  const name = publishedName(published[key], key);
  const modifierKey = `${side}_dataset_modifier` as const;
  const modifier = publishedModifier(published[modifierKey], modifierKey);
  if (name.z === -1) refuseSetting(key, 'one subgroup, 0 or 1', `"${published[key]}"`);
  if (modifier.class !== null && name.family !== 'mnist') {
    refuseSetting(modifierKey, 'no class, the name says it', `"${published[modifierKey]}"`);
  }
  const y = modifier.class ?? name.y;
  const size = name.family === 'mnist-correlation' ? name.size : null;
  const images =
    modifier.take === null ? size : size === null ? modifier.take : Math.min(size, modifier.take);
  return { name, classes: y === -1 ? 'all' : [y], images, shuffled: modifier.shuffled };
}

/** The data set of both domains. */
function dataOf(source: PublishedName, target: PublishedName): Readonly<Record<string, unknown>> {
  if (source.family !== target.family) {
    refuseSetting(
      'target_dataset',
      `a part of the source’s data set`,
      target.family,
      'translate inside one data set',
    );
  }
  switch (target.family) {
    case 'mnist-correlation':
      return { kind: 'mnist-correlation', corruption: target.corruption, splits: 'published' };
    case 'mnist':
      return { kind: 'mnist', corruption: target.corruption ?? 'none' };
    case 'waterbirds':
      return { kind: 'waterbirds', orientation: 'stored' };
    case 'celeba': {
      const kept = [source, target].flatMap((name) =>
        name.family === 'celeba' && name.kept !== null ? [name.kept] : [],
      );
      return {
        kind: 'celeba',
        y: target.attributes.y,
        z: target.attributes.z,
        orientation: 'stored',
        ...(kept.length > 0 && { limits: { y0z0: Math.min(...kept) } }),
      };
    }
  }
}

/**
 * Translates a published stage-1 configuration.
 *
 * @param published Decoded.
 */
export function translateStageOne(published: PublishedStageOne): Translated {
  const [source, target] = [domainOf(published, 'source'), domainOf(published, 'target')];
  if (String(source.classes) !== String(target.classes)) {
    refuseSetting('target_dataset', `class ${source.classes}, as the source`, String(target.classes));
  }
  const pipeline = publishedPipeline(
    { names: published.train_daug_pipeline, args: published.train_daug_pipeline_args },
    'train_daug_pipeline_args',
  );
  if (pipeline.scaling.kind !== 'BasicImagePreprocessing' || pipeline.scaling.range !== 'minusone-one') {
    refuseSetting(
      'train_daug_pipeline_args',
      'a scaling to minusone-one, what the networks give',
      pipeline.scaling,
    );
  }
  const { replay_buffer_size: pool, batch_size: batchSize } = published;
  const normalization = published.norm_type === 'batchnorm' ? 'batch' : 'instance';
  const suffix = source.classes === 'all' ? '' : `-class-${source.classes.join('-')}`;
  const { cycle_loss_scale: cycle, grad_penalty: penalty, grad_penalty_scale: scale } = published;
  const notices = [
    ...(source.shuffled || target.shuffled
      ? [
          'source_dataset_modifier, target_dataset_modifier: shuffle is left out, batches are drawn by the seed',
        ]
      : []),
    ...(pool < batchSize
      ? [
          `replay_buffer_size: ${pool} became ${batchSize}, since a pool smaller than a batch cannot be drawn from`,
        ]
      : []),
    ...(published.lr_scheduler === 'constant'
      ? []
      : ['lr_scheduler: its course is counted in steps, not in images as published']),
  ];
  return {
    notices,
    value: {
      version: 1,
      kind: 'stage-1',
      name: `${source.name.family}-stage-1${suffix}`,
      seed: published.seed,
      data: dataOf(source.name, target.name),
      translation: {
        classes: source.classes,
        source: { subgroup: source.name.z, images: source.images },
        target: { subgroup: target.name.z, images: target.images },
      },
      images: { augmentation: pipeline.augmentation },
      generator: { kind: 'published', normalization, residual: published.residual_outputs },
      discriminator: { normalization },
      loss: {
        adversarial: published.gan_loss,
        cycle: { source: cycle, target: published.source_cycle_loss_only ? 0 : cycle },
        identity: published.identity_loss_scale,
        penalty: penalty === 'none' ? { kind: penalty } : { kind: penalty, scale },
      },
      optimizer: {
        generators: { learningRate: published.lr_gen, beta1: published.beta_1_gen },
        discriminators: { learningRate: published.lr_disc, beta1: published.beta_1_disc },
        schedule: publishedCourse(published.lr_scheduler, null, null),
      },
      pool: { capacity: Math.max(pool, batchSize), rule: 'reference' },
      training: { epochs: published.n_epochs, batchSize },
      checkpoints: { every: { epochs: published.checkpoint_freq } },
      gallery: { every: { steps: published.image_log_freq } },
    },
  };
}
