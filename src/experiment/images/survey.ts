/** A data set read from end to end: what it holds, what is damaged, what is there twice, and what would be refused. */
import { either as E } from 'fp-ts';
import type { DataSettings } from '../../config/schema/data-settings.ts';
import { StageOneCodec } from '../../config/schema/stage-one.ts';
import { StageTwoCodec } from '../../config/schema/stage-two.ts';
import { formatDataError, type DataError } from '../../data/data-error.ts';
import { doubledImages, type SameContents } from '../../data/data-listing.ts';
import { SPLITS, type ImageLocation } from '../../data/dataset.ts';
import { readImageHeader } from '../../data/image-header.ts';
import { imageBytesReader } from '../../streams/image-bytes.ts';
import { closing } from '../../system/closing.ts';
import { ProgramError } from '../../system/program.ts';
import { startProgress } from '../../system/progress.ts';
import { alignedRows } from '../../system/text-table.ts';
import { leakNotices } from '../bound-runs.ts';
import { assertDataFits } from './data-faults.ts';
import type { ExperimentImages, ImageReference } from './experiment-images.ts';

/** Images that are read at once. */
const AT_ONCE = 16;
const NAMED = 5;

/** What reading every image came to. */
interface Reading {
  /** Number of images by format and bits, such as `jpeg, 8 bits`. */
  readonly formats: ReadonlyMap<string, number>;
  /** Number of images by height × width. */
  readonly sizes: ReadonlyMap<string, number>;
  readonly damaged: readonly DataError[];
}

const add = (counts: Map<string, number>, key: string): void =>
  void counts.set(key, (counts.get(key) ?? 0) + 1);

/** Reads and decodes every image once. */
async function readAll(images: ExperimentImages): Promise<Reading> {
  const all = SPLITS.flatMap((split) => images.examples(split).map(({ image }) => image));
  const [formats, sizes] = [new Map<string, number>(), new Map<string, number>()];
  const damaged: DataError[] = [];
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
        await header(all[i]!);
        const pixels = await images.load(all[i]!);
        if (E.isLeft(pixels)) damaged.push(pixels.left);
        progress.update(++done);
      }
    };
    try {
      await Promise.all(Array.from({ length: AT_ONCE }, work));
    } finally {
      progress.stop();
    }
    return { formats, sizes, damaged: damaged.sort((a, b) => (a.where < b.where ? -1 : 1)) };
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

const damageLines = (damaged: readonly DataError[]): readonly string[] =>
  damaged.length === 0
    ? ['damaged: none']
    : [
        `damaged: ${damaged.length}`,
        ...damaged.slice(0, NAMED).map((fault) => `  ${formatDataError(fault)}`),
      ];

function doubledLines(doubled: readonly SameContents[]): readonly string[] {
  if (doubled.length === 0) return ['doubled: none'];
  const extra = doubled.reduce((sum, { length }) => sum + length - 1, 0);
  const named = doubled.slice(0, NAMED).map((group) => `  ${group.map(({ name }) => name).join(' = ')}`);
  const labels = doubled.filter((group) => new Set(group.map(({ label }) => label)).size > 1).length;
  const contradicting = labels === 0 ? '' : `, ${labels} of them with several classes`;
  return [`doubled: ${extra} within a split${contradicting}`, ...named];
}

/** Experiments that have nothing but the data and what they must have. */
const STAGES = {
  'stage-1': (data: DataSettings) => StageOneCodec.decode({ version: 1, kind: 'stage-1', data }),
  'stage-1 with a gate': (data: DataSettings) =>
    StageOneCodec.decode({ version: 1, kind: 'stage-1', data, gate: { kind: 'strict' } }),
  'stage-2': (data: DataSettings) =>
    StageTwoCodec.decode({
      ...{ version: 1, kind: 'stage-2', data },
      ...{ network: { kind: 'small-cnn' }, method: { kind: 'erm' } },
    }),
} as const;

/** What a stage would refuse with settings that leave everything but the data as it is. */
function refusalOf(
  stage: keyof typeof STAGES,
  data: DataSettings,
  images: ExperimentImages,
): readonly string[] {
  const decoded = STAGES[stage](data);
  if (E.isLeft(decoded)) return [];
  try {
    assertDataFits(decoded.right, images);
    return [`${stage}: nothing to refuse`];
  } catch (error) {
    if (!(error instanceof ProgramError)) throw error;
    return [`${stage} would refuse: ${error.message}`];
  }
}

/** What is found in a data set. */
export interface DataSurvey {
  readonly lines: readonly string[];
  readonly damaged: number;
}

/**
 * Reads a data set from end to end.
 *
 * @param data Its settings, as a file writes them.
 * @param images The data, opened.
 * @returns Lines for a person, and how many images are damaged.
 */
export async function surveyData(data: DataSettings, images: ExperimentImages): Promise<DataSurvey> {
  const bound = await images.fingerprint?.();
  const { formats, sizes, damaged } = await readAll(images);
  const leaks = leakNotices(bound);
  return {
    damaged: damaged.length,
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
