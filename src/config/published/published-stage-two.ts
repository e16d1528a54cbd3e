/** A published stage-2 configuration in our schema. */
import { didYouMean } from '../did-you-mean.ts';
import { publishedPipeline } from './pipelines.ts';
import type { PublishedStageTwo } from './published-settings.ts';
import { refuseSetting } from './published-refusal.ts';
import { publishedCourse } from './schedules.ts';
import { translateData, type PublishedData } from './stage-two-data.ts';
import { translateTranslations, type StageOneResults } from './stage-two-translations.ts';
import type { Translated } from './published-stage-one.ts';

type Value = Readonly<Record<string, unknown>>;

/** Weights of the classification-models library, without the last layer. */
const IMAGENET = '${WEIGHTS}/resnet50_imagenet_1000_no_top.h5';

function translateNetwork(published: PublishedStageTwo): { value: Value; notices: readonly string[] } {
  const { model_source: source, architecture, pretrained, pretraining_info: info } = published;
  if (source === 'simple_cnn') return { value: { kind: 'small-cnn' }, notices: [] };
  if (source === 'simple_model') return { value: { kind: 'multilayer-perceptron' }, notices: [] };
  const sources = ['simple_cnn', 'simple_model', 'cm'];
  if (source !== 'cm')
    refuseSetting(
      'model_source',
      `one of ${sources.join(', ')}${didYouMean(source, sources)}`,
      `"${source}"`,
    );
  if (architecture !== 'resnet50') refuseSetting('architecture', 'resnet50', architecture);
  if (!pretrained) return { value: { kind: 'resnet50' }, notices: [] };
  const path = info === '' ? IMAGENET : `\${WEIGHTS}/${info.replace(/[^A-Za-z0-9._-]+/g, '-')}.h5`;
  return {
    value: { kind: 'resnet50', weights: { kind: 'file', path } },
    notices: [`pretrained: ImageNet weights are read from ${path}, see network.weights`],
  };
}

function translateImages(published: PublishedStageTwo): Value {
  const side = (prefix: 'train' | 'eval') => {
    const names = published[`${prefix}_augmentation_pipelines`];
    const args = published[`${prefix}_augmentation_pipelines_args`];
    const key = `${prefix}_augmentation_pipelines_args`;
    const read = names.map((each, i) =>
      JSON.stringify(publishedPipeline({ names: each, args: args[i] ?? [] }, `${key}.${i}`)),
    );
    const other = read.findIndex((each) => each !== read[0]);
    if (other > 0) refuseSetting(`${key}.${other}`, 'the same pipeline for every data set', names[other]);
    const graphics = published[`${prefix}_gpu_augmentation_pipelines`].findIndex((each) => each.length > 0);
    if (graphics >= 0) {
      const gpu = `${prefix}_gpu_augmentation_pipelines`;
      refuseSetting(
        `${gpu}.${graphics}`,
        'no pipelines',
        published[gpu as 'train_gpu_augmentation_pipelines'][graphics],
        'move them to the ordinary ones',
      );
    }
    return publishedPipeline({ names: names[0] ?? [], args: args[0] ?? [] }, key);
  };
  const [train, evaluation] = [side('train'), side('eval')];
  if (evaluation.augmentation.length > 0) {
    refuseSetting(
      'eval_augmentation_pipelines',
      'a scaling only',
      evaluation.augmentation,
      'leave the augmentation out',
    );
  }
  if (JSON.stringify(train.scaling) !== JSON.stringify(evaluation.scaling)) {
    refuseSetting('eval_augmentation_pipelines', 'the scaling of training', evaluation.scaling);
  }
  return { augmentation: train.augmentation, scaling: train.scaling };
}

const METRICS: Readonly<Record<string, string | null>> = {
  accuracy: null,
  sparse_categorical_crossentropy: null,
  confusion_matrix: 'confusion-matrix',
  auc: 'auroc',
  recall: 'recall',
  irm_penalty: 'invariance-penalty',
};

