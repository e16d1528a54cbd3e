/** The program of stage 2: an experiment from its settings to a run folder with results. */
import { join } from 'node:path';
import type { StageTwoExperiment } from '../../config/schema/stage-two.ts';
import type { RunLogger } from '../../logs/run-logger.ts';
import type { StageTwoRunResults } from '../../config/study-results.ts';
import type { Network } from '../../models/network.ts';
import { disposeTensors } from '../../tensor-tree.ts';
import type { SelectedBackend } from '../../backends/backend.ts';
import { closing } from '../../system/closing.ts';
import { orExit } from '../../system/program.ts';
import { reportStageTwo } from '../report/run-report.ts';
import { openRun } from '../../runs/run-directory.ts';
import { restoreMirrors } from '../../runs/restore-mirrors.ts';
import { obtainTranslations, translationsLeft } from '../translations/augment.ts';
import type { ExperimentImages } from '../images/experiment-images.ts';
import { assertNoneMended, leakNotices, notingDamage, boundOutcome } from '../bound-runs.ts';
import { stageTwoMirrors } from '../logs/run-mirrors.ts';
import { stageTwoBudget } from './budget.ts';
import type { ExperimentContext } from '../context.ts';
import { assertDataFits } from '../images/data-faults.ts';
import { missingInStageTwo } from '../images/missing-images.ts';
import { openExperimentImages } from '../images/open-images.ts';
import type { OpenImages } from '../images/shared-images.ts';
import { checkRunTranslations } from '../../runs/run-data.ts';
import { readRunFile } from '../../runs/run-file.ts';
import type { ExperimentToRun } from '../run-settings.ts';
import { skipDamagedOf, skipping } from '../images/skipped-images.ts';
import { StageTwoOutcomeCodec, type StageTwoOutcome } from '../outcomes.ts';
import { stepOf, type ClassifierState, type ExperimentStep } from './methods.ts';
import { classifierOf, classifierShape, firstWeights } from './networks.ts';
import { stageTwo } from './stage-two.ts';
import type { ObtainTranslations, Translations } from '../translations/translations.ts';

/** How an experiment is run. */
export interface RunStageTwoOptions {
  /** The run folder, new or begun with the same settings. */
  readonly out: string;
  /** For the results. */
  readonly backend: Pick<SelectedBackend, 'name' | 'device'>;
  /** How many images of a split may be damaged, in place of what the settings say. */
  readonly skipDamaged?: number;
  /** What the report calls the groups, by keys such as `y0z1`; default: their classes and subgroups. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Is told what is logged, beside the files in the run folder; it stays the caller's to close. */
  readonly logger?: RunLogger;
  /**
   * Where CAMEL's translations come from; default `obtainTranslations`, which the settings lead.
   *
   * @internal
   */
  readonly translationsFrom?: ObtainTranslations;
  /**
   * Opens the data; default `openExperimentImages`. A study shares them between its runs.
   *
   * @internal
   */
  readonly openImages?: OpenImages;
}

async function translationsOf(
  experiment: StageTwoExperiment,
  images: ExperimentImages,
  { skipDamaged, translationsFrom = obtainTranslations }: RunStageTwoOptions,
  context: ExperimentContext,
): Promise<Translations | null> {
  if (experiment.method.kind !== 'camel') return null;
  return translationsFrom(skipping(experiment, skipDamaged), images, context);
}

/**
 * Refuses other translations than those that a run which is done has learnt from. Those of a stage-1 run may be gone by
 * now, and are not made again. Its stage-1 runs must be those of then where they are there.
 */
async function assertTranslations(
  experiment: StageTwoExperiment,
  images: ExperimentImages,
  { out, translationsFrom }: RunStageTwoOptions,
  context: ExperimentContext,
): Promise<void> {
  if (experiment.method.kind !== 'camel' || translationsFrom !== undefined) return;
  const run = orExit(await readRunFile(join(out, 'run.json')));
  const { contents, madeBy } = await translationsLeft(experiment, images, context);
  const data = await images.fingerprint?.(context.stopRequested);
  // Where damaged images have been mended, another run may have had the translations made anew.
  const mended = data !== undefined && run?.data !== data.digest;
  const compared = Object.entries(contents).filter(([name]) => !(mended && name in madeBy));
  const ours = { ...run?.translations, ...Object.fromEntries(compared) };
  orExit(checkRunTranslations(out, run?.translations, ours));
  orExit(checkRunTranslations(out, run?.madeBy, { ...run?.madeBy, ...madeBy }));
}

/** What will be done, in one line. */
function describeRun(experiment: StageTwoExperiment, images: ExperimentImages): string {
  const { name, method, network } = experiment;
  const { stepsPerEpoch, steps } = stageTwoBudget(experiment, images.table);
  const count = images.examples('train').length;
  return `${name}: ${method.kind} with ${network.kind} on ${count} training images of ${images.name}; ${stepsPerEpoch} steps an epoch, ${steps} in all`;
}

/** The state before the first step, with the weights that the settings name. */
async function firstState(
  experiment: StageTwoExperiment,
  network: Network,
  step: ExperimentStep,
  { say }: ExperimentContext,
): Promise<ClassifierState> {
  try {
    const weights = await firstWeights(network, experiment.network, say);
    const initial = step.init(weights);
    disposeTensors(weights);
    return initial;
  } catch (error) {
    network.model.dispose();
    throw error;
  }
}

