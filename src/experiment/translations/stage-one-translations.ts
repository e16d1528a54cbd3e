/**
 * Translations by a stage-1 run: made once and kept inside its folder, one record folder for each group and direction,
 * under its lock. What is there is held to its manifest, and made again where it is not what that says.
 */
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { either as E } from 'fp-ts';
import { SPLITS } from '../../data/dataset.ts';
import { formatDataError, type DataError } from '../../data/data-error.ts';
import { foldKey, randomKey } from '../../random/random.ts';
import { listed } from '../../runs/skipped-images.ts';
import { lockFolder, tidyFolder } from '../../runs/run-lock.ts';
import { readRecordManifest, removeAbandonedRecords } from '../../streams/record-files.ts';
import { indexTranslations, type ScratchFolder } from '../../streams/record-folder.ts';
import type { IndexedRecord } from '../../streams/record-index.ts';
import { settingsHash } from '../../streams/record-manifest.ts';
import { orExit, ProgramError } from '../../system/program.ts';
import { startProgress } from '../../system/progress.ts';
import type { StageTwoExperiment } from '../../config/schema/stage-two.ts';
import { interrupted, type ExperimentContext } from '../context.ts';
import type { BoundData, ExperimentImages } from '../images/experiment-images.ts';
import { translatesClass } from '../stage-one/domains.ts';
import {
  checkpointStep,
  readStageOneRun,
  withGenerators,
  type StageOneRun,
} from '../stage-one/stage-one-run.ts';
import { replaceRecords } from './replace-records.ts';
import {
  assertSameContents,
  assertSameData,
  digestOf,
  recordFolder,
  settingsOf,
  type Members,
} from './translation-binding.ts';
import { writtenContents, type TranslationContents } from './translation-contents.ts';
import { translationRecords, type TranslationSettings } from './translation-records.ts';
import { TRANSLATION_VARIANTS, type Source } from './translations.ts';

type RunSource = Extract<Source['from'], { readonly kind: 'run' }>;

/** Both translations of a group are two of these. */
interface Wanted {
  readonly group: Members;
  readonly variant: (typeof TRANSLATION_VARIANTS)[number];
  /** Its record folder, such as `(Y=0)(Z=1)(A-F)`. */
  readonly name: string;
}

const wantedOf = (members: readonly Members[]): readonly Wanted[] =>
  members.flatMap((group) =>
    TRANSLATION_VARIANTS.map((variant) => ({ group, variant, name: recordFolder(group.group, variant) })),
  );

/** What a stage-1 run makes of an experiment's images, and where that belongs. */
interface Making {
  readonly run: StageOneRun;
  readonly step: number;
  /** With one subfolder a split. */
  readonly folder: string;
  readonly settingsFor: (members: Members) => unknown;
  /** A digest of the run's settings and the checkpoint. */
  readonly madeBy: string;
}

function makingOf(
  run: StageOneRun,
  { path, checkpoint }: RunSource,
  { data }: StageTwoExperiment,
  bound: BoundData | undefined,
  how: TranslationSettings,
): Making {
  const step = checkpointStep(run, checkpoint);
  const settings = settingsOf(run, step, data, bound, how);
  return {
    run,
    step,
    folder: join(path, 'translations', settingsHash(settings).slice(0, 12)),
    settingsFor: (group) => ({ ...settings, images: digestOf(group, bound ?? {}) }),
    madeBy: settingsHash({ run: settings['run'], step }),
  };
}

/** Waits until nobody else makes translations of this run. */
async function waitForLock(folder: string, context: ExperimentContext): Promise<() => Promise<void>> {
  for (let attempt = 0; ; attempt++) {
    const lock = await lockFolder(folder);
    if (E.isRight(lock)) return lock.right;
    if (attempt === 0) context.say(`${folder}: another program makes translations; waiting for it`);
    if (context.stopRequested()) throw interrupted();
    await setTimeout(500);
  }
}

/** Writes record folders, in place of what is there; under the lock of `folder`. */
async function translate(
  { run, step, folder, settingsFor }: Making,
  missing: readonly Wanted[],
  how: TranslationSettings,
  images: ExperimentImages,
  context: ExperimentContext,
): Promise<void> {
  const progress = startProgress(
    'translations',
    missing.reduce((sum, { group }) => sum + group.places.length, 0),
  );
  let done = 0;
  const skipped = new Map(SPLITS.map((split) => [split, new Map<string, DataError>()]));
  try {
    for (const split of SPLITS) await removeAbandonedRecords(join(folder, split));
    await withGenerators(run, step, images.shape, async ({ toSource, toTarget }) => {
      for (const { group, variant, name } of missing) {
        const { split, examples } = group;
        const records = translationRecords({
          images,
          examples,
          generator: variant === 'A-F' ? toSource : toTarget,
          settings: how,
          key: foldKey(randomKey(run.experiment.seed), 'translate', split, name),
          skipped: skipped.get(split)!,
          context,
          onImages: (count) => progress.update((done += count)),
        });
        const settings = settingsFor(group);
        await replaceRecords(join(folder, split), name, records, { settings, shardSize: how.shardSize });
      }
    });
  } finally {
    progress.stop();
    for (const { where, found } of listed([...skipped.values()]))
      context.say(
        `skipped: ${where}: ${found}; the next image of its group is translated in its place`,
        'warning',
      );
  }
}