const translateMetrics = (names: readonly string[]): readonly string[] =>
  names.flatMap((name, i) => {
    const known = Object.keys(METRICS);
    if (!known.includes(name)) {
      return refuseSetting(
        `metric_names.${i}`,
        `one of ${known.join(', ')}${didYouMean(name, known)}`,
        `"${name}"`,
      );
    }
    const metric = METRICS[name];
    return metric == null ? [] : [metric];
  });

const DIVERGENCES = {
  camel: 'camel',
  'triplet-js': 'jensen-shannon',
  kl: 'kl',
  'reverse-kl': 'reverse-kl',
} as const;

function translateMethod(
  published: PublishedStageTwo,
  data: PublishedData,
  translations: Value | null,
): { value: Value; notices: readonly string[] } {
  const { gdro_lr: stepSize, gdro_adj_coef: adjustment, gdro_mixed: classConditional } = published;
  const {
    consistency_type: type,
    consistency_penalty_weight: weight,
    augmentation_training: trainOn,
  } = published;
  const adversary = { stepSize, adjustment, classConditional, gradient: 'through' };
  if (translations !== null) {
    if (!data.grouped)
      refuseSetting(
        'train_datasets',
        'the four groups, whose images are translated',
        published.train_datasets,
      );
    const consistency =
      type === 'none' || weight === 0
        ? { kind: 'none' }
        : { kind: DIVERGENCES[type], weight, reduction: 'sumOfGroupMeans' };
    return { value: { kind: 'camel', translations, consistency, adversary, trainOn }, notices: [] };
  }
  const notices = [
    ...(type !== 'none' && weight > 0
      ? [`consistency_penalty_weight: ${weight} is left out, nothing is translated`]
      : []),
    ...(trainOn === 'original'
      ? []
      : [`augmentation_training: ${trainOn} is left out, nothing is translated`]),
  ];
  if (stepSize > 0 && data.grouped) return { value: { kind: 'group-dro', adversary }, notices };
  const idle = stepSize > 0 || adjustment > 0;
  return {
    value: { kind: 'erm', sampling: data.grouped ? 'balanced' : 'natural' },
    notices: idle
      ? [...notices, 'gdro_lr, gdro_adj_coef: left out, without steps or groups they move nothing']
      : notices,
  };
}

/**
 * Translates a published stage-2 configuration.
 *
 * @param published Decoded.
 * @param results Where the results of stage 1 are, by the tracker’s run ids.
 */
export function translateStageTwo(published: PublishedStageTwo, results: StageOneResults): Translated {
  const data = translateData(published);
  const network = translateNetwork(published);
  const translations = translateTranslations(published, data, results);
  const method = translateMethod(published, data, translations.value);
  const { optimizer, lr_start: learningRate, momentum, irm_penalty_weight: weight } = published;
  const schedule = publishedCourse(published.lr_scheduler, published.lr_decay_steps, published.lr_end);
  const names: Readonly<Record<string, string>> = { 'group-dro': 'gdro' };
  const kind = String(method.value['kind']);
  return {
    notices: [...data.notices, ...network.notices, ...translations.notices, ...method.notices],
    value: {
      version: 1,
      kind: 'stage-2',
      name: `${String(data.value['kind'])}-${names[kind] ?? kind}`,
      seed: published.seed,
      data: data.value,
      images: translateImages(published),
      network: network.value,
      method: method.value,
      invariance:
        weight > 0
          ? { kind: 'irm', form: 'reference', weight, annealSteps: published.irm_anneal_steps }
          : { kind: 'none' },
      optimizer:
        optimizer === 'SGD'
          ? { kind: 'sgd', learningRate, momentum, nesterov: true, schedule }
          : { kind: 'adam', learningRate, schedule },
      training: {
        epochs: published.n_epochs,
        batchSize: published.batch_size,
        epochBatchSize: published.baseline_batch_size,
        weightDecay: published.weight_decay_rate,
        maximumGradientNorm: published.max_global_grad_norm > 0 ? published.max_global_grad_norm : null,
      },
      evaluation: {
        splits: ['validation', 'test'],
        metrics: translateMetrics(published.metric_names),
        translated: translations.evaluated,
      },
      checkpoints: { every: { epochs: published.checkpoint_freq } },
    },
  };
}
