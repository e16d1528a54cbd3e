/** The command `augment`: makes the translations that a CAMEL experiment asks for, without training it. */
import { relative } from 'node:path';
import { Command } from 'commander';
import { SPLITS } from '../../data/dataset.ts';
import { obtainTranslations } from '../experiment/augment.ts';
import { openExperimentImages } from '../experiment/open-images.ts';
import { skipping } from '../experiment/skipped-images.ts';
import { experimentToRun } from '../experiment/run-settings.ts';
import { orExit, ProgramError } from '../program.ts';
import { onBackend } from './experiment-context.ts';
import { experimentOptions, withExperimentOptions, type ExperimentFlags } from './experiment-options.ts';
import { backendOption, skipDamagedOption } from './option-values.ts';

interface AugmentFlags extends ExperimentFlags {
  readonly config: string;
  readonly backend?: string;
  readonly skipDamaged?: number;
}

async function augment({
  config,
  backend,
  skipDamaged,
  stage1 = [],
  set = [],
  ...flags
}: AugmentFlags): Promise<void> {
  // A run alone is the source of all translations; with an id before it, it stands for that of a published file.
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
  const options = {
    ...flags,
    set: [...set, ...sources],
    stage1: stage1.filter((each) => !runs.includes(each)),
  };
  const { experiment } = await experimentToRun(config, 'stage-2', orExit(await experimentOptions(options)));
  if (experiment.method.kind !== 'camel')
    throw new ProgramError(
      `${config}: expected an experiment with the method camel, found ${experiment.method.kind}; only CAMEL has translations`,
      2,
    );
  const counts = await onBackend(backend ?? experiment.backend, async (_, context) => {
    const images = await openExperimentImages(experiment.data);
    try {
      const translations = await obtainTranslations(skipping(experiment, skipDamaged), images, context);
      await translations.close();
      return SPLITS.flatMap((split) => {
        const lists = translations.splits[split];
        return lists === undefined ? [] : [`${2 * lists.toSource.length} of ${split}`];
      });
    } finally {
      await images.close();
    }
  });
  process.stdout.write(`translations: ${counts.join(', ')}\n`);
}

/**
 * The command `augment`.
 *
 * @returns To be added to a program.
 */
export const augmentCommand = (): Command =>
  withExperimentOptions(
    new Command('augment')
      .description(
        'Translates images both ways with the results of stage 1 that a CAMEL experiment names, and keeps them in the runs; --stage1 RUN takes one run for all classes.',
      )
      .requiredOption('--config <file>', 'configuration of a stage-2 experiment with the method camel'),
  )
    .addOption(backendOption('what the configuration says'))
    .addOption(skipDamagedOption('a split', 'what the configuration says'))
    .action(augment);
