/**
 * The whole of model patching, composed from the public functions, on whatever backend there is:
 *
 *     npx tsx --conditions=source examples/pipeline.ts [--steps 450] [--width 0.25] [--images 2400] [--backend wasm]
 *
 * Real digits, even or odd; in training nearly all even ones are clean and nearly all odd ones carry a zigzag. Stage 1
 * learns to draw and to remove it. Stage 2 trains a classifier that answers the same for an image and its translations.
 */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import * as core from 'model-patching';
import * as augmentation from 'model-patching/augmentation';
import { decode, positiveInteger, positiveNumber } from 'model-patching/config';
import { formatDataError, mnistCorrelation } from 'model-patching/data';
import { compileStep, readMnist, selectBackend } from 'model-patching/node';
import { constantSchedule, sgd } from 'model-patching/optimizers';
import * as training from 'model-patching/training';

const option = { type: 'string' } as const;
const { values } = parseArgs({ options: { steps: option, width: option, images: option, backend: option } });
const asked = { steps: 450, width: 0.25, images: 2400, ...values };
const [steps, width, images] = (['steps', 'width', 'images'] as const).map((name) => {
  const codec = name === 'width' ? positiveNumber : positiveInteger;
  const read = decode(codec, Number(asked[name]) || asked[name], `pipeline: --${name}`);
  if (read._tag === 'Right') return read.right;
  console.error(formatDataError(read.left[0]!));
  process.exit(2);
}) as [number, number, number];
const [seed, shape] = [1, [28, 28, 1] as const];
const backend = await selectBackend(values.backend === undefined ? {} : { name: values.backend });
console.log(`backend ${backend.name} (${backend.device})`);

// The data: real MNIST and its zigzags, in four groups; 96 of 100 images of a class look alike.
const mnist = await readMnist(fileURLToPath(new URL('data/mnist', import.meta.url)));
if (mnist._tag === 'Left') throw new Error(mnist.left.found);
const rare = Math.ceil(images / 24);
const made = mnistCorrelation({
  mnist: mnist.right,
  seed,
  trainingCounts: [images, rare, rare, images],
  stage1Counts: [rare, rare, rare, rare],
});
if (made._tag === 'Left') throw new Error(made.left.found);
const { table } = made.right.description;
const part = (name: 'train' | 'test' | 'stage1Source' | 'stage1Target') => {
  const { images: pixels, labels, groups } = made.right.images(name);
  return { images: augmentation.imageBatch(pixels, [labels.length, ...shape]), labels, groups };
};
const examples = part('train');
const said = (label: string) => (records: readonly { readonly step: number; readonly losses: object }[]) => {
  const { step, losses } = records.at(-1)!;
  if (step % 50 === 0 || step === steps) console.log(`${label}, step ${step}: ${JSON.stringify(losses)}`);
};

// Stage 1: a CycleGAN between clean digits and digits with a zigzag.
const generator = (n: number) => core.publishedGenerator(shape, { width, residual: true, seed: n });
const discriminator = (n: number) => core.publishedDiscriminator(shape, { width, seed: n });
const generators = { toTarget: generator(1), toSource: generator(2) };
const discriminators = { source: discriminator(3), target: discriminator(4) };
const losses = { cycleWeight: 5, identityWeight: 1, movingAverageDecay: 0.9 };
const cyclegan = core.cycleganStep({ generators, discriminators, ...losses });
const weights = {
  generators: { toTarget: generators.toTarget.weights(), toSource: generators.toSource.weights() },
  discriminators: { source: discriminators.source.weights(), target: discriminators.target.weights() },
};
const { compose, randomRotation, randomPadAndCrop, minusOneToOne } = augmentation;
const stageOne = await core.train({
  state: cyclegan.init(weights, [50, ...shape]),
  stepsDone: 0,
  steps,
  step: cyclegan.step,
  compile: compileStep,
  batchAt: training.stageOneBatches({
    source: part('stage1Source').images,
    target: part('stage1Target').images,
    augment: compose(randomRotation(45), randomPadAndCrop(), minusOneToOne),
    batchSize: 25,
    generatorLearningRate: constantSchedule(1e-3),
    discriminatorLearningRate: constantSchedule(2e-4),
    poolSize: 50,
    seed,
  }),
  onLosses: said('stage 1'),
});

// Between the stages: every training image once without the zigzag, and once with it.
const translated = async (direction: 'toSource' | 'toTarget') => {
  const weights = training.translatingWeights(stageOne.state)[direction];
  const trained = { network: generators[direction], weights };
  return augmentation.toBytes(await training.translateImages(minusOneToOne(examples.images), trained));
};
const translations = [await translated('toSource'), await translated('toTarget')];

// Stage 2: a classifier under group DRO within each class, consistent over each image and its translations.
const network = core.smallCnn({ inputShape: shape, classes: 2, width: 2 * width, seed });
const { step, init } = core.robustStep({
  network,
  table,
  objective: core.groupDro(table, { stepSize: 0.01, adjustment: 1, classConditional: true }),
  optimizer: sgd(),
  weightDecay: 5e-4,
  consistency: { divergence: core.camelConsistency, weight: 1 },
});
const first = network.weights();
const batches = { network, examples, translations, batchSize: 40, balanced: true, seed };
const stageTwo = await core.train({
  state: init(first),
  stepsDone: 0,
  steps,
  step,
  compile: compileStep,
  batchAt: training.stageTwoBatches({ ...batches, learningRate: constantSchedule(0.03) }),
  onLosses: said('stage 2'),
});

const report = await training.evaluateClassifier({ network, weights: stageTwo.state }, part('test'), table);
for (const { name, count, accuracy } of report.groups)
  console.log(`${name}: ${(100 * accuracy!).toFixed(1)} % of ${count} test images`);
console.log(`worst group ${report.worstGroup?.name}: ${(100 * report.worstGroup!.accuracy).toFixed(1)} %`);
training.disposeTensors({ weights, first, one: stageOne.state, two: stageTwo.state });
