/** A data set read from end to end: what it holds, what is damaged, what is there twice, and what would be refused. */
import { either as E } from 'fp-ts';
import type { DataSettings } from '../../config/schema/data-settings.ts';
import { decodeExperiment } from '../../config/schema/experiment.ts';
import { readable } from '../../config/schema/load.ts';
import { formatDataError, type DataError } from '../../data/data-error.ts';
import { doubledImages, type SameContents } from '../../data/data-listing.ts';
import { SPLITS, type ImageLocation, type SplitName } from '../../data/dataset.ts';
import { readImageHeader } from '../../data/image-header.ts';
import { documentOf } from '../../documents/document.ts';
import { imageBytesReader } from '../../streams/image-bytes.ts';
import { closing } from '../../system/closing.ts';
import { ProgramError } from '../../system/program.ts';
import { startProgress } from '../../system/progress.ts';
import { alignedRows } from '../../system/text-table.ts';
import { leaksIn } from '../bound-runs.ts';
import { assertDataFits } from './data-faults.ts';
import type { ExperimentImages, ImageReference } from './experiment-images.ts';

/** Images that are read at once. */
const AT_ONCE = 16;
/** Formats and sizes that are named. */
const NAMED = 5;

/** An image that is damaged, and how. */
interface Damage {
  readonly split: SplitName;
  readonly fault: DataError;
}

/** What reading every image came to. */
interface Reading {
  /** Number of images by format and bits, such as `jpeg, 8 bits`. */
  readonly formats: ReadonlyMap<string, number>;
  /** Number of images by height × width. */
  readonly sizes: ReadonlyMap<string, number>;
  readonly damaged: readonly Damage[];
}

const add = (counts: Map<string, number>, key: string): void =>
  void counts.set(key, (counts.get(key) ?? 0) + 1);

/** Reads and decodes every image once. */
async function readAll(images: ExperimentImages): Promise<Reading> {
  const all = SPLITS.flatMap((split) => images.examples(split));
  const [formats, sizes] = [new Map<string, number>(), new Map<string, number>()];
  const damaged: Damage[] = [];
  const progress = startProgress('images', all.length);
  return closing(imageBytesReader(), async (reader) => {
    const header = async (image: ImageReference): Promise<void> => {
      if (!('file' in image)) return;
      const bytes = await reader.read(image as ImageLocation);
      const read = E.Monad.chain(bytes, (file) => readImageHeader(file));
      if (E.isLeft(read)) return;
      add(formats, `${read.right.format}, ${read.right.bits} bits`);
      add(sizes, `${read.right.height} × ${read.right.width}`);
    };
    let [next, done] = [0, 0];
    const work = async (): Promise<void> => {
      for (let i = next++; i < all.length; i = next++) {
        const { image, split } = all[i]!;
        await header(image);
        const pixels = await images.load(image);
        if (E.isLeft(pixels)) damaged.push({ split, fault: pixels.left });
        progress.update(++done);
      }
    };
    try {
      await Promise.all(Array.from({ length: AT_ONCE }, work));
    } finally {
      progress.stop();
    }
    return { formats, sizes, damaged: damaged.sort((a, b) => (a.fault.where < b.fault.where ? -1 : 1)) };
  });
}

/** Groups by splits, and below them the sums. */
function groupLines({ table, examples }: ExperimentImages): readonly string[] {
  const counts = SPLITS.map((split) => {
    const numbers = table.names.map(() => 0);
    for (const { group } of examples(split)) numbers[group]! += 1;
    return numbers;
  });
  const rows = table.names.map((name, group) => [name, ...counts.map((of) => String(of[group]))]);
  const sums = counts.map((of) => String(of.reduce((sum, count) => sum + count, 0)));
  return alignedRows([['group', ...SPLITS], ...rows, ['all', ...sums]]);
}

/** The most frequent first. */
function countLine(what: string, counts: ReadonlyMap<string, number>): readonly string[] {
  if (counts.size === 0) return [];
  const sorted = [...counts].sort(([, a], [, b]) => b - a);
  const named = sorted.slice(0, NAMED).map(([key, count]) => `${key} (${count})`);
  const more = sorted.length > NAMED ? `, and ${sorted.length - NAMED} more` : '';
  return [`${what}: ${named.join(', ')}${more}`];
}

const damageLines = (damaged: readonly Damage[]): readonly string[] =>
  damaged.length === 0
    ? ['damaged: none']
    : [`damaged: ${damaged.length}`, ...damaged.map(({ fault }) => `  ${formatDataError(fault)}`)];

function doubledLines(doubled: readonly SameContents[]): readonly string[] {
  if (doubled.length === 0) return ['doubled: none'];
  const extra = doubled.reduce((sum, { length }) => sum + length - 1, 0);
  const named = doubled.map((group) => `  ${group.map(({ name }) => name).join(' = ')}`);
  const labels = doubled.filter((group) => new Set(group.map(({ label }) => label)).size > 1).length;
  const contradicting = labels === 0 ? '' : `, ${labels} of them with several classes`;
  return [`doubled: ${extra} within a split${contradicting}`, ...named];
}

/** Experiments that have nothing but the data and what they must have. The network takes images of any size. */
const STAGES = {
  'stage-1': { kind: 'stage-1' },
  'stage-1 with a gate': { kind: 'stage-1', gate: { kind: 'strict' } },
  'stage-2': { kind: 'stage-2', network: { kind: 'multilayer-perceptron' }, method: { kind: 'erm' } },
} as const;

/** What a stage would refuse with settings that leave everything but the data as it is. */
function refusalOf(
  stage: keyof typeof STAGES,
  data: DataSettings,
  images: ExperimentImages,
): readonly string[] {
  const told = `${stage} would refuse`;
  const decoded = readable(decodeExperiment(documentOf({ version: 1, data, ...STAGES[stage] }, told)));
  if (E.isLeft(decoded)) return decoded.left.map(formatDataError);
  try {
    assertDataFits(decoded.right, images);
    return [`${stage}: nothing to refuse`];
  } catch (error) {
    if (!(error instanceof ProgramError)) throw error;
    return [`${told}: ${error.message}`];
  }
}

/** What is found in a data set. */
export interface DataSurvey {
  readonly lines: readonly string[];
  /** How many images of each split are damaged. */
  readonly damaged: Readonly<Record<SplitName, number>>;
}

/**
 * Reads a data set from end to end.
 *
 * @param data Its settings, as a file writes them.
 * @param images The data, opened.
 * @returns Lines for a person, which list all that is damaged, doubled or leaked, and how many images are damaged.
 */
export async function surveyData(data: DataSettings, images: ExperimentImages): Promise<DataSurvey> {
  const bound = await images.fingerprint?.();
  const { formats, sizes, damaged } = await readAll(images);
  const leaks = leaksIn(bound).flatMap(({ said, images: groups }) => [
    `warning: ${said}:`,
    ...groups.map((group) => `  ${group}`),
  ]);
  const damagedIn = (name: SplitName): number => damaged.filter(({ split }) => split === name).length;
  return {
    damaged: {
      train: damagedIn('train'),
      validation: damagedIn('validation'),
      test: damagedIn('test'),
    },
    lines: [
      ...groupLines(images),
      ...countLine('formats', formats),
      ...countLine('height × width', sizes),
      ...damageLines(damaged),
      ...(bound === undefined ? [] : doubledLines(doubledImages(bound.listing))),
      ...(leaks.length > 0 ? leaks : ['leaks: none']),
      ...(Object.keys(STAGES) as (keyof typeof STAGES)[]).flatMap((stage) => refusalOf(stage, data, images)),
    ],
  };
}
