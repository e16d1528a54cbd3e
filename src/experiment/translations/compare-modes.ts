/**
 * How much the mode of translation matters: the same training images translated by the same generators in inference
 * mode (moving statistics, no dropout, rounded) and in published mode (statistics of the batch, dropout, truncated),
 * as they are stored, and what the gate of their stage-1 run makes of either.
 */
import type { either as E } from 'fp-ts';
import { imageBatch, type Images } from '../../augmentation/images.ts';
import { minusOneToOne } from '../../augmentation/scaling.ts';
import type { StageTwoExperiment } from '../../config/schema/stage-two.ts';
import type { DataError } from '../../data/data-error.ts';
import { disposeGate, type Gate } from '../../training/gate.ts';
import { classes } from '../../training/gate-classifiers.ts';
import { closing } from '../../system/closing.ts';
import { percentOrDash } from '../../system/text-table.ts';
import { orExit, ProgramError } from '../../system/program.ts';
import { startProgress } from '../../system/progress.ts';
import { obtainTranslations, sourceOf } from './augment.ts';
import { interrupted, pause, type ExperimentContext } from '../context.ts';
import type { ExperimentImages } from '../images/experiment-images.ts';
import { gateNetworks } from '../stage-one/gate.ts';
import { savedGate } from '../stage-one/gate-file.ts';
import { readStageOneRun, type StageOneRun } from '../stage-one/stage-one-run.ts';
import type { Source, Translations } from './translations.ts';

/** Modes of translation. */
export const MODES = ['inference', 'published'] as const;

type Mode = (typeof MODES)[number];
type Direction = 'toTarget' | 'toSource';
type Camel = Extract<StageTwoExperiment['method'], { readonly kind: 'camel' }>;

/** What a gate says of one mode; shares of the images that cross from one domain to the other. */
export interface ModeMeasure {
  readonly flipRate: number;
  readonly labelPreservation: number;
}

/** Both modes on the training images that one source of translations translates, in one direction. */
export interface ModeComparison {
  readonly run: string;
  readonly direction: Direction;
  readonly images: number;
  /** Mean |inference − published| over images and pixels, in units of [0, 1]. */
  readonly meanDifference: number;
  /** The largest, in the same units. */
  readonly largestDifference: number;
  /** Null if stage 1 had no gate, or no image crosses. */
  readonly measures: Readonly<Record<Mode, ModeMeasure>> | null;
}

/** A source of translations with the places of its images among those of training. */
interface Part {
  readonly run: StageOneRun;
  readonly places: readonly number[];
}

async function partsOf({ translations }: Camel, images: ExperimentImages): Promise<readonly Part[]> {
  const places = new Map<Source, number[]>();
  images.examples('train').forEach(({ label }, i) => {
    const source = sourceOf(translations.sources, label);
    places.set(source, [...(places.get(source) ?? []), i]);
  });
  const parts: Part[] = [];
  for (const [{ from }, members] of places) {
    if (from.kind !== 'run')
      throw new ProgramError(
        `method.translations.sources: expected stage-1 runs, whose generators translate in either mode, found ${from.kind === 'folder' ? from.path : from.kind}; name a run`,
        2,
      );
    parts.push({ run: orExit(await readStageOneRun(from.path)), places: members });
  }
  return parts;
}

/** The images of a list, `[n, h, w, c]`. */
async function loaded<Image>(
  references: readonly Image[],
  load: (image: Image) => Promise<E.Either<DataError, Uint8Array>>,
  shape: ExperimentImages['shape'],
): Promise<Images<Uint8Array>> {
  const pictures = (await Promise.all(references.map(load))).map(orExit);
  const size = shape[0] * shape[1] * shape[2];
  const pixels = new Uint8Array(size * pictures.length);
  pictures.forEach((picture, i) => pixels.set(picture, i * size));
  return imageBatch(pixels, [pictures.length, ...shape]);
}

/** Images whose class and domain the gate finds as they should be. */
async function judged(
  gate: Gate,
  images: Images<Uint8Array>,
  labels: readonly number[],
  crossing: readonly boolean[],
  domain: number,
): Promise<{ readonly flipped: number; readonly kept: number }> {
  const scaled = minusOneToOne(images);
  const domains = await classes(gate.domain, scaled, pause);
  const found = await classes(gate.label, scaled, pause);
  const count = (right: (i: number) => boolean): number =>
    crossing.filter((crosses, i) => crosses && right(i)).length;
  return { flipped: count((i) => domains[i] === domain), kept: count((i) => found[i] === labels[i]) };
}

const BATCH = 64;

