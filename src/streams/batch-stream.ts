/**
 * A data set as a stream of batches that are found by their step number. Which images a step holds is a pure function
 * of the step. Their decoding runs ahead of it. Only the batches of the next few steps are held. A resumed run
 * therefore sees the same order, and memory does not grow with the data set.
 */
import { either as E } from 'fp-ts';
import type { Images } from '../augmentation/images.ts';
import { formatDataError, type DataError } from '../data/data-error.ts';
import type { DatasetExample } from '../data/dataset.ts';
import { ProgramError } from '../system/program.ts';

/** Height, width, channels. */
export type PictureShape = readonly [height: number, width: number, channels: number];

/** The pixels of an image, `[h, w, c]` row-major, or why they cannot be had. A rejection means that nothing can. */
export type LoadPixels<Image> = (image: Image) => Promise<E.Either<DataError, Uint8Array>>;

/** The images of one step. */
export interface StreamBatch {
  /** Position of each image's example in the list that the stream was made from, `[n]`. */
  readonly indices: Int32Array;
  /** Bytes, `[n, h, w, c]`. */
  readonly images: Images<Uint8Array>;
  /** Class of each, `[n]`. */
  readonly labels: Int32Array;
  /** Group of each, `[n]`. */
  readonly groups: Int32Array;
  /** For each list of translations, that of each image, `[n, h, w, c]`. */
  readonly translations: readonly Images<Uint8Array>[];
}

/** What a stream is made from. */
export interface BatchStreamOptions<Image> {
  readonly examples: readonly DatasetExample<Image>[];
  /** Lists of translations, each aligned with `examples`. The default is none. */
  readonly translations?: readonly (readonly Image[])[];
  /** Shape of every image, and of every translation. */
  readonly shape: PictureShape;
  /** The examples of a step, for instance `groupBatches(…)`, or {@link storedOrder} for evaluation. */
  readonly indicesAt: (step: number) => ArrayLike<number>;
  readonly load: LoadPixels<Image>;
  /** Number of steps; nothing is loaded ahead beyond them. Default: no end. */
  readonly steps?: number;
  /** How many steps are loaded ahead of the one asked for. The default is 2. */
  readonly prefetch?: number;
  /** How many different images may be damaged; one more is an error. The default is 0. */
  readonly skipDamaged?: number;
  /**
   * The damaged ones by where they are, to which this stream adds: those of earlier times, and of other streams that
   * share it, count too. The default is none so far.
   */
  readonly skipped?: Map<string, DataError>;
  /**
   * What stands in for a damaged example. With `replace` (default) it is the next undamaged one of its group in the
   * list, whatever the step. With `omit` it is nothing: in evaluation no image counts twice.
   */
  readonly damaged?: 'replace' | 'omit';
}

/** A stream of batches; see {@link openBatchStream}. */
export interface BatchStream {
  /** The batch of a step. Steps are meant to be asked for in order; any other step is loaded anew. */
  batch(step: number): Promise<StreamBatch>;
  /** The damaged images skipped so far, each once, with those that the stream was given. */
  damaged(): readonly DataError[];
  /** Loads nothing further; a batch that is under way is refused. */
  close(): void;
}

/** The original's pixels, then those of its translations. */
type Loaded = readonly Uint8Array[];

/** For each example, the next one of its group, the first after the last. */
function successors(examples: readonly DatasetExample<unknown>[]): Int32Array {
  const next = new Int32Array(examples.length);
  const firstOf = new Map<number, number>();
  for (let i = examples.length - 1, after = new Map<number, number>(); i >= 0; i--) {
    const { group } = examples[i]!;
    next[i] = after.get(group) ?? -1;
    after.set(group, i);
    firstOf.set(group, i);
  }
  return next.map((following, i) => (following < 0 ? firstOf.get(examples[i]!.group)! : following));
}

