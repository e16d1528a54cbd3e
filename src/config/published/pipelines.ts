/**
 * The published image pipelines: a list of class names, and for each a list of positional arguments. Those of stage 2
 * that read a stage-1 result carry the id of an experiment tracker’s run.
 */
import type { AugmentationSettings, ScalingSettings } from '../schema/training-settings.ts';
import { didYouMean } from '../did-you-mean.ts';
import { refuseSetting } from './published-refusal.ts';

type Arguments = readonly unknown[];
/** Names and arguments of the steps of one pipeline. */
export type PublishedPipeline = { readonly names: readonly string[]; readonly args: readonly Arguments[] };

const NAMES = [
  'BasicImagePreprocessingPipeline',
  'ImageNetPreprocessingPipeline',
  'HeuristicImageAugmentationPipeline',
  'ImgAugAugmentationPipeline',
];

/** As published, where the last offset is never drawn. */
const padAndCrop: AugmentationSettings = { kind: 'pad:crop', padding: 4, offsets: 'published' };
const flip: AugmentationSettings = { kind: 'fliplr', probability: 0.5 };

const HEURISTICS: Readonly<Record<string, readonly AugmentationSettings[]>> = {
  rotr: [{ kind: 'rotr', degrees: 45 }],
  'pad:crop': [padAndCrop],
  'pad:crop:flip': [padAndCrop, flip],
  cutout: [{ kind: 'cutout', size: 16 }],
};
const IMAGE_AUGMENTERS: Readonly<Record<string, AugmentationSettings>> = {
  fliplr: flip,
  crop: { kind: 'crop', fraction: 0.1 },
};

function namedSteps<A>(table: Readonly<Record<string, A>>, name: unknown, key: string): A {
  const found = typeof name === 'string' && Object.hasOwn(table, name) ? table[name] : undefined;
  const known = Object.keys(table);
  return found ?? refuseSetting(key, `one of ${known.join(', ')}${didYouMean(String(name), known)}`, name);
}

function scalingOf(name: string, args: Arguments, key: string): ScalingSettings {
  if (name === 'ImageNetPreprocessingPipeline') return { kind: 'ImageNetPreprocessing' };
  const range = args[0] ?? 'zero-one';
  return range === 'zero-one' || range === 'minusone-one' || range === 'none'
    ? { kind: 'BasicImagePreprocessing', range }
    : refuseSetting(key, 'zero-one, minusone-one or none', range);
}

/** Pixels as stored: what a pipeline without a scaling leaves. */
const AS_STORED: ScalingSettings = { kind: 'BasicImagePreprocessing', range: 'none' };

/**
 * Reads a pipeline: augmentations, then at most one scaling.
 *
 * @param pipeline Names and arguments.
 * @param key The setting that holds the arguments, for errors.
 */
export function publishedPipeline(
  { names, args }: PublishedPipeline,
  key: string,
): { readonly augmentation: readonly AugmentationSettings[]; readonly scaling: ScalingSettings } {
  let scaling: ScalingSettings | undefined;
  const augmentation = names.flatMap((name, i): readonly AugmentationSettings[] => {
    const own = args[i] ?? [];
    const at = `${key}.${i}`;
    if (scaling !== undefined) return refuseSetting(at, 'the scaling to come last', `${name} after it`);
    switch (name) {
      case 'HeuristicImageAugmentationPipeline':
        return namedSteps(HEURISTICS, own[0], at);
      case 'ImgAugAugmentationPipeline':
        return String(own[0])
          .split(':')
          .map((each) => namedSteps(IMAGE_AUGMENTERS, each, at));
      case 'BasicImagePreprocessingPipeline':
      case 'ImageNetPreprocessingPipeline':
        scaling = scalingOf(name, own, at);
        return [];
      default:
        return refuseSetting(at, `a pipeline of ${NAMES.join(', ')}${didYouMean(name, NAMES)}`, `"${name}"`);
    }
  });
  return { augmentation, scaling: scaling ?? AS_STORED };
}

/** What a pipeline that reads a stage-1 result says. */
export interface PublishedTranslation {
  readonly runId: string;
  readonly mode: 'inference' | 'published';
  readonly checkpoint: 'last' | number;
  readonly batchSize: number;
  readonly stored: 'png' | 'jpeg';
  readonly shardSize: number;
}

/**
 * Reads a pipeline that translates with a stage-1 result.
 *
 * @param pipeline Names and arguments; at most one step.
 * @param key The setting that holds the arguments, for errors.
 * @returns Null for an empty pipeline.
 */
export function publishedTranslation(
  { names, args }: PublishedPipeline,
  key: string,
): PublishedTranslation | null {
  if (names.length === 0) return null;
  const known = [
    'PretrainedMNISTCycleGANStaticAugmentationPipeline',
    'PretrainedCycleGANStaticAugmentationTFRecordPipeline',
  ];
  const name = names[0]!;
  if (names.length > 1 || !known.includes(name)) {
    refuseSetting(key, `at most one pipeline, ${known.join(' or ')}${didYouMean(name, known)}`, names);
  }
  const records = name === known[1];
  const own = args[0] ?? [];
  const at = `${key}.0`;
  const [, , runId, evalMode, ...rest] = records ? own.slice(1) : own;
  const [, checkpoint, relabel, ...last] = records ? rest.slice(1) : rest;
  const [batchSize, , shardSize = 10_240] = records ? last.slice(1) : last;
  const whole = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) > 0;
  if (typeof runId !== 'string' || !/^[A-Za-z0-9_-]{1,64}$/.test(runId))
    return refuseSetting(at, 'the id of a stage-1 run', runId);
  if (relabel !== undefined && relabel !== false)
    return refuseSetting(at, 'relabel to be False, images keep their class', relabel);
  if (checkpoint !== -1 && !whole(checkpoint))
    return refuseSetting(at, 'a checkpoint, -1 for the last', checkpoint);
  if (!whole(batchSize)) return refuseSetting(at, 'a batch size above 0', batchSize);
  if (!whole(shardSize)) return refuseSetting(at, 'a shard size above 0', shardSize);
  return {
    runId,
    mode: evalMode === true ? 'inference' : 'published',
    checkpoint: checkpoint === -1 ? 'last' : checkpoint,
    batchSize,
    stored: records ? 'jpeg' : 'png',
    shardSize,
  };
}
