/**
 * The training loops' steps, which gather a batch from the data, augment it and draw its dropout masks, beside
 * the same step over a batch that is ready: the share of the step rate that the input leaves. The data are MNIST's
 * files, read before the first step, as in the main job; for ResNet-50 JPEG files, read and decoded ahead of each step
 * by threads, as in stage 2.
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs';
import { compose } from '../../src/augmentation/images.ts';
import { randomPadAndCrop } from '../../src/augmentation/crop-and-flip.ts';
import { randomRotation } from '../../src/augmentation/rotation.ts';
import { minusOneToOne } from '../../src/augmentation/scaling.ts';
import { digits, type Digits } from './digits.ts';
import { makeSampleData } from '../../src/cli/sample-data/sample-data.ts';
import { openExperimentImages } from '../../src/experiment/images/open-images.ts';
import { experimentToRun } from '../../src/experiment/run-settings.ts';
import { openStageTwoBatches } from '../../src/experiment/stage-two/stage-two-batches.ts';
import { orExit } from '../../src/system/program.ts';
import { constantSchedule } from '../../src/optimizers/schedules.ts';
import { disposeTensors } from '../../src/tensor-tree.ts';
import { stageOneBatches } from '../../src/training/stage-one.ts';
import { stageTwoBatches } from '../../src/training/stage-two.ts';
import type { CycleganDescription, RobustDescription } from './descriptions.ts';
import type { CompileStep } from '../../src/training/step-runner.ts';
import type { Branch, OwnStep, Runner } from './own-step.ts';
import type { Row } from './rows.ts';

const examples = (path: string): string => fileURLToPath(new URL(`../../examples/${path}`, import.meta.url));

/** MNIST-Correlation in the size of the quick preset. */
export const pipelineData = async (): Promise<Digits> => orExit(await digits(examples('data/mnist')));

type BatchAt = (index: number) => Branch | Promise<Branch>;

/** A loop's batches, and what they hold on to. */
export interface LoopBatches {
  readonly batchAt: BatchAt;
  close(): void | Promise<void>;
}

function stageTwo(row: Row, description: RobustDescription, data: Digits): BatchAt {
  const { objective, originals, learningRate } = description;
  return stageTwoBatches({
    network: row.networks['classifier']!,
    examples: data.examples('train'),
    translations:
      objective === 'camel'
        ? [data.examples('train', 'clean').images, data.examples('train', 'corrupted').images]
        : [],
    batchSize: originals,
    balanced: objective !== 'erm',
    learningRate: constantSchedule(learningRate),
    seed: 0,
  });
}

function stageOne(row: Row, description: CycleganDescription, data: Digits): BatchAt {
  return stageOneBatches({
    source: data.examples('stage1Source').images,
    target: data.examples('stage1Target').images,
    augment: compose(randomRotation(45), randomPadAndCrop(), minusOneToOne),
    batchSize: row.images / 2,
    generatorLearningRate: constantSchedule(description.generatorLearningRate),
    discriminatorLearningRate: constantSchedule(description.discriminatorLearningRate),
    poolSize: description.poolSize,
    seed: 0,
  });
}

/** Drawn birds in the format of Waterbirds, mirrored and cut by chance; all are of the row's one group. */
async function photographs(row: Row, folder: string): Promise<LoopBatches> {
  await makeSampleData(folder, { only: ['waterbirds'], share: 0.2 });
  const { experiment } = await experimentToRun(examples('configs/stage-2/waterbirds/erm.yaml'), 'stage-2', {
    roots: { DATA: folder, WEIGHTS: folder },
    overrides: [
      `training.batchSize=${row.images}`,
      'images.augmentation=[{ kind: fliplr }, { kind: crop }]',
      'network.weights={ kind: random }',
    ],
  });
  const images = await openExperimentImages(experiment.data);
  const stream = openStageTwoBatches({
    ...{ experiment, images, translations: null, network: row.networks['classifier']! },
    ...{ balanced: false, steps: Infinity, skipDamaged: 0, skipped: new Map() },
  });
  return {
    async batchAt(index) {
      const { groups, ...batch } = await stream.batchAt(index);
      const one = tf.zerosLike(groups);
      groups.dispose();
      return { ...batch, groups: one };
    },
    async close() {
      stream.close();
      await images.close();
    },
  };
}

/** The batches of a row's training loop. */
export async function loopBatches(
  row: Row,
  data: () => Promise<Digits>,
  folder: string,
): Promise<LoopBatches> {
  const { description } = row;
  const inMemory = (batchAt: BatchAt): LoopBatches => ({ batchAt, close: () => undefined });
  if (description.kind === 'cyclegan') return inMemory(stageOne(row, description, await data()));
  if (description.kind === 'forward') throw new Error('forward: it has no loop');
  if (description.groups === 1) return photographs(row, join(folder, 'photographs'));
  return inMemory(stageTwo(row, description, await data()));
}

/** A loop's step, and the same over a batch that is ready, both on their own state. */
export async function pipelinePair(
  own: OwnStep,
  batchAt: BatchAt,
  compile: CompileStep,
): Promise<{ loop: () => Promise<void>; bare: () => Promise<void>; dispose(): void }> {
  const runners = [0, 1].map((): Runner => {
    const runner = compile(own.step);
    runner.write(own.initial);
    return runner;
  });
  const ready = await batchAt(0);
  let index = 0;
  const run = async (runner: Runner, batch: Branch): Promise<void> => {
    const losses = runner.run(batch);
    await own.compared(losses)[0]!.data();
    disposeTensors(losses);
  };
  return {
    async loop() {
      const batch = await batchAt(index++);
      await run(runners[0]!, batch);
      disposeTensors(batch);
    },
    bare: () => run(runners[1]!, ready),
    dispose() {
      runners.forEach((runner) => runner.dispose());
      disposeTensors(ready);
    },
  };
}
