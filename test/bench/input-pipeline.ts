/**
 * The training loops' steps, which gather a batch from the data, augment it and draw its dropout masks, beside
 * the same step over a batch that is ready: the share of the step rate that the input leaves. The data are MNIST's
 * files, read before the first step, as in the main job.
 */
import { fileURLToPath } from 'node:url';
import { compose } from '../../src/augmentation/images.ts';
import { randomPadAndCrop } from '../../src/augmentation/crop-and-flip.ts';
import { randomRotation } from '../../src/augmentation/rotation.ts';
import { minusOneToOne } from '../../src/augmentation/scaling.ts';
import { experimentData, type ExperimentData } from '../../src/node/camel/experiment-data.ts';
import { BUDGETS } from '../../src/node/camel/presets.ts';
import { orExit } from '../../src/node/program.ts';
import { constantSchedule } from '../../src/optimizers/schedules.ts';
import { disposeTensors } from '../../src/tensor-tree.ts';
import { stageOneBatches } from '../../src/training/stage-one.ts';
import { stageTwoBatches } from '../../src/training/stage-two.ts';
import type { CycleganDescription, RobustDescription } from './descriptions.ts';
import type { CompileStep } from '../../src/training/step-runner.ts';
import type { Branch, OwnStep, Runner } from './own-step.ts';
import type { Row } from './rows.ts';

const MNIST = fileURLToPath(new URL('../../examples/data/mnist', import.meta.url));

/** MNIST-Correlation in the size of the quick preset. */
export const pipelineData = async (): Promise<ExperimentData> =>
  orExit(await experimentData(MNIST, BUDGETS.quick.data, 0)());

type BatchAt = (index: number) => Branch;

function stageTwo(row: Row, description: RobustDescription, data: ExperimentData): BatchAt {
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

function stageOne(row: Row, description: CycleganDescription, data: ExperimentData): BatchAt {
  return stageOneBatches({
    source: data.examples('stage1Source').images,
    target: data.examples('stage1Target').images,
    augment: compose(randomRotation(BUDGETS.paper.stage1.rotation), randomPadAndCrop(), minusOneToOne),
    batchSize: row.images / 2,
    generatorLearningRate: constantSchedule(description.generatorLearningRate),
    discriminatorLearningRate: constantSchedule(description.discriminatorLearningRate),
    poolSize: description.poolSize,
    seed: 0,
  });
}

/** The batches of a row's training loop. */
export function loopBatches(row: Row, data: ExperimentData): BatchAt {
  if (row.description.kind === 'robust') return stageTwo(row, row.description, data);
  if (row.description.kind === 'cyclegan') return stageOne(row, row.description, data);
  throw new Error(`${row.description.kind}: it has no loop`);
}

/** A loop's step, and the same over a batch that is ready, both on their own state. */
export function pipelinePair(
  own: OwnStep,
  batchAt: BatchAt,
  compile: CompileStep,
): { loop: () => Promise<void>; bare: () => Promise<void>; dispose(): void } {
  const runners = [0, 1].map((): Runner => {
    const runner = compile(own.step);
    runner.write(own.initial);
    return runner;
  });
  const ready = batchAt(0);
  let index = 0;
  const run = async (runner: Runner, batch: Branch): Promise<void> => {
    const losses = runner.run(batch);
    await own.compared(losses)[0]!.data();
    disposeTensors(losses);
  };
  return {
    async loop() {
      const batch = batchAt(index++);
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
