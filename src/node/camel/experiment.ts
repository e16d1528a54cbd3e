/**
 * The main job: MNIST-Correlation, stage 1 under the quality gate, translation, and ERM, group DRO and CAMEL with the
 * same number of optimizer steps. Everything it finds is in one folder, and what is there already is not done again.
 */
import { join } from 'node:path';
import { either as E } from 'fp-ts';
import * as t from 'io-ts';
import type { Images } from '../../augmentation/images.ts';
import { MethodResultsCodec } from '../../config/experiment-results.ts';
import type { DataError } from '../../data/data-error.ts';
import { removeAbandonedFiles, writeFileAtomically } from '../atomic-file.ts';
import type { SelectedBackend } from '../backend.ts';
import { environmentFacts } from '../environment.ts';
import { orExit } from '../program.ts';
import { startProgress } from '../progress.ts';
import { renderReport } from '../report/render-report.ts';
import type { ExperimentResults, MethodResults, StageOneResults } from '../report/results.ts';
import { settingsHash } from '../record-manifest.ts';
import { readSettingsFile, type Run } from '../run-directory.ts';
import { lockFolder } from '../run-lock.ts';
import type { ExperimentContext } from '../experiment/context.ts';
import { elapsedOf } from '../experiment/elapsed.ts';
import { experimentData, type ExperimentData } from './experiment-data.ts';
import { makeGallery } from './gallery.ts';
import { reportInput } from './report-input.ts';
import {
  finishedRun,
  runSettings,
  runsIn,
  StageOneRecordCodec,
  type FinishedRun,
  type RunName,
  type StageOneRecord,
} from './runs.ts';
import { describeBudget, METHODS, type CamelSettings } from './settings.ts';
import { stageOne, type StageOneOutcome } from './stage-one.ts';
import { stageTwo } from './stage-two.ts';
import {
  readTranslations,
  writeTranslations,
  type TranslatedImages,
  type TranslationFolder,
} from './translations.ts';

/** Where an experiment reads and writes. */
export interface ExperimentFolders {
  /** Holds the four MNIST files. */
  readonly data: string;
  /** The experiment folder, new or begun with the same settings. */
  readonly out: string;
}

function stageOneResults({ measure, gateAccuracy }: StageOneOutcome): StageOneResults {
  const { flipRate, labelPreservation, cycleError, frechetDistance } = measure;
  return {
    flipRate,
    labelPreservation,
    cycleError,
    frechetDistance,
    gateClassifierAccuracy: Math.min(gateAccuracy.domain, gateAccuracy.label),
  };
}

/** Whether the methods that are asked for need translations that stage 1 learns. */
const learnsTranslations = ({ translations, methods }: CamelSettings): boolean =>
  translations === 'cyclegan' && methods.includes('camel');

const translationFolder = (
  settings: CamelSettings,
  data: ExperimentData,
  out: string,
): TranslationFolder => ({
  folder: join(out, 'translations'),
  settings: runSettings('stage1', settings),
  train: data.examples('train'),
  groupNames: data.table.names,
});

/** Trains stage 1 and translates every training image. */
async function learn(
  settings: CamelSettings,
  data: ExperimentData,
  out: string,
  run: Run,
  context: ExperimentContext,
): Promise<StageOneRecord> {
  const elapsed = await elapsedOf(run);
  return stageOne(settings, data, elapsed, context, async (outcome) => {
    const { generators, bestStep } = outcome;
    const folder = translationFolder(settings, data, out);
    const progress = startProgress('translations', 2 * folder.train.labels.length);
    try {
      await writeTranslations(folder, generators, context, progress.update);
    } finally {
      progress.stop();
    }
    const gallery = await makeGallery(generators, data.examples('gateHeldOut'));
    return { results: stageOneResults(outcome), bestStep, gallery, seconds: elapsed.seconds() };
  });
}

async function translationsOf(
  settings: CamelSettings,
  data: ExperimentData,
  out: string,
): Promise<TranslatedImages | null> {
  if (learnsTranslations(settings)) {
    const read = await readTranslations(translationFolder(settings, data, out))();
    // Stage 1 then goes on from its last checkpoint, and writes the record folders that are not whole.
    const cure = `delete ${join(out, 'runs', 'stage1', 'run.json')}, and run again: only what is damaged is made anew`;
    return orExit(E.mapLeft((fault: DataError) => ({ ...fault, cure }))(read));
  }
  const { translations: kind } = settings;
  if (kind === 'cyclegan') return null;
  const form = (name: 'clean' | 'corrupted'): Images<Uint8Array> =>
    data.examples('train', kind === 'true' ? name : 'own').images;
  return { toSource: form('clean'), toTarget: form('corrupted') };
}

type Runs = Awaited<ReturnType<typeof runsIn>>;

const ExperimentFileCodec = t.type({ seconds: t.number });

