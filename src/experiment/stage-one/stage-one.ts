/** Stage 1 of an experiment: a CycleGAN trained in its run folder, under the eyes of a gate if there is one. */
import { join } from 'node:path';
import { compose, type Images } from '../../augmentation/images.ts';
import { imagePipeline } from '../../augmentation/pipelines.ts';
import { concatenateImages } from '../../augmentation/pairing.ts';
import { stepsOf } from '../../config/schema/durations.ts';
import { imageGallery } from '../../augmentation/gallery.ts';
import { minusOneToOne, toBytes } from '../../augmentation/scaling.ts';
import type { StageOneExperiment } from '../../config/schema/stage-one.ts';
import type { CycleganBatch, CycleganState, PerGenerator } from '../../gan/cyclegan-state.ts';
import type { NetworkWeights } from '../../models/network.ts';
import { foldKey, randomKey } from '../../random/random.ts';
import { disposeTensors } from '../../tensor-tree.ts';
import {
  checkpointScore,
  measureGenerators,
  translateImages,
  type GateMeasure,
  type TrainedGenerator,
} from '../../training/generator-measure.ts';
import {
  stageOneBatch,
  stageOneOrder,
  translatingWeights,
  type Domain,
  type StageOneBatchOptions,
} from '../../training/stage-one.ts';
import { stageOneClasses, type StageOneClasses } from '../../training/stage-one-classes.ts';
import { removeAbandonedFiles } from '../../system/atomic-file.ts';
import { openBatchStream } from '../../streams/batch-stream.ts';
import { makeFolder } from '../../system/make-folder.ts';
import type { Run } from '../../runs/run-directory.ts';
import { pause, pauseOrStop, type ExperimentContext } from '../context.ts';
import { cycleganOf, type CycleganNetworks } from './cyclegan.ts';
import { obtainGate, type ExperimentGate } from './gate.ts';
import { loadFirst } from '../images/load-images.ts';
import { writePicture } from '../logs/gallery-file.ts';
import { learningRateOf } from '../optimizers.ts';
import type { StageOnePlan } from './stage-one-plan.ts';
import type { StageOneOutcome } from '../outcomes.ts';
import { satisfiedRecord, satisfactionOf } from './satisfied-gate.ts';
import { bestState, courseOf, trainInRun } from '../train-in-run.ts';

/** Generators with the weights that translate. */
export interface Generators {
  readonly toTarget: TrainedGenerator;
  readonly toSource: TrainedGenerator;
}

/** The generators of an experiment with weights. */
export function generatorsOf(
  { generators }: Pick<CycleganNetworks, 'generators'>,
  { generator, seed }: Pick<StageOneExperiment, 'generator' | 'seed'>,
  weights: PerGenerator<NetworkWeights>,
): Generators {
  const trained = (direction: 'toTarget' | 'toSource'): TrainedGenerator => ({
    network: generators[direction],
    weights: weights[direction],
    ...(generator.kind === 'unet' && {
      noise: {
        planes: generator.noise[direction],
        key: foldKey(randomKey(seed), 'noise of translations', direction),
      },
    }),
  });
  return { toTarget: trained('toTarget'), toSource: trained('toSource') };
}

const classesOf = (
  { training }: StageOnePlan['experiment'],
  domains: StageOnePlan['domains'],
  steps: number,
): StageOneClasses =>
  stageOneClasses({
    labels: {
      source: domains.source.map(({ label }) => label),
      target: domains.target.map(({ label }) => label),
    },
    batchSize: training.batchSize,
    steps,
    ...(training.scarce.kind === 'mixed' && { mix: training.scarce }),
  });

/** The learning rates of a step, with what they are multiplied with. */
function learningRatesOf({ experiment: { optimizer }, steps }: StageOnePlan) {
  const generators = learningRateOf(optimizer, optimizer.generators.learningRate, steps);
  const discriminators = learningRateOf(optimizer, optimizer.discriminators.learningRate, steps);
  return (index: number, factor: number) => ({
    learningRate: { generators: generators(index) * factor, discriminators: discriminators(index) * factor },
  });
}

/** Both learning rates times a factor. */
const atRate = (options: StageOneBatchOptions, factor: number): StageOneBatchOptions => ({
  ...options,
  generatorLearningRate: (step) => options.generatorLearningRate(step) * factor,
  discriminatorLearningRate: (step) => options.discriminatorLearningRate(step) * factor,
});