/** What the logs of a run are made with beside its settings and groups. */
interface LogOptions extends Pick<RunStageTwoOptions, 'out' | 'logger'> {
  readonly labels: RunStageTwoOptions['labels'] | undefined;
}

/** The logs beside `metrics.jsonl`. */
function mirrorsOf(
  { experiment, settings }: ExperimentToRun<'stage-2'>,
  { table }: Pick<ExperimentImages, 'table'>,
  trainedGroups: readonly string[],
  { out: folder, labels, logger }: LogOptions,
) {
  const { stepsPerEpoch } = stageTwoBudget(experiment, table);
  const groups = table.names;
  return stageTwoMirrors({
    folder,
    experiment,
    settings,
    trainedGroups,
    groups,
    labels,
    stepsPerEpoch,
    logger,
  });
}

async function train(
  { experiment, settings }: ExperimentToRun<'stage-2'>,
  images: ExperimentImages,
  options: RunStageTwoOptions,
  context: ExperimentContext,
): Promise<StageTwoOutcome> {
  // A wrong path is refused before the run folder is made, so that the corrected command starts from nothing.
  assertDataFits(experiment, images);
  context.say(describeRun(experiment, images));
  const data = await images.fingerprint?.(context.stopRequested);
  const missing = missingInStageTwo(experiment, images);
  [...(images.notices ?? []), ...leakNotices(data), ...missing].forEach((line) =>
    context.say(line, 'warning'),
  );
  const begun = orExit(await readRunFile(join(options.out, 'run.json')));
  await assertNoneMended(options.out, begun, experiment, data);
  const translations = await translationsOf(experiment, images, options, context);
  try {
    const network = classifierOf(experiment.network, classifierShape(experiment, images));
    const step = stepOf(experiment, network, images.table);
    const initial = await firstState(experiment, network, step, context);
    try {
      const { keep } = experiment.checkpoints;
      const bound = {
        ...{ keep, outcome: StageTwoOutcomeCodec },
        ...(data && { data }),
        ...(translations?.contents && { translations: translations.contents }),
        ...(translations?.madeBy && { madeBy: translations.madeBy }),
      };
      const mirrors = mirrorsOf({ experiment, settings }, images, step.table.names, {
        ...options,
        labels: options.labels,
      });
      const run = orExit(await openRun(options.out, settings, { ...bound, mirrors, say: context.say }));
      const skipDamaged = options.skipDamaged ?? skipDamagedOf(experiment);
      return await closing(run, async () => {
        const given = { network, step, initial, experiment, images, translations };
        const outcome = await notingDamage(run, stageTwo({ ...given, run, context, skipDamaged }));
        await run.finish(outcome);
        return outcome;
      });
    } finally {
      // A training that began has disposed its first state; to dispose it again does nothing.
      disposeTensors(initial);
      network.model.dispose();
    }
  } finally {
    await translations?.close();
  }
}

/**
 * Runs a stage-2 experiment, or what is left of it, and writes `results.json` and `report.html`; a run that is done
 * gives its results again.
 *
 * @param toRun The experiment.
 * @param options Where to, on what backend, and where translations come from.
 * @param context Output, and whether a stop was asked for.
 * @returns What `results.json` holds.
 * @throws ProgramError: bad input (exit code 2), a loss that is not finite (1), a stop asked for (75).
 * @example
 * ```ts
 * import { mkdtemp, rm } from 'node:fs/promises';
 * import { tmpdir } from 'node:os';
 * import { join } from 'node:path';
 * import { evaluateRun, experimentToRun, runStageTwo } from 'model-patching/node';
 * const toRun = await experimentToRun('examples/configs/stage-2/mnist-correlation/erm.yaml', 'stage-2', {
 *   roots: { DATA: 'examples/data' },
 *   overrides: ['training.steps=1', 'training.batchSize=4', 'network.width=0.1', 'data.testImages=2',
 *     'data.sizes={ kind: balanced, images: 8 }'],
 * });
 * const out = join(await mkdtemp(join(tmpdir(), 'experiments-')), 'erm');
 * const context = { say: () => undefined, stopRequested: () => false };
 * const results = await runStageTwo(toRun, { out, backend: { name: 'wasm', device: 'CPU' } }, context);
 * const { report } = await evaluateRun({ run: out, split: 'test' }, context);
 * if (results.result.average !== report.average) throw new Error('the same report expected');
 * await rm(join(out, '..'), { recursive: true });
 * ```
 */
export async function runStageTwo(
  toRun: ExperimentToRun<'stage-2'>,
  options: RunStageTwoOptions,
  context: ExperimentContext,
): Promise<StageTwoRunResults> {
  const { experiment, settings } = toRun;
  const { out, openImages = openExperimentImages } = options;
  let table: Pick<ExperimentImages, 'table'> | undefined;
  const open = async () => {
    const images = await openImages(experiment.data);
    table = { table: images.table };
    return images;
  };
  const run = {
    ...{ out, settings, outcome: StageTwoOutcomeCodec },
    open,
    assertSame: (images: ExperimentImages) => assertTranslations(experiment, images, options, context),
  };
  const outcome = await boundOutcome(run, context, (images) => train(toRun, images, options, context));
  const mirrors = mirrorsOf(toRun, table!, outcome.trainedGroups, { out, labels: options.labels });
  await restoreMirrors(out, mirrors, outcome, context.say);
  // Also of a run that is done: a program may be killed between the end of its run and these files.
  return reportStageTwo({ ...options, folder: out, experiment }, outcome);
}
