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
import { orExit } from '../program.ts';
import { pause, type ExperimentContext } from '../experiment/context.ts';
import type { Elapsed } from '../experiment/elapsed.ts';
import { gateOfRun } from '../experiment/gate-file.ts';
import { trainInRun } from '../experiment/train-in-run.ts';
import { DOMAIN_OF_GROUP, ofDomain, type ExperimentData } from './experiment-data.ts';
import type { CamelSettings } from './settings.ts';

const SHAPE = [28, 28, 1] as const;

/** The generators that translate, with what the gate says of them. */
export interface StageOneOutcome {
  readonly generators: { readonly toTarget: TrainedGenerator; readonly toSource: TrainedGenerator };
  readonly bestStep: number;
  readonly measure: GateMeasure;
  readonly gateAccuracy: Gate['heldOutAccuracy'];
  /** Disposes the generators and their weights. */
  dispose(): void;
}

/** Seeds of the networks, all different. */
function seedOf({ seed }: CamelSettings, purpose: string): number {
  return foldKey(randomKey(seed), 'initial weights', purpose)[0];
}

/** The gate's classifiers, from the run's folder if they have been trained before. */
function obtainGate(
  settings: CamelSettings,
  data: ExperimentData,
  { run, save }: Elapsed,
  context: ExperimentContext,
): Promise<Gate> {
  const { width, domainSteps, labelSteps, batchSize, learningRate } = settings.gate;
  const network = (name: string) =>
    smallCnn({ inputShape: SHAPE, classes: 2, width, seed: seedOf(settings, `gate ${name}`) });
  return gateOfRun(
    run.folder,
    { domain: network('domain'), label: network('label') },
    () =>
      Promise.resolve({
        train: data.examples('gateTrain'),
        heldOut: data.examples('gateHeldOut'),
        domainOf: DOMAIN_OF_GROUP,
        steps: { domain: domainSteps, label: labelSteps },
        batchSize,
        learningRate,
        seed: settings.seed,
      }),
    context,
    save,
  );
}

/** Held-out images of one domain, the same at every measurement. */
function measuredImages(settings: CamelSettings, heldOut: Examples, domain: 0 | 1): Examples {
  return gatherExamples(
    heldOut,
    ofDomain(heldOut, domain).filter((_, i) => i % settings.gate.measureOneIn === 0),
  );
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

function networksOf(settings: CamelSettings) {
  const { width } = settings.stage1;
  const generator = (name: string) =>
    publishedGenerator(SHAPE, {
      width,
      residual: settings.stage1.residual,
      seed: seedOf(settings, `generator ${name}`),
    });
  const discriminator = (name: string) =>
    publishedDiscriminator(SHAPE, { width, seed: seedOf(settings, `discriminator ${name}`) });
  return {
    generators: { toTarget: generator('toTarget'), toSource: generator('toSource') },
    discriminators: { source: discriminator('source'), target: discriminator('target') },
  };
}

/** A CycleGAN step with its batches and its first state. */
function cyclegan(settings: CamelSettings, data: ExperimentData) {
  const { stage1, seed } = settings;
  const networks = networksOf(settings);
  const { generators, discriminators } = networks;
  const { init, step } = cycleganStep({
    ...networks,
    cycleWeight: stage1.cycleWeight,
    identityWeight: stage1.identityWeight,
    ...(stage1.movingAverageDecay > 0 && { movingAverageDecay: stage1.movingAverageDecay }),
  });
  const weights = {
    generators: { toTarget: generators.toTarget.weights(), toSource: generators.toSource.weights() },
    discriminators: { source: discriminators.source.weights(), target: discriminators.target.weights() },
  };
  const initial = init(weights, [stage1.poolSize, ...SHAPE]);
  disposeTensors(weights);
  return {
    generators,
    initial,
    disposeModels: () =>
      [...Object.values(generators), ...Object.values(discriminators)].forEach(({ model }) =>
        model.dispose(),
      ),
    step,
    batchAt: stageOneBatches({
      source: data.examples('stage1Source').images,
      target: data.examples('stage1Target').images,
      augment: compose(randomRotation(stage1.rotation), randomPadAndCrop(), minusOneToOne),
      batchSize: stage1.batchSize,
      generatorLearningRate: constantSchedule(stage1.generatorLearningRate),
      discriminatorLearningRate: constantSchedule(stage1.discriminatorLearningRate),
      poolSize: stage1.poolSize,
      seed,
    }),
  };
}

/**
 * Trains stage 1 in its run folder, or goes on with it, and picks the checkpoint of the highest gate score.
 *
 * @param elapsed The run with its clock.
 * @throws ProgramError when it is stopped, or when a loss is no longer finite.
 */
export async function stageOne(
  settings: CamelSettings,
  data: ExperimentData,
  elapsed: Elapsed,
  context: ExperimentContext,
): Promise<StageOneOutcome> {
  const { run } = elapsed;
  const gate = await obtainGate(settings, data, elapsed, context);
  const heldOut = data.examples('gateHeldOut');
  const images = {
    source: measuredImages(settings, heldOut, 0),
    target: measuredImages(settings, heldOut, 1),
  };
  const { generators, initial, step, batchAt, disposeModels } = cyclegan(settings, data);
  const translating = (state: CycleganState) => {
    const weights = translatingWeights(state);
    return {
      toTarget: { network: generators.toTarget, weights: weights.toTarget },
      toSource: { network: generators.toSource, weights: weights.toSource },
    };
  };
  const end = await trainInRun({
    label: 'stage 1',
    run,
    context,
    initial,
    steps: settings.stage1.steps,
    step,
    batchAt,
    checkpointEvery: settings.stage1.measureEvery,
    evaluate: async (state) => {
      const measure = await measureGenerators(gate, translating(state), images, pause);
      return {
        record: { ...measure },
        score: checkpointScore(measure),
        note: `gate score ${measure.score.toFixed(3)}`,
      };
    },
  });
  const best = orExit(await run.best(end)) ?? { step: settings.stage1.steps, state: end };
  if (best.state !== end) disposeTensors(end);
  const measure = await measureGenerators(
    gate,
    translating(best.state),
    { source: measuredAll(heldOut, 0), target: measuredAll(heldOut, 1) },
    pause,
  );
  disposeGate(gate);
  [gate.domain, gate.label].forEach(({ network }) => network.model.dispose());
  context.say(
    `stage 1: best checkpoint after ${best.step} steps; strict flip rate to zigzag ${percent(measure.flipRate.toTarget)}, to clean ${percent(measure.flipRate.toSource)}; class kept ${percent(measure.labelPreservation.toTarget)}, ${percent(measure.labelPreservation.toSource)}`,
  );
  const { averages, generators: latest, ...rest } = best.state;
  disposeTensors(averages === undefined ? rest : { ...rest, latest });
  const weights = averages ?? latest;
  return {
    generators: {
      toTarget: { network: generators.toTarget, weights: weights.toTarget },
      toSource: { network: generators.toSource, weights: weights.toSource },
    },
    bestStep: best.step,
    measure,
    gateAccuracy: gate.heldOutAccuracy,
    dispose: () => {
      disposeTensors(weights);
      disposeModels();
    },
  };
}

const measuredAll = (heldOut: Examples, domain: 0 | 1): Examples =>
  gatherExamples(heldOut, ofDomain(heldOut, domain));
