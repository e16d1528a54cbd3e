/**
 * The whole published chain on one data set: CycleGANs of every class (stage 1), translations of the training images,
 * ERM, group DRO and CAMEL (stage 2), and the test of each, once for every seed (Goel et al. 2021, "Model patching").
 * Every part is a run in a folder of its own, so that a chain that was stopped goes on where it was.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import * as t from 'io-ts';
import { naturalNumber, nonNegativeNumber } from '../../config/codecs.ts';
import { GroupReportCodec } from '../../config/experiment-results.ts';
import type { SelectedBackend } from '../backend.ts';
import { writeFileAtomically } from '../atomic-file.ts';
import { closing } from '../closing.ts';
import { ProgramError } from '../program.ts';
import type { MethodName, MethodResults } from '../report/results.ts';
import type { ExperimentOptions } from '../experiment-file.ts';
import { hasCode, parseJson, readText } from '../text-file.ts';
import { obtainTranslations } from './augment.ts';
import type { ChainName } from './chain-name.ts';
import { RANDOM_WEIGHTS, scratchOverrides, type ChainOverrides } from './chain-overrides.ts';
import type { ExperimentContext } from './context.ts';
import { evaluateRun } from './evaluate.ts';
import { groupLegend } from './group-legend.ts';
import { openExperimentImages } from './open-images.ts';
import { experimentToRun } from './run-settings.ts';
import { runStageOne } from './run-stage-one.ts';
import { runStageTwo } from './run-stage-two.ts';
import type { StageOneOutcome } from './stage-one.ts';

/** A chain to be run. */
export interface ChainSettings {
  readonly chain: ChainName;
  /** Folder of the configurations, with `stage-1` and `stage-2` in it. */
  readonly configs: string;
  /** Each is a chain of its own. */
  readonly seeds: readonly number[];
  /** `DATA` at least. */
  readonly roots: Readonly<Record<string, string>>;
  /** Changes of the configurations of either stage. */
  readonly overrides: ChainOverrides;
  /** Holds one folder a seed. */
  readonly out: string;
}

/** What one seed came to; JSON data. */
export interface ChainOfSeed {
  readonly seed: number;
  /** By the name of the experiment. */
  readonly stageOne: Readonly<Record<string, StageOneOutcome>>;
  /** Number of translated training images, both ways together, and how long they took. */
  readonly translations: { readonly count: number; readonly seconds: number };
  /** Test reports of the selected checkpoints. */
  readonly methods: { readonly [method in MethodName]?: MethodResults };
}

async function configsOf({ configs, chain }: ChainSettings, stage: string): Promise<readonly string[]> {
  const folder = join(configs, stage, chain);
  try {
    const files = (await readdir(folder)).filter((file) => file.endsWith('.yaml')).sort();
    return files.map((file) => join(stage, chain, file));
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error;
    throw new ProgramError(
      `${folder}: expected the configurations of ${chain}, found no such folder; give the folder of examples/configs`,
      2,
    );
  }
}

/** Where the runs of a seed find everything, and what the settings of a stage are changed to. */
function optionsOf(
  { out, roots, configs, overrides }: ChainSettings,
  stage: keyof ChainOverrides,
  seed: number,
) {
  return {
    folder: configs,
    roots: { ...roots, RUNS: join(out, `seed-${seed}`) },
    overrides: [...overrides[stage], `seed=${seed}`],
  };
}

/**
 * Makes sure that the data of a chain are there, before anything is written.
 *
 * @throws ProgramError (exit code 2) naming what is missing or wrong.
 */
export async function assertChainData(settings: ChainSettings): Promise<void> {
  const [config] = await configsOf(settings, 'stage-1');
  const options = optionsOf(settings, 'stage-1', settings.seeds[0]!);
  const { experiment } = await experimentToRun(config!, 'stage-1', options);
  const images = await openExperimentImages(experiment.data, { workers: 0 });
  await images.close();
}

async function stageOneOf(
  config: string,
  options: ExperimentOptions & { readonly roots: Readonly<Record<string, string>> },
  context: ExperimentContext,
): Promise<readonly [string, StageOneOutcome]> {
  const toRun = await experimentToRun(config, 'stage-1', options);
  const { name } = toRun.experiment;
  return [name, await runStageOne(toRun, { out: join(options.roots['RUNS']!, name) }, context)];
}

const METHODS = ['erm', 'gdro', 'camel'] as const;

const classifierConfig = ({ chain }: ChainSettings, method: MethodName): string =>
  join('stage-2', chain, `${method}.yaml`);