function batchesOf(
  { experiment, images, networks, domains, steps }: StageOnePlan,
  skipDamaged: number,
  skipped: Run['skipped'],
): {
  readonly batchAt: (index: number, rateFactor: number) => Promise<CycleganBatch>;
  readonly close: () => void;
} {
  const { optimizer, pool, loss, seed, training, generator, discriminator, movingAverageDecay } = experiment;
  const options: StageOneBatchOptions = {
    augment: compose(imagePipeline({ augmentations: experiment.images.augmentation }), minusOneToOne),
    batchSize: training.batchSize,
    generatorLearningRate: learningRateOf(optimizer, optimizer.generators.learningRate, steps),
    discriminatorLearningRate: learningRateOf(optimizer, optimizer.discriminators.learningRate, steps),
    ...(pool.capacity > 0 && { poolSize: pool.capacity }),
    poolRule: pool.rule,
    generators: networks.generators,
    ...(loss.penalty.kind !== 'none' && { penalty: loss.penalty.kind }),
    ...(loss.penalty.kind === 'r1' && { penaltyEvery: loss.penalty.every }),
    ...(generator.kind === 'unet' && { noise: generator.noise }),
    ...(discriminator.augmentation.kind === 'random' && { views: discriminator.augmentation }),
    ...(training.balanced && { classes: classesOf(experiment, domains, steps) }),
    ...(movingAverageDecay !== null &&
      experiment.movingAverageWarmUp && {
        movingAverageDecay: (step: number) => Math.min(movingAverageDecay, (1 + step) / (10 + step)),
      }),
    seed,
  };
  const streamOf = (domain: Domain) =>
    openBatchStream({
      examples: domains[domain],
      shape: images.shape,
      load: images.load,
      indicesAt: stageOneOrder(domain, domains[domain].length, options),
      steps,
      skipDamaged,
      skipped: skipped.of(domain),
    });
  const [source, target] = [streamOf('source'), streamOf('target')];
  return {
    batchAt: async (index, rateFactor) => {
      const [one, other] = await Promise.all([source.batch(index), target.batch(index)]);
      return stageOneBatch(index, { source: one.images, target: other.images }, atRate(options, rateFactor));
    },
    close: () => {
      source.close();
      target.close();
    },
  };
}

/** A picture of originals, translations and translations back, one row each, of both domains. */
async function galleryOf(
  generators: Generators,
  originals: Readonly<Record<Domain, Images<Uint8Array>>>,
): Promise<Images<Uint8Array>> {
  const rows = async (domain: Domain): Promise<Images<Float32Array>[]> => {
    const [there, back] =
      domain === 'source'
        ? [generators.toTarget, generators.toSource]
        : [generators.toSource, generators.toTarget];
    const original = minusOneToOne(originals[domain]);
    const translated = await translateImages(original, there, pause);
    return [original, translated, await translateImages(translated, back, pause)];
  };
  const all = [...(await rows('source')), ...(await rows('target'))];
  return toBytes(imageGallery(concatenateImages(all), all[0]!.shape[0]));
}

/** Why a checkpoint translates. */
function whyChosen(gate: StageOneExperiment['gate']): string {
  if (gate.kind === 'none') return 'the last one, as there is no gate';
  return gate.choose === 'best' ? 'the best by the gate' : 'the last one, as the gate only measures';
}

/** Another process that trains the gate's classifiers in the folder of a run while the CycleGAN trains here. */
export interface GateBeside {
  /** The run is open, so that its folder may be written to. */
  begin(): void;
  /** When the other process is done with it, or has ended without. What it left undone is then done here. */
  ended(): Promise<void>;
}

/** The gate when it is first asked for; before the training, unless another process trains its classifiers. */
async function judgesOf(
  obtain: () => Promise<ExperimentGate | null>,
  beside: GateBeside | undefined,
): Promise<{ readonly of: () => Promise<ExperimentGate | null>; readonly dispose: () => Promise<void> }> {
  let judges: Promise<ExperimentGate | null> | undefined;
  const of = (): Promise<ExperimentGate | null> =>
    (judges ??= (beside?.ended() ?? Promise.resolve()).then(obtain));
  beside?.begin();
  if (beside === undefined) await of();
  return { of, dispose: async () => (await judges?.catch(() => null))?.dispose() };
}

