import { either as E } from 'fp-ts';
import { expect } from 'vitest';
import { stringify } from 'yaml';
import {
  experimentFromTexts,
  type LoadedExperiment,
  type StageOneExperiment,
  type StageOneResults,
  type StageTwoExperiment,
} from '../../../src/config/index.ts';
import { formatDataError } from '../../../src/data/data-error.ts';
import { readFixture } from '../../support/fixture.ts';

export interface StaticPipeline {
  readonly class: string;
  readonly runId: string;
  readonly runInEvalMode: boolean;
  readonly inputShape?: readonly number[];
  readonly normType: string;
  readonly checkpointStep: number;
  readonly relabel: boolean;
  readonly batchSize: number;
  readonly keepOriginal: boolean;
}

export interface Case {
  readonly stage?: 1 | 2;
  readonly config: string;
  readonly merged: Readonly<Record<string, unknown>>;
  readonly inputShape: readonly number[];
  readonly trainAliasesInConfig: readonly string[];
  readonly trainBatchSizes: readonly number[];
  readonly superclassIndices: readonly (readonly number[])[];
  readonly lossGroupCounts: readonly number[];
  readonly adjustmentPerGroup: readonly number[];
  readonly trainPipelines: readonly (readonly string[])[];
  readonly staticTrain: readonly (readonly StaticPipeline[])[];
  readonly staticEval: readonly (readonly StaticPipeline[])[];
  readonly source: {
    readonly inputShape: readonly number[];
    readonly selection?: { readonly count: number };
    readonly examplesUsed?: number;
  };
}

export const cases = readFixture<Case>('labels').cases.filter(({ stage }) => stage !== undefined);

/** Positional arguments as the published pipelines take them; account and store are stand-ins. */
export const positional = (p: StaticPipeline): readonly unknown[] =>
  p.inputShape === undefined
    ? [
        'account',
        'project',
        p.runId,
        p.runInEvalMode,
        p.normType,
        p.checkpointStep,
        p.relabel,
        p.batchSize,
        p.keepOriginal,
      ]
    : [
        '/store',
        'account',
        'project',
        p.runId,
        p.runInEvalMode,
        p.inputShape,
        p.normType,
        p.checkpointStep,
        p.relabel,
        '',
        p.batchSize,
        p.keepOriginal,
      ];

export function textOf({ stage, merged, staticTrain, staticEval, trainAliasesInConfig }: Case): string {
  if (stage === 1) return stringify(merged);
  const sides = (side: 'train' | 'eval', pipelines: readonly (readonly StaticPipeline[])[]) => ({
    [`${side}_static_augmentation_pipelines`]: pipelines.map((each) => each.map((p) => p.class)),
    [`${side}_static_augmentation_pipelines_args`]: pipelines.map((each) => each.map(positional)),
  });
  const some = staticTrain.length > 0;
  expect(merged['train_dataset_aliases']).toEqual(trainAliasesInConfig);
  return stringify({
    ...merged,
    ...(some && { ...sides('train', staticTrain), ...sides('eval', staticEval) }),
  });
}

export async function load(text: string, stage1: StageOneResults = {}): Promise<LoadedExperiment> {
  const loaded = await experimentFromTexts('c.yaml', { 'c.yaml': text }, { stage1 });
  if (E.isLeft(loaded)) throw new Error(loaded.left.map(formatDataError).join('\n'));
  return loaded.right;
}

export async function fault(text: string, stage1: StageOneResults = {}): Promise<string> {
  const loaded = await experimentFromTexts('c.yaml', { 'c.yaml': text }, { stage1 });
  if (E.isRight(loaded)) throw new Error('expected a fault');
  const lines = loaded.left.map(formatDataError);
  lines.forEach((line) => expect(line).not.toContain('\n'));
  return lines[0]!;
}

export const robust = (changes: Readonly<Record<string, unknown>>): string => {
  const gdro = cases.find(({ config }) => config === 'stage-2/waterbirds/gdro/config.yaml')!;
  return stringify({ ...gdro.merged, ...changes });
};

export const cyclegan = (changes: Readonly<Record<string, unknown>>): string => {
  const birds = cases.find(({ config }) => config === 'stage-1/waterbirds/config-1.yaml')!;
  return stringify({ ...birds.merged, ...changes });
};

export const twoOf = async (changes: Readonly<Record<string, unknown>>): Promise<StageTwoExperiment> =>
  (await load(robust(changes))).experiment as StageTwoExperiment;

export const oneOf = async (changes: Readonly<Record<string, unknown>>): Promise<StageOneExperiment> =>
  (await load(cyclegan(changes))).experiment as StageOneExperiment;