/** The translations of some groups by a stage-1 run. */
export interface MadeTranslations {
  /** The folder with one subfolder a split in which they are. */
  readonly folder: string;
  /** Of each record folder, such as `train/(Y=0)(Z=1)(A-F)`, its records. */
  readonly records: ReadonlyMap<string, readonly IndexedRecord<number>[]>;
  /** A digest of the run's settings and the checkpoint. */
  readonly madeBy: string;
}

/**
 * Translations by a stage-1 run, made if need be.
 *
 * @param from Where the run is, and which of its checkpoints translates.
 * @param members The groups.
 * @param experiment Of the method `camel`.
 * @param how How translations are made and stored.
 * @param images The data of the experiment, opened.
 * @param scratch Where compressed shards are expanded.
 * @param context Output, and whether a stop was asked for.
 * @throws ProgramError: what is wrong with the run or its translations (exit code 2), a stop asked for (75).
 */
export async function translationsBy(
  from: RunSource,
  members: readonly Members[],
  experiment: StageTwoExperiment,
  how: TranslationSettings,
  images: ExperimentImages,
  scratch: ScratchFolder,
  context: ExperimentContext,
): Promise<MadeTranslations> {
  const run = orExit(await readStageOneRun(from.path));
  assertSameData(run, experiment);
  const refused = members.find(({ label }) => !translatesClass(run.experiment, label));
  if (refused !== undefined) {
    throw new ProgramError(
      `${from.path}: expected a stage-1 run that translates class ${refused.label}, found one of classes ${JSON.stringify(run.experiment.translation.classes)}; correct translations.sources`,
      2,
    );
  }
  const bound = await images.fingerprint?.(context.stopRequested);
  if (bound !== undefined)
    (await assertSameContents(run, experiment, bound)).forEach((line) => context.say(line, 'warning'));
  const making = makingOf(run, from, experiment, bound, how);
  const { folder, settingsFor, madeBy } = making;
  const records = new Map<string, readonly IndexedRecord<number>[]>();
  /** Reads what is there, and gives back what is not, or is not what its manifest says. */
  const missingOf = async (wanted: readonly Wanted[], onDamaged: (fault: DataError) => void) => {
    const missing: Wanted[] = [];
    for (const each of wanted) {
      const { split } = each.group;
      const settings = settingsFor(each.group);
      const manifest = await readRecordManifest(join(folder, split), each.name, { settings });
      const found = E.isLeft(manifest)
        ? manifest
        : await indexTranslations(join(folder, split, each.name), scratch, { settings });
      if (E.isRight(found)) records.set(`${split}/${each.name}`, found.right.records);
      else missing.push(each);
      if (E.isRight(manifest) && E.isLeft(found)) onDamaged(found.left);
    }
    return missing;
  };
  const first = await missingOf(wantedOf(members), () => undefined);
  if (first.length > 0) {
    const release = await waitForLock(folder, context);
    try {
      const missing = await missingOf(first, (fault) =>
        context.say(
          formatDataError({ ...fault, cure: 'the translations of its folder are made again' }),
          'warning',
        ),
      );
      if (missing.length > 0) await translate(making, missing, how, images, context);
      const still = await missingOf(missing, (fault) => orExit(E.left(fault)));
      if (still.length > 0)
        throw new ProgramError(`${folder}: expected ${still[0]!.name}, found none; run the command again`, 2);
    } finally {
      await release();
    }
    // A program that was killed after its last translation has left its lock.
  } else await tidyFolder(folder);
  return { folder, records, madeBy };
}

/** What is left of the translations by a stage-1 run that a run of stage 2 has learnt from; nothing is made. */
export async function translationsLeftBy(
  from: RunSource,
  members: readonly Members[],
  experiment: StageTwoExperiment,
  how: TranslationSettings,
  images: ExperimentImages,
  context: ExperimentContext,
): Promise<{ readonly contents: TranslationContents; readonly madeBy: TranslationContents }> {
  const contents: Record<string, string> = {};
  const madeBy: Record<string, string> = {};
  const run = await readStageOneRun(from.path);
  if (E.isLeft(run)) return { contents, madeBy };
  const bound = await images.fingerprint?.(context.stopRequested);
  const making = makingOf(run.right, from, experiment, bound, how);
  for (const { group, name } of wantedOf(members)) {
    const { split } = group;
    const settings = making.settingsFor(group);
    const written = await writtenContents({ folder: making.folder, split, name }, { settings });
    madeBy[`${split}/${name}`] = making.madeBy;
    if (E.isRight(written)) contents[`${split}/${name}`] = written.right;
  }
  return { contents, madeBy };
}
