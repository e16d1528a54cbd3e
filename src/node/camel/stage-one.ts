/** Stage 1 of the main job: the gate's classifiers, the CycleGAN under the gate's eyes, and its best checkpoint. */
import { compose } from '../../augmentation/images.ts';
import { randomPadAndCrop } from '../../augmentation/crop-and-flip.ts';
import { randomRotation } from '../../augmentation/rotation.ts';
import { minusOneToOne } from '../../augmentation/scaling.ts';
import { cycleganStep } from '../../gan/cyclegan-step.ts';
import type { CycleganState } from '../../gan/cyclegan-state.ts';
import { publishedDiscriminator, publishedGenerator } from '../../models/published.ts';
import { smallCnn } from '../../models/small-classifiers.ts';
import { constantSchedule } from '../../optimizers/schedules.ts';
import { foldKey, randomKey } from '../../random.ts';
import { disposeTensors } from '../../tensor-tree.ts';
import { gatherExamples, type Examples } from '../../training/examples.ts';
import { disposeGate, type Gate } from '../../training/gate.ts';
import {
  checkpointScore,
  measureGenerators,
  type GateMeasure,
  type TrainedGenerator,
} from '../../training/generator-measure.ts';
import { stageOneBatches, translatingWeights } from '../../training/stage-one.ts';
import type { Reached } from '../../training/kept-state.ts';
import type { Run } from '../run-directory.ts';
import { pause, type ExperimentContext } from '../experiment/context.ts';
import type { Elapsed } from '../experiment/elapsed.ts';
import { gateOfRun, type GateTraining } from '../experiment/gate-file.ts';
import { bestState, trainInRun } from '../experiment/train-in-run.ts';
import { DOMAIN_OF_GROUP, ofDomain, type ExperimentData } from './experiment-data.ts';
import type { CamelSettings } from './settings.ts';

const SHAPE = [28, 28, 1] as const;

/** The generators that translate, while they are used, with what the gate says of them. */
export interface StageOneOutcome {
  readonly generators: { readonly toTarget: TrainedGenerator; readonly toSource: TrainedGenerator };
  readonly bestStep: number;
  readonly measure: GateMeasure;
  readonly gateAccuracy: Gate['heldOutAccuracy'];
}

/** Seeds of the networks, all different. */
function seedOf({ seed }: CamelSettings, purpose: string): number {
  return foldKey(randomKey(seed), 'initial weights', purpose)[0];
}

/** Uses the gate's classifiers, from the run's folder if they have been trained before, and disposes them. */
async function withGate<A>(
  settings: CamelSettings,
  data: ExperimentData,
  { run, save }: Elapsed,
  context: ExperimentContext,
  use: (gate: Gate) => Promise<A>,
): Promise<A> {
  const { width, domainSteps, labelSteps, batchSize, learningRate } = settings.gate;
  const network = (name: string) =>
    smallCnn({ inputShape: SHAPE, classes: 2, width, seed: seedOf(settings, `gate ${name}`) });
  const networks = { domain: network('domain'), label: network('label') };
  const training = (): Promise<GateTraining> =>
    Promise.resolve({
      train: data.examples('gateTrain'),
      heldOut: data.examples('gateHeldOut'),
      domainOf: DOMAIN_OF_GROUP,
      steps: { domain: domainSteps, label: labelSteps },
      batchSize,
      learningRate,
      seed: settings.seed,
    });
  try {
    const gate = await gateOfRun(run.folder, networks, training, context, save);
    return await use(gate).finally(() => disposeGate(gate));
  } finally {
    Object.values(networks).forEach(({ model }) => model.dispose());
  }
}