/** Images one after the other, `[n, h, w, c]`. */
function stack(pictures: readonly Uint8Array[], [height, width, channels]: PictureShape): Images<Uint8Array> {
  const size = height * width * channels;
  const pixels = new Uint8Array(pictures.length * size);
  pictures.forEach((picture, i) => {
    if (picture.length !== size) {
      throw new RangeError(`load: expected ${size} pixel values of an image, received ${picture.length}`);
    }
    pixels.set(picture, i * size);
  });
  return { pixels, shape: [pictures.length, height, width, channels] };
}

/** A damaged image too many; the run has not used it, so that it may be mended. */
export class DamagedImagesError extends ProgramError {
  /** Those that it counted, the one too many among them. */
  readonly faults: readonly DataError[];

  /** @param message One line. */
  constructor(message: string, faults: readonly DataError[]) {
    super(message, 2);
    this.faults = faults;
  }
}

function tooManyDamaged(faults: readonly DataError[], limit: number): ProgramError {
  const [first] = faults;
  const others = faults.slice(1).map(({ where }) => where);
  const also = others.length === 0 ? '' : `; also ${others.slice(0, 8).join(', ')}`;
  const allowed =
    limit === 0 ? 'to skip damaged images, give --skip-damaged N' : `--skip-damaged is ${limit}`;
  return new DamagedImagesError(`${formatDataError(first!)}; ${allowed}${also}`, faults);
}

/** Loads examples with their translations, and keeps account of those that are damaged. */
function exampleLoader<Image>(options: BatchStreamOptions<Image>) {
  const { examples, translations = [], load, skipDamaged = 0, damaged = 'replace' } = options;
  const { skipped = new Map<string, DataError>() } = options;
  const next = successors(examples);
  const faults = new Map<number, DataError>();

  const loadOne = async (index: number): Promise<Loaded | null> => {
    let fault = faults.get(index);
    if (fault === undefined) {
      const parts = await Promise.all([
        load(examples[index]!.image),
        ...translations.map((list) => load(list[index]!)),
      ]);
      const pixels = E.sequenceArray(parts);
      if (E.isRight(pixels)) return pixels.right as Loaded;
      fault = pixels.left;
      faults.set(index, fault);
    }
    // One too many ends the work and is not skipped: who mends it and goes on must not find it counted.
    const all = new Map(skipped).set(fault.where, fault);
    if (all.size > skipDamaged) throw tooManyDamaged([...all.values()], skipDamaged);
    skipped.set(fault.where, fault);
    return null;
  };

  /** The example itself or what stands in for it; null if that is nothing. */
  const loadIn = async (index: number): Promise<readonly [number, Loaded] | null> => {
    for (let candidate = index, first = true; first || candidate !== index; candidate = next[candidate]!) {
      first = false;
      const loaded = await loadOne(candidate);
      if (loaded !== null) return [candidate, loaded];
      if (damaged === 'omit') return null;
    }
    const fault = faults.get(index)!;
    throw new DamagedImagesError(
      formatDataError({ ...fault, cure: `${fault.cure}; every image of its group is damaged` }),
      [fault],
    );
  };
  return { loadIn, skipped };
}

function checkOptions<Image>({ examples, translations = [], prefetch = 2 }: BatchStreamOptions<Image>): void {
  if (examples.length === 0) throw new RangeError('examples: expected at least one, received none');
  if (!(Number.isInteger(prefetch) && prefetch >= 0)) {
    throw new RangeError(`prefetch: expected a whole number ≥ 0, received ${prefetch}`);
  }
  translations.forEach((list, v) => {
    if (list.length !== examples.length) {
      throw new RangeError(
        `translations[${v}]: expected ${examples.length}, one of each example, received ${list.length}`,
      );
    }
  });
}