async function compare(
  { run, places }: Part,
  direction: Direction,
  translations: Readonly<Record<Mode, Translations>>,
  images: ExperimentImages,
  gate: Gate | null,
  context: ExperimentContext,
): Promise<ModeComparison> {
  const { translation } = run.experiment;
  const from = direction === 'toTarget' ? translation.source.subgroup : translation.target.subgroup;
  const examples = images.examples('train');
  const counts = { inference: { flipped: 0, kept: 0 }, published: { flipped: 0, kept: 0 } };
  let [sum, largest, crossed] = [0, 0, 0];
  const progress = startProgress(`${run.experiment.name} ${direction}`, places.length);
  try {
    for (let start = 0; start < places.length; start += BATCH) {
      if (context.stopRequested()) throw interrupted();
      const batch = places.slice(start, start + BATCH);
      const labels = batch.map((place) => examples[place]!.label);
      const crossing = batch.map((place) => examples[place]!.subgroup === from);
      crossed += crossing.filter(Boolean).length;
      const of = (mode: Mode) =>
        loaded(
          batch.map((place) => translations[mode].splits.train[direction][place]!),
          translations[mode].load,
          images.shape,
        );
      const both = { inference: await of('inference'), published: await of('published') };
      both.inference.pixels.forEach((value, i) => {
        const difference = Math.abs(value - both.published.pixels[i]!);
        sum += difference;
        largest = Math.max(largest, difference);
      });
      for (const mode of gate === null ? [] : MODES) {
        const domain = direction === 'toTarget' ? 1 : 0;
        const { flipped, kept } = await judged(gate!, both[mode], labels, crossing, domain);
        counts[mode] = { flipped: counts[mode].flipped + flipped, kept: counts[mode].kept + kept };
      }
      progress.update(start + batch.length);
      await pause();
    }
  } finally {
    progress.stop();
  }
  const share = ({ flipped, kept }: (typeof counts)[Mode]): ModeMeasure => ({
    flipRate: flipped / crossed,
    labelPreservation: kept / crossed,
  });
  const [height, width, channels] = images.shape;
  return {
    run: run.experiment.name,
    direction,
    images: places.length,
    meanDifference: sum / (255 * places.length * height * width * channels),
    largestDifference: largest / 255,
    measures:
      gate === null || crossed === 0
        ? null
        : { inference: share(counts.inference), published: share(counts.published) },
  };
}

/** The gate of a stage-1 run while it is used; null if it has none. */
async function withGate<A>(
  { folder, experiment }: StageOneRun,
  images: ExperimentImages,
  use: (gate: Gate | null) => Promise<A>,
): Promise<A> {
  if (experiment.gate.kind !== 'strict') return use(null);
  const networks = gateNetworks(experiment, experiment.gate, images);
  let gate: Gate | null = null;
  try {
    gate = await savedGate(folder, networks);
    return await use(gate);
  } finally {
    if (gate !== null) disposeGate(gate);
    Object.values(networks).forEach(({ model }) => model.dispose());
  }
}

/**
 * Translates the training images in both modes, as far as that has not been done, and compares them.
 *
 * @param experiment Of the method `camel`, roots put in; its own mode does not matter.
 * @param images The data of the experiment, opened.
 * @param context Output, and whether a stop was asked for.
 * @returns For every source of translations, to the target and to the source subgroup.
 * @throws ProgramError: what is wrong with a source of translations (exit code 2), a stop asked for (75).
 */
export async function compareModes(
  experiment: StageTwoExperiment,
  images: ExperimentImages,
  context: ExperimentContext,
): Promise<readonly ModeComparison[]> {
  const { method } = experiment;
  if (method.kind !== 'camel') throw new Error('only CAMEL has translations');
  const parts = await partsOf(method, images);
  const inMode = (mode: Mode): Promise<Translations> => {
    const translations = { ...method.translations, mode, evaluationSplits: false };
    return obtainTranslations({ ...experiment, method: { ...method, translations } }, images, context);
  };
  return closing(await inMode('inference'), async (inference) =>
    closing(await inMode('published'), async (published) => {
      const both = { inference, published };
      const comparisons: ModeComparison[] = [];
      for (const part of parts)
        await withGate(part.run, images, async (gate) => {
          for (const direction of ['toTarget', 'toSource'] as const)
            comparisons.push(await compare(part, direction, both, images, gate, context));
        });
      return comparisons;
    }),
  );
}

/** A Markdown table of a comparison, shares in percent. */
export function modesTable(comparisons: readonly ModeComparison[]): string {
  const header = ['stage 1', 'direction', 'images', 'mean difference', 'largest'];
  const shares = ['flip rate, inference', 'published', 'class kept, inference', 'published'];
  const rows = comparisons.map(({ run, direction, images, meanDifference, largestDifference, measures }) => [
    run,
    direction === 'toTarget' ? 'to target' : 'to source',
    `${images}`,
    meanDifference.toFixed(4),
    largestDifference.toFixed(3),
    ...(measures === null
      ? shares.map(() => '–')
      : (['flipRate', 'labelPreservation'] as const).flatMap((name) =>
          MODES.map((mode) => percentOrDash(measures[mode][name])),
        )),
  ]);
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const all = [...header, ...shares];
  return [line(all), line(all.map(() => '---')), ...rows.map(line)].join('\n');
}
