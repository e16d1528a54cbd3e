/**
 * A pair of generators trained, judged and used, on digits with and without a zigzag:
 *
 *     npx tsx --conditions=source examples/cyclegan.ts [--steps 450] [--width 0.25] [--gate-steps 200] [--out experiments/cyclegan]
 *
 * It writes both generators' weights (safetensors, Keras names) and a picture: real digits, their translations, and the
 * translations back. The gate's classifiers are trained apart from the generators. They say how many translations look
 * like the other domain (flip rate) and how many keep their class.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { cycleganStep, patchDiscriminator, smallCnn, train, unetGenerator } from 'model-patching';
import * as augmentation from 'model-patching/augmentation';
import { decode, positiveInteger, positiveNumber } from 'model-patching/config';
import { encodePng, formatDataError, mnistCorrelation } from 'model-patching/data';
import { compileStep, readMnist, saveWeights, selectBackend } from 'model-patching/node';
import { constantSchedule } from 'model-patching/optimizers';
import * as training from 'model-patching/training';

const option = { type: 'string' } as const;
const options = { steps: option, width: option, 'gate-steps': option, out: option };
const { values } = parseArgs({ options });
const asked = { steps: 450, width: 0.25, 'gate-steps': 200, ...values };
const [steps, width, gateSteps] = (['steps', 'width', 'gate-steps'] as const).map((name) => {
  const codec = name === 'width' ? positiveNumber : positiveInteger;
  const read = decode(codec, Number(asked[name]) || asked[name], `cyclegan: --${name}`);
  if (read._tag === 'Right') return read.right;
  console.error(formatDataError(read.left[0]!));
  process.exit(2);
}) as [number, number, number];
const out = values.out ?? 'experiments/cyclegan';
const [seed, shape] = [1, [28, 28, 1] as const];
console.log(`backend ${(await selectBackend()).name}`);

const mnist = await readMnist(fileURLToPath(new URL('data/mnist', import.meta.url)));
if (mnist._tag === 'Left') throw new Error(mnist.left.found);
const made = mnistCorrelation({ mnist: mnist.right, seed });
if (made._tag === 'Left') throw new Error(made.left.found);
const part = (name: 'stage1Source' | 'stage1Target' | 'gateTrain' | 'gateHeldOut'): training.Examples => {
  const { images, labels, groups } = made.right.images(name);
  return { images: augmentation.imageBatch(images, [labels.length, ...shape]), labels, groups };
};

// Four levels of a U-Net, which pads 28 to 32; the discriminators see patches.
const generator = (n: number) =>
  unetGenerator({ inputShape: shape, filters: [64, 128, 256, 512], residual: true, width, seed: n });
const discriminator = (n: number) => patchDiscriminator({ inputShape: shape, width, seed: n });
const generators = { toTarget: generator(1), toSource: generator(2) };
const discriminators = { source: discriminator(3), target: discriminator(4) };
const { init, step } = cycleganStep({ generators, discriminators, cycleWeight: 5, movingAverageDecay: 0.9 });
const weights = {
  generators: { toTarget: generators.toTarget.weights(), toSource: generators.toSource.weights() },
  discriminators: { source: discriminators.source.weights(), target: discriminators.target.weights() },
};
const { compose, randomRotation, randomPadAndCrop, minusOneToOne } = augmentation;
const { state } = await train({
  state: init(weights, [50, ...shape]),
  stepsDone: 0,
  steps,
  step,
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
  onLosses: (records) => console.log(`step ${records.at(-1)!.step} of ${steps}`),
});
const translating = training.translatingWeights(state);
const toTarget = { network: generators.toTarget, weights: translating.toTarget };
const toSource = { network: generators.toSource, weights: translating.toSource };

// The gate: its classifiers learn from digits that no generator has seen, and judge others.
const judge = (n: number) => smallCnn({ inputShape: shape, classes: 2, width, seed: n });
const heldOut = part('gateHeldOut');
const gate = await training.trainGate({
  train: part('gateTrain'),
  heldOut,
  domainOf: [0, 1, 0, 1],
  networks: { domain: judge(5), label: judge(6) },
  steps: { domain: gateSteps, label: 3 * gateSteps },
  batchSize: 64,
  learningRate: 2e-3,
  seed,
});
const ofDomain = (domain: number) =>
  training.gatherExamples(
    heldOut,
    [...heldOut.groups.keys()].filter((i) => heldOut.groups[i]! % 2 === domain),
  );
const [source, target] = [ofDomain(0), ofDomain(1)];
const measure = await training.measureGenerators(gate!, { toTarget, toSource }, { source, target });
console.log('gate', JSON.stringify({ ...measure, classifiers: gate!.heldOutAccuracy }));

const digits = minusOneToOne(training.gatherImages(source.images, [0, 1, 2, 3, 250, 251, 252, 253]));
const there = await training.translateImages(digits, toTarget);
const back = await training.translateImages(there, toSource);
const rows = augmentation.toBytes(augmentation.concatenateImages([digits, there, back]));
const { pixels, shape: size } = augmentation.imageGallery(rows, digits.shape[0]);
await mkdir(out, { recursive: true });
await writeFile(
  join(out, 'gallery.png'),
  encodePng({ height: size[1], width: size[2], channels: 1, pixels }),
);
await saveWeights(join(out, 'to-target.safetensors'), generators.toTarget, translating.toTarget);
await saveWeights(join(out, 'to-source.safetensors'), generators.toSource, translating.toSource);
console.log(`${out}: gallery.png, to-target.safetensors, to-source.safetensors`);
training.disposeGate(gate!);
training.disposeTensors({ weights, state });