/**
 * Opens a stream of batches.
 *
 * @param options Examples, the order of the steps, how an image is loaded, how far ahead, what becomes of damaged ones.
 * @returns The stream. `batch` rejects with a {@link ProgramError} if more images are damaged than may be skipped, and
 *   with whatever `load` rejects with.
 * @throws RangeError if there is no example, or a list of translations is not aligned with the examples.
 * @example
 * ```ts
 * import { either as E } from 'fp-ts';
 * import { groupBatches } from 'model-patching';
 * import { openBatchStream } from 'model-patching/node';
 * const examples = [0, 1, 1].map((label, i) => ({
 *   image: i, label, subgroup: 0, group: label, split: 'train' as const,
 * }));
 * const stream = openBatchStream({
 *   examples,
 *   shape: [1, 1, 1],
 *   indicesAt: groupBatches([0, 1, 1], { batchSize: 2, seed: 1 }),
 *   load: async (image) => E.right(Uint8Array.of(image)),
 * });
 * const { images, labels, indices } = await stream.batch(7);
 * stream.close();
 * if (labels.join() !== '0,1' || images.pixels.join() !== indices.join()) throw new Error('one of each class');
 * ```
 */
export function openBatchStream<Image>(options: BatchStreamOptions<Image>): BatchStream {
  checkOptions(options);
  const { examples, translations = [], shape, indicesAt, steps = Infinity, prefetch = 2 } = options;
  const { loadIn, skipped } = exampleLoader(options);
  const pending = new Map<number, Promise<StreamBatch>>();
  let closed = false;

  const load = async (step: number): Promise<StreamBatch> => {
    const loaded = await Promise.all(Array.from(indicesAt(step), loadIn));
    const kept = loaded.filter((entry) => entry !== null);
    return {
      indices: Int32Array.from(kept, ([index]) => index),
      images: stack(
        kept.map(([, [original]]) => original!),
        shape,
      ),
      labels: Int32Array.from(kept, ([index]) => examples[index]!.label),
      groups: Int32Array.from(kept, ([index]) => examples[index]!.group),
      translations: translations.map((_, v) =>
        stack(
          kept.map(([, pictures]) => pictures[v + 1]!),
          shape,
        ),
      ),
    };
  };
  const start = (step: number): void => {
    if (pending.has(step) || step >= steps) return;
    const batch = load(step);
    // Whoever asks for the step hears of its failure; a batch that nobody asks for may fail unheard.
    batch.catch(() => undefined);
    pending.set(step, batch);
  };
  return {
    batch: async (step) => {
      if (!(Number.isSafeInteger(step) && step >= 0 && step < steps)) {
        throw new RangeError(`step: expected an integer in [0, ${steps}), received ${step}`);
      }
      for (let ahead = 0; ahead <= prefetch && !closed; ahead++) start(step + ahead);
      const batch = pending.get(step);
      for (const held of pending.keys()) {
        if (held <= step || held > step + prefetch) pending.delete(held);
      }
      if (batch === undefined || closed) throw new Error('the stream of batches is closed');
      return batch;
    },
    damaged: () => [...skipped.values()],
    close: () => {
      closed = true;
      pending.clear();
    },
  };
}

/** See {@link storedOrder}. */
export interface StoredOrder {
  readonly steps: number;
  /** The examples of a step. */
  readonly indicesAt: (step: number) => Int32Array;
}

/**
 * Every example once, in stored order: consecutive batches, the last one short.
 *
 * @param count Number of examples.
 * @param batchSize A whole number ≥ 1.
 * @returns The number of steps, and the examples of each.
 * @throws RangeError unless `batchSize` is a whole number ≥ 1.
 * @example
 * ```ts
 * import { storedOrder } from 'model-patching/node';
 * const { steps, indicesAt } = storedOrder(5, 2);
 * if (steps !== 3 || indicesAt(2).join() !== '4') throw new Error('2, 2 and 1 expected');
 * ```
 */
export function storedOrder(count: number, batchSize: number): StoredOrder {
  if (!(Number.isInteger(batchSize) && batchSize >= 1)) {
    throw new RangeError(`batchSize: expected a whole number ≥ 1, received ${batchSize}`);
  }
  return {
    steps: Math.ceil(count / batchSize),
    indicesAt: (step) =>
      Int32Array.from(
        { length: Math.max(0, Math.min(batchSize, count - step * batchSize)) },
        (_, i) => step * batchSize + i,
      ),
  };
}
