/** What the pages train, and Node beside them: ten steps of CAMEL on drawn images, then one step of a CycleGAN. */
import {
  camelConsistency,
  cycleganStep,
  groupDro,
  groupTable,
  patchDiscriminator,
  robustStep,
  smallCnn,
  train,
  unetGenerator,
} from 'model-patching';
import { imageBatch, minusOneToOne, type Images } from 'model-patching/augmentation';
import { adam, constantSchedule } from 'model-patching/optimizers';
import { foldKey, randomKey, uniform } from 'model-patching/random';
import { disposeTensors, stageOneBatches, stageTwoBatches, type Examples } from 'model-patching/training';

const [IMAGES, SIZE, SEED] = [40, 20, 1];
const SHAPE = [SIZE, SIZE, 1] as const;

/** A bar that lies or stands, by class, in noise; subgroup 1 has a bright corner. */
function drawn(index: number, label: number, subgroup: number): number[] {
  const noise = uniform(foldKey(randomKey(SEED), 'pixels', index), SIZE * SIZE);
  return Array.from(noise, (value, pixel) => {
    const [row, column] = [Math.floor(pixel / SIZE), pixel % SIZE];
    const onBar = [9, 10].includes(label === 0 ? row : column);
    const inCorner = subgroup === 1 && row < 4 && column < 4;
    return Math.floor(80 * value) + (onBar || inCorner ? 150 : 0);
  });
}

const indices = Array.from({ length: IMAGES }, (_, i) => i);
const labels = Int32Array.from(indices, (i) => i % 2);
/** Two of the ten images of a class are of the other subgroup than the rest. */
const subgroups = indices.map((i) => (i % 10 < 8 ? i % 2 : 1 - (i % 2)));

function images(subgroupOf: (index: number) => number): Images<Uint8Array> {
  const pixels = indices.flatMap((i) => drawn(i, labels[i]!, subgroupOf(i)));
  return imageBatch(Uint8Array.from(pixels), [IMAGES, ...SHAPE]);
}

const groups = Int32Array.from(indices, (i) => 2 * labels[i]! + subgroups[i]!);
const examples: Examples = { images: images((i) => subgroups[i]!), labels, groups };
const translations = [0, 1].map((subgroup) => images(() => subgroup));

async function classifierLosses(): Promise<number[]> {
  const names = ['(Y=0)(Z=0)', '(Y=0)(Z=1)', '(Y=1)(Z=0)', '(Y=1)(Z=1)'];
  const table = groupTable(
    names,
    names.map((_, group) => groups.filter((each) => each === group).length),
  );
  const network = smallCnn({ inputShape: SHAPE, classes: 2, width: 0.25, seed: SEED });
  const { init, step } = robustStep({
    network,
    table,
    objective: groupDro(table, { stepSize: 0.05, classConditional: true }),
    optimizer: adam(),
    consistency: { divergence: camelConsistency, weight: 1 },
  });
  const weights = network.weights();
  const losses: number[] = [];
  const { state } = await train({
    state: init(weights),
    stepsDone: 0,
    steps: 10,
    step,
    batchAt: stageTwoBatches({
      network,
      examples,
      translations,
      batchSize: 64,
      balanced: true,
      learningRate: constantSchedule(3e-3),
      seed: SEED,
    }),
    onLosses: (records) => void losses.push(...records.map(({ losses: { loss } }) => Number(loss))),
  });
  disposeTensors({ weights, state });
  network.model.dispose();
  return losses;
}

/** Losses of one step between the subgroups, by name. */
async function cycleganLosses(): Promise<Record<string, number>> {
  const generator = (seed: number) => unetGenerator({ inputShape: SHAPE, filters: [8, 16], seed });
  const discriminator = (seed: number) => patchDiscriminator({ inputShape: SHAPE, width: 0.1, seed });
  const generators = { toTarget: generator(1), toSource: generator(2) };
  const discriminators = { source: discriminator(3), target: discriminator(4) };
  const { init, step } = cycleganStep({ generators, discriminators });
  const weights = {
    generators: { toTarget: generators.toTarget.weights(), toSource: generators.toSource.weights() },
    discriminators: { source: discriminators.source.weights(), target: discriminators.target.weights() },
  };
  const losses: Record<string, number> = {};
  const { state } = await train({
    state: init(weights, [IMAGES, ...SHAPE]),
    stepsDone: 0,
    steps: 1,
    step,
    batchAt: stageOneBatches({
      source: translations[0]!,
      target: translations[1]!,
      augment: minusOneToOne,
      batchSize: 8,
      generatorLearningRate: constantSchedule(1e-3),
      discriminatorLearningRate: constantSchedule(2e-4),
      poolSize: IMAGES,
      seed: SEED,
    }),
    onLosses: (records) => {
      for (const record of records)
        for (const [name, value] of Object.entries(record.losses)) losses[name] = Number(value);
    },
  });
  disposeTensors({ weights, state });
  for (const network of [...Object.values(generators), ...Object.values(discriminators)])
    network.model.dispose();
  return losses;
}

/** What both trainings come to. */
export interface TrainedLosses {
  /** The loss of each step of the classifier. */
  readonly classifier: readonly number[];
  /** The losses of the CycleGAN's step, by name. */
  readonly cyclegan: Readonly<Record<string, number>>;
}

/** Trains on the current backend. */
export async function tenSteps(): Promise<TrainedLosses> {
  return { classifier: await classifierLosses(), cyclegan: await cycleganLosses() };
}
