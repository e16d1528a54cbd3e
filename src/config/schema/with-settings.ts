/** Settings are values: an experiment with some of them changed is decoded and checked again, as its file was. */
import type { either as E } from 'fp-ts';
import type { DataError } from '../../data/data-error.ts';
import { documentOf, mergeDocuments } from '../../documents/document.ts';
import { decodeExperiment, type Experiment } from './experiment.ts';
import { readable } from './load.ts';

/** Some settings of `A`. A list is given whole. */
export type SettingsChange<A> = A extends readonly unknown[]
  ? A
  : A extends object
    ? { readonly [K in keyof A]?: SettingsChange<A[K]> }
    : A;

/**
 * An experiment with some settings changed, by the rules of `extends`: maps are merged key by key, a map of another
 * `kind` and a list take the place of what was there, and steps take that of epochs.
 *
 * @param experiment Decoded. Those of a study are in `stageOne` and `methods` of it.
 * @param change The settings that become others.
 * @returns The experiment, or every fault under the name of the experiment.
 * @example
 * ```ts
 * import { experimentFromTexts, experimentTemplate, withSettings } from 'model-patching/config';
 * const loaded = await experimentFromTexts('t.yaml', { 't.yaml': experimentTemplate('stage-2') });
 * if (loaded._tag === 'Left') throw new Error(loaded.left[0]!.found);
 * const { experiment } = loaded.right;
 * const shorter = withSettings(experiment, { seed: 2, training: { steps: 50 } });
 * if (shorter._tag === 'Left' || shorter.right.training.steps !== 50) throw new Error('50 steps expected');
 * if (shorter.right.training.batchSize !== experiment.training.batchSize) throw new Error('another batch size');
 * const wrong = withSettings(experiment, { training: { steps: -1 } });
 * if (wrong._tag === 'Right') throw new Error('no training has -1 steps');
 * const { where, found } = wrong.left[0]!;
 * if (`${where} ${found}` !== `${experiment.name}: training.steps -1`) throw new Error(where);
 * ```
 */
export function withSettings<SomeExperiment extends Experiment>(
  experiment: SomeExperiment,
  change: SettingsChange<NoInfer<SomeExperiment>>,
): E.Either<readonly DataError[], SomeExperiment> {
  const [before, after] = [experiment, change].map((settings) => documentOf(settings, experiment.name));
  return readable(decodeExperiment(mergeDocuments(before!, after!))) as E.Either<
    readonly DataError[],
    SomeExperiment
  >;
}

/**
 * An experiment of a study for one of its seeds, which is also that of the corruptions of its images, and of
 * which images it takes if they are drawn.
 *
 * @param experiment Of the study.
 * @param seed An integer.
 * @returns The experiment, or that the seed is none.
 */
export const withSeed = <SomeExperiment extends Experiment>(
  experiment: SomeExperiment,
  seed: number,
): E.Either<readonly DataError[], SomeExperiment> =>
  withSettings(experiment, { seed, ...seedsOfData(experiment, seed) } as SettingsChange<SomeExperiment>);

function seedsOfData({ data }: Experiment, seed: number): { readonly data?: object } {
  if (!('corruptionSeed' in data)) return {};
  const drawn = 'drawSeed' in data && data.drawSeed !== null;
  return { data: { corruptionSeed: seed, ...(drawn && { drawSeed: seed }) } };
}