/** What every method changes because its network begins with random weights; nothing if it does not. */
export async function scratchOf(
  settings: ChainSettings,
): Promise<{ readonly [method in MethodName]?: readonly string[] }> {
  const options = optionsOf(settings, 'stage-2', settings.seeds[0]!);
  if (!options.overrides.includes(RANDOM_WEIGHTS)) return {};
  const published = { ...options, overrides: [RANDOM_WEIGHTS] };
  const changes = METHODS.map(async (method) => {
    const { experiment } = await experimentToRun(classifierConfig(settings, method), 'stage-2', published);
    return [method, scratchOverrides(experiment)] as const;
  });
  return Object.fromEntries(await Promise.all(changes));
}

/** A classifier's experiment. */
async function classifierToRun(settings: ChainSettings, method: MethodName, seed: number) {
  const options = optionsOf(settings, 'stage-2', seed);
  const overrides = [...((await scratchOf(settings))[method] ?? []), ...options.overrides];
  return experimentToRun(classifierConfig(settings, method), 'stage-2', { ...options, overrides });
}

/** What the numbers in the names of a chain's groups stand for. */
export async function chainLegend(settings: ChainSettings): Promise<string> {
  const { experiment } = await classifierToRun(settings, 'erm', settings.seeds[0]!);
  return groupLegend(experiment.data);
}

/** Translations before CAMEL asks for them, so that its own time is that of training. */
async function translate(
  { experiment }: Awaited<ReturnType<typeof classifierToRun>>,
  context: ExperimentContext,
): Promise<ChainOfSeed['translations']> {
  const began = performance.now();
  return closing(await openExperimentImages(experiment.data), async (images) => {
    const translations = await obtainTranslations(experiment, images, context);
    await translations.close();
    const { toSource, toTarget } = translations.splits.train;
    return { count: toSource.length + toTarget.length, seconds: (performance.now() - began) / 1000 };
  });
}

const TranslationsCodec = t.readonly(t.type({ count: naturalNumber, seconds: nonNegativeNumber }));
const TestedCodec = t.readonly(t.type({ report: GroupReportCodec }));

/** What a file holds, or else, and if it is not whole, what is made and put there. */
async function kept<A>(path: string, codec: t.Type<A>, make: () => Promise<A>): Promise<A> {
  const text = await readText(path);
  const known = text === null ? undefined : parseJson(text);
  if (codec.is(known)) return known;
  const made = await make();
  await writeFileAtomically(path, `${JSON.stringify(made, null, 2)}\n`);
  return made;
}

async function chainOfSeed(
  settings: ChainSettings,
  seed: number,
  backend: Pick<SelectedBackend, 'name' | 'device'>,
  context: ExperimentContext,
): Promise<ChainOfSeed> {
  const runs = join(settings.out, `seed-${seed}`);
  const stageOne: Record<string, StageOneOutcome> = {};
  for (const config of await configsOf(settings, 'stage-1')) {
    const [name, outcome] = await stageOneOf(config, optionsOf(settings, 'stage-1', seed), context);
    stageOne[name] = outcome;
    context.say(`seed ${seed}: ${name}: ${outcome.steps} steps in ${outcome.seconds.toFixed(0)} s`);
  }
  const translations = await kept(join(runs, 'translations.json'), TranslationsCodec, async () =>
    translate(await classifierToRun(settings, 'camel', seed), context),
  );
  context.say(`seed ${seed}: ${translations.count} translations in ${translations.seconds.toFixed(0)} s`);
  const methods: { [method in MethodName]?: MethodResults } = {};
  for (const method of METHODS) {
    const toRun = await classifierToRun(settings, method, seed);
    const out = join(runs, toRun.experiment.name);
    const results = await runStageTwo(toRun, { out, backend }, context);
    const trained = results.methods[method]!;
    const { steps, seconds } = trained;
    // Without test images there is nothing that a second evaluation could confirm.
    const { report } = trained.groups.some(({ count }) => count > 0)
      ? await kept(join(out, 'evaluation-test.json'), TestedCodec, () =>
          evaluateRun({ run: out, split: 'test' }, context),
        )
      : { report: trained };
    methods[method] = { ...report, steps, seconds };
    context.say(`seed ${seed}: ${toRun.experiment.name}: ${steps} steps in ${seconds.toFixed(0)} s`);
  }
  return { seed, stageOne, translations, methods };
}

/**
 * Runs a chain for every seed, or what is left of it.
 *
 * @param settings Which, from which configurations, where to.
 * @param backend For the results.
 * @param context Output, and whether a stop was asked for.
 * @throws ProgramError: bad input (exit code 2), a loss that is not finite (1), a stop asked for (75).
 */
export async function runChain(
  settings: ChainSettings,
  backend: Pick<SelectedBackend, 'name' | 'device'>,
  context: ExperimentContext,
): Promise<readonly ChainOfSeed[]> {
  const seeds: ChainOfSeed[] = [];
  for (const seed of settings.seeds) seeds.push(await chainOfSeed(settings, seed, backend, context));
  return seeds;
}