/** One in so many of the held-out images of either domain, the same at every measurement. */
function measuredImages(heldOut: Examples, oneIn: number) {
  const ofOne = (domain: 0 | 1): Examples =>
    gatherExamples(
      heldOut,
      ofDomain(heldOut, domain).filter((_, i) => i % oneIn === 0),
    );
  return { source: ofOne(0), target: ofOne(1) };
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

function networksOf(settings: CamelSettings) {
  const { width, residual } = settings.stage1;
  const generator = (name: string) =>
    publishedGenerator(SHAPE, { width, residual, seed: seedOf(settings, `generator ${name}`) });
  const discriminator = (name: string) =>
    publishedDiscriminator(SHAPE, { width, seed: seedOf(settings, `discriminator ${name}`) });
  return {
    generators: { toTarget: generator('toTarget'), toSource: generator('toSource') },
    discriminators: { source: discriminator('source'), target: discriminator('target') },
  };
}

type Networks = ReturnType<typeof networksOf>;

/** A CycleGAN step with its batches and its first state. */
function cyclegan(settings: CamelSettings, data: ExperimentData, networks: Networks) {
  const { stage1, seed } = settings;
  const { generators, discriminators } = networks;
  const { init, step } = cycleganStep({
    ...networks,
    cycleWeight: stage1.cycleWeight,
    identityWeight: stage1.identityWeight,
    ...(stage1.movingAverageDecay > 0 && { movingAverageDecay: stage1.movingAverageDecay }),
  });
  const batchAt = stageOneBatches({
    source: data.examples('stage1Source').images,
    target: data.examples('stage1Target').images,
    augment: compose(randomRotation(stage1.rotation), randomPadAndCrop(), minusOneToOne),
    batchSize: stage1.batchSize,
    generatorLearningRate: constantSchedule(stage1.generatorLearningRate),
    discriminatorLearningRate: constantSchedule(stage1.discriminatorLearningRate),
    poolSize: stage1.poolSize,
    seed,
  });
  const weights = {
    generators: { toTarget: generators.toTarget.weights(), toSource: generators.toSource.weights() },
    discriminators: { source: discriminators.source.weights(), target: discriminators.target.weights() },
  };
  const initial = init(weights, [stage1.poolSize, ...SHAPE]);
  disposeTensors(weights);
  return { initial, step, batchAt };
}

function generatorsOf({ generators }: Networks, state: CycleganState): StageOneOutcome['generators'] {
  const { toTarget, toSource } = translatingWeights(state);
  return {
    toTarget: { network: generators.toTarget, weights: toTarget },
    toSource: { network: generators.toSource, weights: toSource },
  };
}

/** Trains the CycleGAN, or goes on with it, and picks the checkpoint of the highest gate score; its state is the caller's. */
async function trained(
  settings: CamelSettings,
  data: ExperimentData,
  networks: Networks,
  gate: Gate,
  run: Run,
  context: ExperimentContext,
): Promise<{ readonly best: Reached<CycleganState>; readonly measure: GateMeasure }> {
  const { steps, measureEvery } = settings.stage1;
  const heldOut = data.examples('gateHeldOut');
  const images = measuredImages(heldOut, settings.gate.measureOneIn);
  const state = await trainInRun({
    label: 'stage 1',
    run,
    context,
    ...cyclegan(settings, data, networks),
    steps,
    checkpointEvery: measureEvery,
    evaluate: async (reached) => {
      const measure = await measureGenerators(gate, generatorsOf(networks, reached), images, pause);
      return {
        record: { ...measure },
        score: checkpointScore(measure),
        note: `gate score ${measure.score.toFixed(3)}`,
      };
    },
  });
  const best = await bestState(run, { step: steps, state });
  try {
    const all = measuredImages(heldOut, 1);
    return { best, measure: await measureGenerators(gate, generatorsOf(networks, best.state), all, pause) };
  } catch (error) {
    disposeTensors(best.state);
    throw error;
  }
}

/**
 * Trains stage 1 in its run folder, or goes on with it, and uses the checkpoint of the highest gate score.
 *
 * @param elapsed The run with its clock.
 * @param use Handed the generators, which are disposed afterwards.
 * @throws ProgramError when it is stopped, or when a loss is no longer finite.
 */
export async function stageOne<A>(
  settings: CamelSettings,
  data: ExperimentData,
  elapsed: Elapsed,
  context: ExperimentContext,
  use: (outcome: StageOneOutcome) => Promise<A>,
): Promise<A> {
  const networks = networksOf(settings);
  try {
    const { best, measure, gateAccuracy } = await withGate(
      settings,
      data,
      elapsed,
      context,
      async (gate) => ({
        ...(await trained(settings, data, networks, gate, elapsed.run, context)),
        gateAccuracy: gate.heldOutAccuracy,
      }),
    );
    try {
      const { flipRate, labelPreservation } = measure;
      context.say(
        `stage 1: best checkpoint after ${best.step} steps; strict flip rate to zigzag ${percent(flipRate.toTarget)}, to clean ${percent(flipRate.toSource)}; class kept ${percent(labelPreservation.toTarget)}, ${percent(labelPreservation.toSource)}`,
      );
      const generators = generatorsOf(networks, best.state);
      return await use({ generators, bestStep: best.step, measure, gateAccuracy });
    } finally {
      disposeTensors(best.state);
    }
  } finally {
    for (const { model } of [
      ...Object.values(networks.generators),
      ...Object.values(networks.discriminators),
    ])
      model.dispose();
  }
}
