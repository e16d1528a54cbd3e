/**
 * The main job: MNIST-Correlation, stage 1 under the quality gate, translation, and ERM, group DRO and CAMEL with the
 * same number of optimizer steps. Everything it finds is in one folder, and what is there already is not done again.
 */
import { join } from 'node:path';
import { either as E } from 'fp-ts';
import * as t from 'io-ts';
import type { Images } from '../../augmentation/images.ts';
import { writeFileAtomically } from '../atomic-file.ts';
import type { SelectedBackend } from '../backend.ts';
import { environmentFacts } from '../environment.ts';
import { orExit } from '../program.ts';
import { startProgress } from '../progress.ts';
import { renderReport } from '../report/render-report.ts';
import type { ExperimentResults, MethodResults, StageOneResults } from '../report/results.ts';
import { settingsHash } from '../record-manifest.ts';
import { openRun, readSettingsFile, type MetricsRecord, type Run } from '../run-directory.ts';
import { lockFolder } from '../run-lock.ts';
import { pause, type ExperimentContext } from '../experiment/context.ts';
import { elapsedOf } from '../experiment/elapsed.ts';
import { experimentData, type ExperimentData } from './experiment-data.ts';
import { makeGallery, type Gallery } from './gallery.ts';
import { reportInput } from './report-input.ts';
import { describeBudget, type CamelSettings, type Method } from './settings.ts';
import { stageOne, type StageOneOutcome } from './stage-one.ts';
import { stageTwo } from './stage-two.ts';
import { readTranslations, writeTranslations, type TranslatedImages } from './translations.ts';

/** Where an experiment reads and writes. */
export interface ExperimentFolders {
  /** Holds the four MNIST files. */
  readonly data: string;
  /** The experiment folder, new or begun with the same settings. */
  readonly out: string;
}

/** What stage 1 leaves in its run file once it is done. */
interface StageOneRecord {
  readonly results: StageOneResults;
  readonly bestStep: number;
  readonly gallery: Gallery;
  readonly seconds: number;
}