/**
 * Trains stage 1 in its run folder, or goes on with it. A run that is done gives its outcome again.
 *
 * @param plan Of the experiment on its data; it stays the caller's.
 * @param run Opened with the experiment as settings.
 * @param context Output, and whether a stop was asked for.
 * @param options How many images of a domain may be damaged, and so of those that the gate learns from or is held to;
 *   and another process for the gate, if there is one.
 * @throws ProgramError: a damaged image too many (exit code 2), a stop asked for (75), a loss not finite (1).
 */
export async function stageOne(
  plan: StageOnePlan,
  run: Run<StageOneOutcome>,
  context: ExperimentContext,
  { skipDamaged, gateBeside }: { readonly skipDamaged: number; readonly gateBeside?: GateBeside },
): Promise<StageOneOutcome> {
  if (run.outcome !== undefined) return run.outcome;
  const { skipped } = run;
  const { experiment, images, domains, smaller, stepsPerEpoch, steps, networks } = plan;
  const { training, checkpoints, gallery, gate: gateSettings } = experiment;
  context.say(
    `stage 1: ${domains.source.length} source and ${domains.target.length} target images, ${steps} steps of ${training.batchSize} + ${training.batchSize}`,
  );
  const pictures = join(run.folder, 'gallery');
  await makeFolder(pictures);
  await removeAbandonedFiles(pictures);
  const obtain = async () =>
    plan.gate === null ? null : obtainGate(plan.gate, images, run, context, skipDamaged);
  const judges = await judgesOf(obtain, plan.gate === null ? undefined : gateBeside);
  const batches = batchesOf(plan, skipDamaged, skipped);
  const stopEarly = satisfactionOf(experiment);
  const first = (domain: Domain) =>
    loadFirst(images, domains[domain], Math.min(gallery.images, smaller), skipDamaged, skipped.of(domain));
  const translating = (state: CycleganState): Generators =>
    generatorsOf(networks, experiment, translatingWeights(state));
  const measured = async (state: CycleganState, which: 'during' | 'all'): Promise<GateMeasure | null> => {
    const found = await judges.of();
    return (
      found && measureGenerators(found.gate, translating(state), found.images[which], pauseOrStop(context))
    );
  };
  try {
    const [source, target] = [await first('source'), await first('target')];
    const shown = { source: source.images, target: target.images };
    const { step, initial } = cycleganOf(experiment, networks, images.shape);
    const end = await trainInRun({
      label: 'stage 1',
      run,
      context,
      initial,
      steps,
      step,
      batchAt: batches.batchAt,
      alsoLogged: learningRatesOf(plan),
      onNan: training.onNan,
      ...(stopEarly && { stopEarly }),
      checkpointEvery: stepsOf(checkpoints.every, stepsPerEpoch),
      evaluateEvery: stepsOf(
        gateSettings.kind === 'strict' ? gateSettings.every : checkpoints.every,
        stepsPerEpoch,
      ),
      also: [
        {
          every: stepsOf(gallery.every, stepsPerEpoch),
          run: async (state, done) => {
            const picture = await galleryOf(translating(state), shown);
            await run.log([await writePicture(run.folder, done, 'translations', picture)]);
          },
        },
      ],
      evaluate: async (state) => {
        const measure = await measured(state, 'during');
        if (measure === null) return { record: {}, note: '' };
        const { gate } = (await judges.of())!;
        return {
          record: { ...measure, ...satisfiedRecord(experiment, measure, gate) },
          ...(gateSettings.kind === 'strict' &&
            gateSettings.choose === 'best' && { score: checkpointScore(measure) }),
          note: `gate score ${measure.score.toFixed(3)}`,
        };
      },
    });
    const chosen = await bestState(run, end);
    const measure = await measured(chosen.state, 'all').finally(() => disposeTensors(chosen.state));
    const outcome: StageOneOutcome = {
      steps: end.step,
      stepsPerEpoch,
      bestStep: chosen.step,
      measure,
      gateAccuracy: (await judges.of())?.gate.heldOutAccuracy ?? null,
      seconds: run.seconds(),
      damaged: skipped.all(),
      course: { chosen: whyChosen(gateSettings), ...courseOf(run, end, steps) },
    };
    await run.finish(outcome);
    return outcome;
  } finally {
    batches.close();
    await judges.dispose();
  }
}
