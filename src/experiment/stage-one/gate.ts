/**
 * The gate of a stage-1 experiment. Its classifiers learn from validation images, which neither stage 1 nor the test
 * split holds; the images that the generators are judged by are other validation images.
 */
import type { StageOneExperiment } from '../../config/schema/stage-one.ts';
import type { DatasetExample } from '../../data/dataset.ts';
import type { Network } from '../../models/network.ts';
import { smallCnn } from '../../models/small-classifiers.ts';
import { foldKey, randomKey } from '../../random/random.ts';
import { gatherExamples, type Examples } from '../../training/examples.ts';
import { disposeGate, type Gate } from '../../training/gate.ts';
import type { Run } from '../../runs/run-directory.ts';
import type { SkippedImages } from '../../runs/skipped-images.ts';
import { closing } from '../../system/closing.ts';
import { ProgramError } from '../../system/program.ts';
import type { ExperimentContext } from '../context.ts';
import { translatesClass } from './domains.ts';
import type { ExperimentImages, ImageReference } from '../images/experiment-images.ts';
import { gateOfRun } from './gate-file.ts';
import { loadExamples } from '../images/load-images.ts';
import type { OpenImages } from '../images/shared-images.ts';

type Strict = Extract<StageOneExperiment['gate'], { readonly kind: 'strict' }>;
type Example = DatasetExample<ImageReference>;

/** The gate's classifiers before training, and the images of each; dispose it when the work is done. */
export interface GatePlan {
  readonly settings: Strict;
  /** Of the experiment. */
  readonly seed: number;
  readonly train: readonly Example[];
  readonly heldOut: readonly Example[];
  /** Domain of each group of these images, which are counted anew: 0 source, 1 target. */
  readonly domainOf: readonly number[];
  readonly networks: { readonly domain: Network; readonly label: Network };
  dispose(): void;
}

/** Images of both domains. */
interface DomainExamples {
  readonly source: Examples;
  readonly target: Examples;
}

/** A trained gate and the images that it judges. */
export interface ExperimentGate {
  readonly gate: Gate;
  /** Those that are measured during training, and all of them. */
  readonly images: Readonly<Record<'during' | 'all', DomainExamples>>;
  dispose(): void;
}

/** The images of a group that the gate may have: its own, or else validation images, of which half are held out. */
function membersOf(
  group: number,
  images: ExperimentImages,
  { heldOutImages, trainingImages }: Strict,
): Readonly<Record<'train' | 'heldOut', readonly Example[]>> {
  const of = (examples: readonly Example[]) => examples.filter((example) => example.group === group);
  if (images.gate !== undefined) {
    return {
      train: of(images.gate('training')).slice(0, trainingImages),
      heldOut: of(images.gate('heldOut')).slice(0, heldOutImages),
    };
  }
  const members = of(images.examples('validation'));
  const held = Math.min(heldOutImages, Math.floor(members.length / 2));
  return { train: members.slice(held, held + trainingImages), heldOut: members.slice(0, held) };
}

/** Refuses to measure so few of the held-out images during training that a domain has not two of them. */
function assertMeasured(
  { measureOneIn }: Strict,
  domains: readonly number[],
  { name }: Pick<ExperimentImages, 'name'>,
): void {
  for (const [domain, called] of ['source', 'target'].entries()) {
    const held = domains.filter((each) => each === domain).length;
    if (measureOneIn >= held)
      throw new ProgramError(
        `gate.measureOneIn: expected less than ${held}, the held-out images of the ${called} domain in ${name}, so that two of them are measured, found ${measureOneIn}; set gate.measureOneIn to ${held - 1} or less`,
        2,
      );
  }
}

/**
 * The images of each group of the two domains: those for training, and those held out. A group that stage 1 has no
 * training images of is none of them: whether it is translated well would not be the generators' doing.
 *
 * @throws ProgramError (exit code 2) if there are too few, too few of them are measured, or there are more groups than
 *   a batch has images.
 */
export function gateImages(
  experiment: Pick<StageOneExperiment, 'translation'>,
  settings: Strict,
  images: ExperimentImages,
): Pick<GatePlan, 'train' | 'heldOut' | 'domainOf'> {
  const { source, target } = experiment.translation;
  const domainOf: number[] = [];
  const train: Example[] = [];
  const heldOut: Example[] = [];
  for (const [group, name] of images.table.names.entries()) {
    const trained = images.examples('train').find((example) => example.group === group);
    const domain = [source.subgroup, target.subgroup].indexOf(trained?.subgroup ?? -1);
    if (trained === undefined || domain < 0 || !translatesClass(experiment, trained.label)) continue;
    const members = membersOf(group, images, settings);
    const counted = (examples: readonly Example[]) =>
      examples.map((example) => ({ ...example, group: domainOf.length }));
    heldOut.push(...counted(members.heldOut));
    train.push(...counted(members.train));
    domainOf.push(domain);
    if (members.heldOut.length < 2) {
      const found = images.examples('validation').filter((example) => example.group === group).length;
      throw new ProgramError(
        `gate: expected at least 4 validation images of group ${name} in ${images.name}, found ${found}; add some, or set gate.kind to none`,
        2,
      );
    }
  }
  const groups = domainOf.length;
  if (settings.batchSize < groups) {
    throw new ProgramError(
      `gate.batchSize: expected at least ${groups}, one image of each group of ${images.name} that it learns, found ${settings.batchSize}; set gate.batchSize to ${groups} or more`,
      2,
    );
  }
  assertMeasured(
    settings,
    heldOut.map(({ group }) => domainOf[group]!),
    images,
  );
  return { train, heldOut, domainOf };
}

