/** The program of stage 1: an experiment from its settings to a run folder with generators. */
import type { RunLogger } from '../../logs/run-logger.ts';
import type { SelectedBackend } from '../../backends/backend.ts';
import { closing } from '../../system/closing.ts';
import { orExit } from '../../system/program.ts';
import { reportStageOne } from '../report/run-report.ts';
import { openRun } from '../../runs/run-directory.ts';
import { restoreMirrors } from '../../runs/restore-mirrors.ts';
import type { ExperimentContext } from '../context.ts';
import { leakNotices, notingDamage, boundOutcome } from '../bound-runs.ts';
import type { ExperimentImages } from '../images/experiment-images.ts';
import { stageOneMirrors } from '../logs/run-mirrors.ts';
import { oneSidedClasses } from './domains.ts';
import { openExperimentImages } from '../images/open-images.ts';
import type { OpenImages } from '../images/shared-images.ts';
import type { ExperimentToRun } from '../run-settings.ts';
import { skipDamagedOf } from '../images/skipped-images.ts';
import { planStageOne } from './stage-one-plan.ts';
import { StageOneOutcomeCodec, type StageOneOutcome } from '../outcomes.ts';
import { stageOne, type GateBeside } from './stage-one.ts';

/** How a stage-1 experiment is run. */
export interface RunStageOneOptions {
  /** The run folder, new or begun with the same settings. */
  readonly out: string;
  /** For the results. */
  readonly backend: Pick<SelectedBackend, 'name' | 'device'>;
  /** How many images of a domain may be damaged, in place of what the settings say. */
  readonly skipDamaged?: number;
  /** What the report calls the groups, by keys such as `y0z1`; default: their classes and subgroups. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Is told what is logged, beside the files in the run folder; it stays the caller's to close. */
  readonly logger?: RunLogger;
  /**
   * Opens the data; default `openExperimentImages`. A study shares them between its runs.
   *
   * @internal
   */
  readonly openImages?: OpenImages;
  /**
   * Another process that trains the gate's classifiers. Damaged images are found here alone.
   *
   * @internal
   */
  readonly gateBeside?: GateBeside;
}

async function train(
  { experiment, settings }: ExperimentToRun<'stage-1'>,
  images: ExperimentImages,
  options: RunStageOneOptions,
  context: ExperimentContext,
): Promise<StageOneOutcome> {
  const { out, skipDamaged = skipDamagedOf(experiment), gateBeside, logger } = options;
  // All that may not fit comes before the run folder, so that who corrects it begins anew.
  const plan = planStageOne(experiment, images);
  const data = await images.fingerprint?.(context.stopRequested);
  const oneSided = oneSidedClasses(experiment, plan.domains, images);
  [...(images.notices ?? []), ...leakNotices(data), ...oneSided].forEach((line) =>
    context.say(line, 'warning'),
  );
  try {
    const { keep } = experiment.checkpoints;
    const opened = await openRun(out, settings, {
      keep,
      outcome: StageOneOutcomeCodec,
      ...(data && { data }),
      mirrors: stageOneMirrors(out, settings, logger),
      say: context.say,
    });
    const run = orExit(opened);
    return await closing(run, () =>
      notingDamage(run, stageOne(plan, run, context, { skipDamaged, ...(gateBeside && { gateBeside }) })),
    );
  } finally {
    plan.dispose();
  }
}

/**
 * Runs a stage-1 experiment, or what is left of it, and writes `results.json` and `report.html`; a run that is done
 * gives its outcome again.
 *
 * @param toRun The experiment.
 * @param options Where to, on what backend, and how many images may be damaged.
 * @param context Output, and whether a stop was asked for.
 * @throws ProgramError: bad input (exit code 2), a loss that is not finite (1), a stop asked for (75).
 * @example
 * ```ts
 * import { experimentToRun, ProgramError, runStageOne } from 'model-patching/node';
 * const toRun = await experimentToRun('examples/configs/stage-1/mnist-correlation/all-classes.yaml', 'stage-1', {
 *   roots: { DATA: 'no/such/folder' },
 *   overrides: ['training.steps=1'],
 * });
 * const context = { say: () => undefined, stopRequested: () => false };
 * const options = { out: 'runs/digits', backend: { name: 'wasm', device: 'CPU' } } as const;
 * const refused = await runStageOne(toRun, options, context).catch((error: unknown) => error);
 * if (!(refused instanceof ProgramError && refused.exitCode === 2)) throw new Error('no MNIST files expected');
 * ```
 */
export async function runStageOne(
  toRun: ExperimentToRun<'stage-1'>,
  options: RunStageOneOptions,
  context: ExperimentContext,
): Promise<StageOneOutcome> {
  const { experiment, settings } = toRun;
  const { out, openImages = openExperimentImages } = options;
  const run = { out, settings, outcome: StageOneOutcomeCodec, open: () => openImages(experiment.data) };
  const outcome = await boundOutcome(run, context, (images) => train(toRun, images, options, context));
  await restoreMirrors(out, stageOneMirrors(out, settings), outcome, context.say);
  await reportStageOne({ ...options, folder: out, experiment }, outcome);
  return outcome;
}
