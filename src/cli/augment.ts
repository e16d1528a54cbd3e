/** The command `augment`: makes the translations that a CAMEL experiment asks for, without training it. */
import { dirname, join, relative } from 'node:path';
import { Command } from 'commander';
import { either as E } from 'fp-ts';
import type { StageTwoExperiment } from '../config/schema/stage-two.ts';
import { SPLITS, type ImageLocation } from '../data/dataset.ts';
import { obtainTranslations } from '../experiment/translations/augment.ts';
import { compareModes, modesTable } from '../experiment/translations/compare-modes.ts';
import type { ExperimentContext } from '../experiment/context.ts';
import type { ExperimentImages } from '../experiment/images/experiment-images.ts';
import { openExperimentImages } from '../experiment/images/open-images.ts';
import { skipping } from '../experiment/images/skipped-images.ts';
import { experimentToRun } from '../experiment/run-settings.ts';
import type { Translations } from '../experiment/translations/translations.ts';
import { closing } from '../system/closing.ts';
import { commandLine, exampleFor, helpEnd } from '../system/command-line.ts';
import { loadExperimentFile, type ExperimentOptions } from '../experiment/experiment-file.ts';
import { orExit, ProgramError } from '../system/program.ts';
import { onBackend } from './experiment-context.ts';
import {
  experimentOptions,
  stageOneOption,
  withExperimentOptions,
  type ExperimentFlags,
} from './experiment-options.ts';
import { backendOption, skipDamagedOption } from './option-values.ts';
import { withProgressOptions } from './progress-options.ts';

interface AugmentFlags extends ExperimentFlags {
  readonly config: string;
  readonly backend?: string;
  readonly skipDamaged?: number;
  readonly compareModes?: boolean;
}

const DIGITS =
  '--config examples/configs/stage-2/mnist-correlation/camel.yaml --root DATA=examples/data --root RUNS=runs';
const BIRDS =
  '--config node_modules/model-patching/examples/configs/stage-2/waterbirds/camel.yaml --root DATA=FOLDER --root RUNS=runs';

/** A run alone is the source of all translations; with an id before it, it stands for that of a published file. */
function withRun({ stage1 = [], set = [], root = [] }: AugmentFlags): ExperimentFlags {
  const runs = stage1.filter((option) => !/^[A-Za-z0-9_-]+=/.test(option));
  if (runs.length > 1)
    throw new ProgramError(
      `--stage1: expected one run for all classes, found ${runs.length}; name the runs of the classes in method.translations.sources`,
      2,
    );
  const sources = runs.map(
    (run) =>
      `method.translations.sources=${JSON.stringify([{ from: { kind: 'run', path: relative('.', run) || '.' } }])}`,
  );
  return { root, set: [...set, ...sources], stage1: stage1.filter((each) => !runs.includes(each)) };
}

/** The classifier is not needed here, so that neither is the folder of its weights. */
async function withoutClassifier(config: string, options: ExperimentOptions): Promise<ExperimentOptions> {
  const loaded = await loadExperimentFile(config, options);
  if (E.isLeft(loaded) || loaded.right.experiment.kind !== 'stage-2') return options;
  return { ...options, overrides: [...(options.overrides ?? []), 'network={ kind: multilayer-perceptron }'] };
}

/** The folders of translations: of each run, with one subfolder a split, and those that others have made. */
function foldersOf({ method }: StageTwoExperiment, { splits }: Translations): readonly string[] {
  if (method.kind !== 'camel') return [];
  const { toSource, toTarget } = splits.train;
  const folders = [...toSource, ...toTarget].flatMap((image) =>
    'file' in image ? [dirname(dirname(dirname((image as ImageLocation).file)))] : [],
  );
  const ofSources = method.translations.sources.flatMap(({ from }) => {
    if (from.kind === 'folder') return [from.path];
    if (from.kind !== 'run') return [];
    return folders.filter((folder) => dirname(folder) === join(from.path, 'translations'));
  });
  return [...new Set(ofSources)];
}

/** How many images of each split were translated, in a line, and where to. */
async function translate(
  experiment: StageTwoExperiment,
  images: ExperimentImages,
  context: ExperimentContext,
): Promise<string> {
  const translations = await obtainTranslations(experiment, images, context);
  await translations.close();
  const counts = SPLITS.flatMap((split) => {
    const lists = translations.splits[split];
    return lists === undefined ? [] : [`${2 * lists.toSource.length} of ${split}`];
  });
  return [`translations: ${counts.join(', ')}`, '', ...foldersOf(experiment, translations)].join('\n');
}

async function augment(flags: AugmentFlags): Promise<void> {
  const { config, backend, skipDamaged } = flags;
  const options = orExit(await experimentOptions(withRun(flags)));
  const { experiment } = await experimentToRun(config, 'stage-2', await withoutClassifier(config, options));
  if (experiment.method.kind !== 'camel')
    throw new ProgramError(
      `${config}: expected an experiment with the method camel, found ${experiment.method.kind}; only CAMEL has translations`,
      2,
    );
  const told = await onBackend(backend ?? experiment.backend, async (_, context) =>
    closing(await openExperimentImages(experiment.data), async (images) => {
      const skipped = skipping(experiment, skipDamaged);
      return flags.compareModes === true
        ? modesTable(await compareModes(skipped, images, context))
        : translate(skipped, images, context);
    }),
  );
  process.stdout.write(`${told}\n`);
}

/**
 * The command `augment`.
 *
 * @returns To be added to a program.
 */
export const augmentCommand = (): Command =>
  withExperimentOptions(
    withProgressOptions(new Command('augment'))
      .description(
        'Translates images both ways with the results of stage 1 that a CAMEL experiment names, and keeps them in the folders of those runs. Stage 2 makes them itself where they are missing.',
      )
      .requiredOption('--config <file>', 'configuration of a stage-2 experiment with the method camel'),
    stageOneOption(
      'run',
      'RUN, a stage-1 run whose generators translate all classes; or id=path, the run or folder of translated images that a published configuration names by an id',
    ),
  )
    .option(
      '--compare-modes',
      'instead translate the training images in inference and in published mode, and tell how far they differ and what the gate of stage 1 says of both',
    )
    .addOption(backendOption('what the configuration says'))
    .addOption(skipDamagedOption('a split', 'what the configuration says'))
    .addHelpText(
      'after',
      helpEnd(
        '0 done, 2 bad input, 75 stopped (the same command goes on)',
        commandLine('augment', exampleFor(DIGITS, BIRDS)),
      ),
    )
    .action(augment);