async function withRun<A>(folder: string, settings: unknown, use: (run: Run) => Promise<A>): Promise<A> {
  const run = orExit(await openRun(folder, settings));
  try {
    return await use(run);
  } finally {
    await run.close();
  }
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

/** Settings that the translations depend on. */
function stageOneSettings({ preset, seed, data, stage1, gate }: CamelSettings): unknown {
  return { preset, seed, data, stage1, gate };
}

/** Settings that a method depends on. */
function methodSettings(name: Method, settings: CamelSettings): unknown {
  const { seed, data, stage2 } = settings;
  const depends = name === 'camel' ? { ...settings, methods: undefined } : { seed, data, stage2 };
  return { method: name, ...depends };
}

const learnsTranslations = ({ translations, methods }: CamelSettings): boolean =>
  translations === 'cyclegan' && methods.includes('camel');

const runFolder = (out: string, name: Method | 'stage1'): string => join(out, 'runs', name);

/** Whether there is nothing left to be trained. */
async function isDone(settings: CamelSettings, out: string): Promise<boolean> {
  const runs = [
    ...(learnsTranslations(settings) ? [['stage1', stageOneSettings(settings)] as const] : []),
    ...settings.methods.map((name) => [name, methodSettings(name, settings)] as const),
  ];
  for (const [name, own] of runs) {
    const there = await readSettingsFile(join(runFolder(out, name), 'run.json'), own);
    if (E.isLeft(there) || there.right?.outcome === undefined) return false;
  }
  return true;
}

function givenTranslations(kind: 'true' | 'identity', data: ExperimentData): TranslatedImages {
  const form = (name: 'clean' | 'corrupted'): Images<Uint8Array> =>
    data.examples('train', kind === 'true' ? name : 'own').images;
  return { toSource: form('clean'), toTarget: form('corrupted') };
}

async function learntTranslations(
  settings: CamelSettings,
  data: ExperimentData,
  out: string,
  context: ExperimentContext,
): Promise<{ translations: TranslatedImages; stage1: StageOneRecord; curve: readonly MetricsRecord[] }> {
  return withRun(runFolder(out, 'stage1'), stageOneSettings(settings), async (run) => {
    const train = data.examples('train');
    const folder = {
      folder: join(out, 'translations'),
      settings: stageOneSettings(settings),
      train,
      groupNames: data.table.names,
    };
    let record = run.outcome as StageOneRecord | undefined;
    if (record === undefined) {
      const elapsed = await elapsedOf(run);
      const outcome = await stageOne(settings, data, elapsed, context);
      const progress = startProgress('translations', 2 * train.labels.length);
      orExit(await writeTranslations(folder, outcome.generators, { pause, onProgress: progress.update })());
      progress.stop();
      record = {
        results: stageOneResults(outcome),
        bestStep: outcome.bestStep,
        gallery: await makeGallery(outcome.generators, data.examples('gateHeldOut')),
        seconds: elapsed.seconds(),
      };
      outcome.dispose();
      await run.finish(record);
    }
    return {
      translations: orExit(await readTranslations(folder)()),
      stage1: record,
      curve: await run.records(),
    };
  });
}

/** What a method found, and its log. */
interface MethodOutcome {
  readonly results: MethodResults;
  readonly records: readonly MetricsRecord[];
}

/** Runs or finishes one method; its outcome is kept in the run file. */
async function method(
  name: Method,
  settings: CamelSettings,
  data: ExperimentData,
  translations: TranslatedImages | null,
  out: string,
  context: ExperimentContext,
): Promise<MethodOutcome> {
  return withRun(runFolder(out, name), methodSettings(name, settings), async (run) => {
    const results =
      (run.outcome as MethodResults | undefined) ??
      (await stageTwo(name, settings, data, translations, run, context));
    if (run.outcome === undefined) await run.finish(results);
    return { results, records: await run.records() };
  });
}

const ExperimentFileCodec = t.type({ seconds: t.number });

/** The experiment's own file: what it was made with, and the seconds that it has taken so far. */
async function openExperimentFile(
  out: string,
  settings: CamelSettings,
  facts: Readonly<Record<string, unknown>>,
): Promise<{ seconds: () => number; write: () => Promise<void> }> {
  const path = join(out, 'experiment.json');
  // Methods may be added one by one.
  const compared = { ...settings, methods: undefined };
  const existing = orExit(await readSettingsFile(path, compared));
  const before = ExperimentFileCodec.is(existing) ? existing.seconds : 0;
  const began = performance.now();
  const seconds = (): number => before + (performance.now() - began) / 1000;
  const write = (): Promise<void> =>
    writeFileAtomically(
      path,
      `${JSON.stringify({ format: 1, settingsHash: settingsHash(compared), settings: compared, methods: settings.methods, ...facts, seconds: seconds() }, null, 2)}\n`,
    );
  await write();
  return { seconds, write };
}

async function allMethods(
  settings: CamelSettings,
  data: ExperimentData,
  translations: TranslatedImages | null,
  out: string,
  context: ExperimentContext,
): Promise<Readonly<Record<string, MethodOutcome>>> {
  const outcomes: Record<string, MethodOutcome> = {};
  for (const name of settings.methods) {
    outcomes[name] = await method(name, settings, data, translations, out, context);
  }
  return outcomes;
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
    const environment = await environmentFacts();
    const { name, device } = backend;
    const file = await openExperimentFile(out, settings, {
      backend: { name, device },
      environment,
      overlaps: data.overlaps,
    });
    try {
      if (await isDone(settings, out)) context.say(`${out}: already done; nothing is trained again`);
      else describeBudget(settings).forEach(context.say);
      for (const { first, second, split, indices } of data.overlaps)
        context.say(`note: ${first} and ${second} share ${indices.length} images of MNIST's ${split} split`);
      const { translations: kind } = settings;
      const learnt = learnsTranslations(settings)
        ? await learntTranslations(settings, data, out, context)
        : null;
      const translations =
        kind === 'cyclegan' ? (learnt?.translations ?? null) : givenTranslations(kind, data);
      const methods = await allMethods(settings, data, translations, out, context);
      const results: ExperimentResults = {
        preset: settings.preset,
        backend: name,
        seed: settings.seed,
        seconds: file.seconds(),
        stage1: learnt?.stage1.results ?? null,
        methods: Object.fromEntries(Object.entries(methods).map(([key, { results: found }]) => [key, found])),
      };
      await writeFileAtomically(join(out, 'results.json'), `${JSON.stringify(results, null, 2)}\n`);
      const report = renderReport(reportInput({ settings, backend, environment, results, learnt, methods }));
      await writeFileAtomically(join(out, 'report.html'), report);
      return results;
    } finally {
      await file.write();
    }
  } finally {
    await release();
  }
}