/** The classifiers of a gate, before training. */
export function gateNetworks(
  { seed }: Pick<StageOneExperiment, 'seed'>,
  { width }: Strict,
  { shape, classes }: Pick<ExperimentImages, 'shape' | 'classes'>,
): GatePlan['networks'] {
  const network = (name: string, count: number) =>
    smallCnn({
      inputShape: shape,
      classes: count,
      width,
      seed: foldKey(randomKey(seed), 'initial weights', `gate ${name}`)[0],
    });
  return { domain: network('domain', 2), label: network('label', classes.length) };
}

/**
 * Chooses the images of the gate, and builds its classifiers.
 *
 * @throws ProgramError (exit code 2) if there are too few validation images.
 */
export function planGate(
  experiment: StageOneExperiment,
  settings: Strict,
  images: ExperimentImages,
): GatePlan {
  const { seed } = experiment;
  const chosen = gateImages(experiment, settings, images);
  const networks = gateNetworks(experiment, settings, images);
  const dispose = (): void => Object.values(networks).forEach(({ model }) => model.dispose());
  return { settings, seed, ...chosen, networks, dispose };
}

/**
 * The gate of an experiment, trained, or from the run's folder if it has been trained before.
 *
 * @param plan Stays the caller's, and must outlive the gate.
 * @param images The data of the experiment, opened.
 * @param run Keeps what was skipped before the training, which is not done twice, and the time with every checkpoint.
 * @param context Output, and whether a stop was asked for.
 * @param skipDamaged How many images of the training, and of those held out, may be damaged.
 * @throws ProgramError if more images are damaged (exit code 2), or a stop was asked for (75).
 */
export async function obtainGate(
  { settings, seed, train, heldOut, domainOf, networks }: GatePlan,
  images: ExperimentImages,
  run: Pick<Run, 'folder' | 'keep'> & { readonly skipped: Pick<SkippedImages, 'of'> },
  context: ExperimentContext,
  skipDamaged: number,
): Promise<ExperimentGate> {
  const judged = await loadExamples(images, heldOut, skipDamaged, run.skipped.of('gate, held out'));
  const ofDomain = (domain: number, oneIn: number): Examples => {
    const members = Array.from(judged.groups.keys()).filter((i) => domainOf[judged.groups[i]!] === domain);
    return gatherExamples(
      judged,
      members.filter((_, place) => place % oneIn === 0),
    );
  };
  const both = (oneIn: number) => ({ source: ofDomain(0, oneIn), target: ofDomain(1, oneIn) });
  const during = both(settings.measureOneIn);
  for (const [name, { labels }] of Object.entries(during))
    if (labels.length < 2)
      throw new ProgramError(
        `gate: expected at least 2 whole held-out images of the ${name} domain in ${images.name}, found ${labels.length}; restore the damaged ones, raise gate.heldOutImages, or lower gate.measureOneIn`,
        2,
      );
  const gate = await gateOfRun(
    run.folder,
    networks,
    async () => {
      const learnt = await loadExamples(images, train, skipDamaged, run.skipped.of('gate, training'));
      await run.keep();
      return {
        train: learnt,
        heldOut: judged,
        domainOf,
        steps: { domain: settings.domainSteps, label: settings.labelSteps },
        batchSize: settings.batchSize,
        learningRate: settings.learningRate,
        seed,
      };
    },
    context,
    run.keep,
  );
  return {
    gate,
    images: { during, all: both(1) },
    dispose: () => disposeGate(gate),
  };
}

/**
 * Trains the classifiers of an experiment's gate in the folder of its run, for a process that trains its CycleGAN.
 *
 * @param experiment With a gate.
 * @param folder Of a run that the other process has opened.
 * @param openImages Opens the data.
 * @param context Output, and whether a stop was asked for.
 * @throws ProgramError at the first damaged image (exit code 2), or if a stop was asked for (75).
 */
export async function trainGateInRun(
  experiment: StageOneExperiment,
  folder: string,
  openImages: OpenImages,
  context: ExperimentContext,
): Promise<void> {
  const { gate } = experiment;
  if (gate.kind === 'none') return;
  await closing(await openImages(experiment.data), async (images) => {
    const plan = planGate(experiment, gate, images);
    const run = { folder, skipped: { of: () => new Map() }, keep: () => Promise.resolve() };
    try {
      (await obtainGate(plan, images, run, context, 0)).dispose();
    } finally {
      plan.dispose();
    }
  });
}