/** The experiment's own file: what it was made with, and the seconds that it has taken so far. */
async function openExperimentFile(
  out: string,
  settings: CamelSettings,
  facts: Readonly<Record<string, unknown>>,
): Promise<{ runs: Runs; seconds: () => number; write: () => Promise<void> }> {
  const path = join(out, 'experiment.json');
  // Methods may be added one by one.
  const compared = { ...settings, methods: undefined };
  const existing = orExit(await readSettingsFile(path, compared));
  const runs = await runsIn(out, settings);
  const methods = METHODS.filter((name) => settings.methods.includes(name) || runs.has(name));
  const before = ExperimentFileCodec.is(existing) ? existing.seconds : 0;
  const began = performance.now();
  const seconds = (): number => before + (performance.now() - began) / 1000;
  const write = (): Promise<void> =>
    writeFileAtomically(
      path,
      `${JSON.stringify({ format: 1, settingsHash: settingsHash(compared), settings: compared, methods, ...facts, seconds: seconds() }, null, 2)}\n`,
    );
  await write();
  return { runs, seconds, write };
}

/** The methods that are asked for, and those that the folder holds already. */
async function allMethods(
  settings: CamelSettings,
  data: ExperimentData,
  translations: TranslatedImages | null,
  out: string,
  runs: Runs,
  context: ExperimentContext,
): Promise<Readonly<Record<string, FinishedRun<MethodResults>>>> {
  const methods: Record<string, FinishedRun<MethodResults>> = {};
  for (const name of METHODS) {
    if (settings.methods.includes(name) || runs.get(name)?.done)
      methods[name] = await finishedRun(out, name, settings, MethodResultsCodec, (run) =>
        stageTwo(name, settings, data, translations, run, context),
      );
  }
  return methods;
}

/**
 * Runs the main job, or what is left of it.
 *
 * @param settings See {@link camelSettings}.
 * @param folders MNIST, and the experiment folder.
 * @param backend The backend that runs, for the report.
 * @param context Output, which is told first what will be done, and whether a stop was asked for.
 * @returns What `results.json` holds.
 * @throws ProgramError: bad data or folder (exit code 2), a loss that is not finite (1), a stop asked for (75).
 * @example
 * ```ts
 * import { camelSettings, orExit, ProgramError, runCamel } from 'model-patching/node';
 * const settings = orExit(camelSettings({ preset: 'smoke', methods: 'erm,camel' }));
 * const folders = { data: 'no/such/folder', out: 'experiments/camel' };
 * const backend = { name: 'wasm' as const, device: 'CPU', refused: [] };
 * const context = { say: () => undefined, stopRequested: () => false };
 * const refused = await runCamel(settings, folders, backend, context).catch((error: unknown) => error);
 * if (!(refused instanceof ProgramError && refused.exitCode === 2)) throw new Error('no MNIST files expected');
 * ```
 */
export async function runCamel(
  settings: CamelSettings,
  folders: ExperimentFolders,
  backend: SelectedBackend,
  context: ExperimentContext,
): Promise<ExperimentResults> {
  const { out } = folders;
  const data = orExit(await experimentData(folders.data, settings.data, settings.seed)());
  const release = orExit(await lockFolder(out));
  try {
    await removeAbandonedFiles(out);
    const environment = await environmentFacts();
    const { name, device } = backend;
    const file = await openExperimentFile(out, settings, {
      backend: { name, device },
      environment,
      overlaps: data.overlaps,
    });
    try {
      const learns = learnsTranslations(settings);
      const asked: readonly RunName[] = [...(learns ? (['stage1'] as const) : []), ...settings.methods];
      if (asked.every((run) => file.runs.get(run)?.done))
        context.say(`${out}: already done; nothing is trained again`);
      else describeBudget(settings).forEach(context.say);
      for (const { first, second, split, indices } of data.overlaps)
        context.say(`note: ${first} and ${second} share ${indices.length} images of MNIST's ${split} split`);
      const learnt =
        learns || file.runs.get('stage1')?.done
          ? await finishedRun(out, 'stage1', settings, StageOneRecordCodec, (run) =>
              learn(settings, data, out, run, context),
            )
          : null;
      const translations = await translationsOf(settings, data, out);
      const methods = await allMethods(settings, data, translations, out, file.runs, context);
      const results: ExperimentResults = {
        preset: settings.preset,
        backend: name,
        seed: settings.seed,
        seconds: file.seconds(),
        stage1: learnt?.outcome.results ?? null,
        methods: Object.fromEntries(Object.entries(methods).map(([key, { outcome }]) => [key, outcome])),
      };
      await writeFileAtomically(join(out, 'results.json'), `${JSON.stringify(results, null, 2)}\n`);
      const report = renderReport(
        reportInput({
          settings: { ...settings, methods: METHODS.filter((key) => key in methods) },
          learnt: learnt && { stage1: learnt.outcome, curve: learnt.records },
          ...{ backend, environment, results, methods },
        }),
      );
      await writeFileAtomically(join(out, 'report.html'), report);
      return results;
    } finally {
      await file.write();
    }
  } finally {
    await release();
  }
}
