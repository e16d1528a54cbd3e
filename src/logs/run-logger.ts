/**
 * What a training tells the tools that people watch it in. `RunLogger` is the one interface: files of TensorBoard and of
 * CSV are written through it, and a tracker of your own implements it.
 */
import type { ByteImage } from '../data/png.ts';

/** An image as bytes, or the bytes of a PNG file. */
export type LoggedImage = ByteImage | Uint8Array;

/** Where a training is logged. Steps count those that are done; a call returns when its values may be forgotten. */
export interface RunLogger {
  /** Numbers by name; `/` parts a name, e.g. `validation/accuracy/even zigzag`. */
  scalars(step: number, values: Readonly<Record<string, number>>): void | Promise<void>;
  /** One image or several of one size. */
  images(step: number, name: string, images: LoggedImage | readonly LoggedImage[]): void | Promise<void>;
  /** Text in Markdown. */
  text(step: number, name: string, markdown: string): void | Promise<void>;
  /** What the training was started with, JSON data. */
  settings(settings: unknown): void | Promise<void>;
  /** Nothing is logged after it. */
  close(): void | Promise<void>;
}

/** A call of a {@link RunLogger} as data. */
export type LogEntry =
  | {
      readonly kind: 'scalars';
      readonly step: number;
      readonly values: Readonly<Record<string, number>>;
    }
  | {
      readonly kind: 'images';
      readonly step: number;
      readonly name: string;
      readonly images: readonly LoggedImage[];
    }
  | { readonly kind: 'text'; readonly step: number; readonly name: string; readonly markdown: string }
  | { readonly kind: 'settings'; readonly settings: unknown };

/** The images of a call as a list. */
export const imageList = (images: LoggedImage | readonly LoggedImage[]): readonly LoggedImage[] =>
  Array.isArray(images) ? (images as readonly LoggedImage[]) : [images as LoggedImage];

/**
 * Makes a logger of a function that takes each call as data.
 *
 * @param take Called with every entry, one after the other.
 * @param close What `close` does.
 * @returns A logger whose calls are carried out in their order, also where nobody waits for them.
 * @example
 * ```ts
 * import { loggerOf, type LogEntry } from 'model-patching/logs';
 * const entries: LogEntry[] = [];
 * const logger = loggerOf((entry) => void entries.push(entry));
 * await logger.scalars(1, { 'train/loss': 0.5 });
 * if (entries[0]?.kind !== 'scalars') throw new Error('one call, one entry');
 * ```
 */
export function loggerOf(
  take: (entry: LogEntry) => void | Promise<void>,
  close: () => void | Promise<void> = () => undefined,
): RunLogger {
  let last: Promise<void> = Promise.resolve();
  const next = (work: () => void | Promise<void>): Promise<void> => {
    const result = last.then(work);
    // A call that fails is its caller's to hear of, and keeps no other one from its turn.
    last = result.catch(() => undefined);
    return result;
  };
  return {
    scalars: (step, values) => next(() => take({ kind: 'scalars', step, values })),
    images: (step, name, images) =>
      next(() => take({ kind: 'images', step, name, images: imageList(images) })),
    text: (step, name, markdown) => next(() => take({ kind: 'text', step, name, markdown })),
    settings: (settings) => next(() => take({ kind: 'settings', settings })),
    close: () => next(close),
  };
}

/** Makes the call that an entry stands for. */
export async function logEntry(logger: RunLogger, entry: LogEntry): Promise<void> {
  switch (entry.kind) {
    case 'scalars':
      return logger.scalars(entry.step, entry.values);
    case 'images':
      return logger.images(entry.step, entry.name, entry.images);
    case 'text':
      return logger.text(entry.step, entry.name, entry.markdown);
    case 'settings':
      return logger.settings(entry.settings);
  }
}

/**
 * Joins loggers to one.
 *
 * @param all Each is told everything, in this order.
 * @returns A logger. Where one of them throws, the others are told all the same, and the first error is thrown.
 * @example
 * ```ts
 * import { loggerOf, loggers } from 'model-patching/logs';
 * const told: string[] = [];
 * const both = loggers(loggerOf(() => void told.push('one')), loggerOf(() => void told.push('other')));
 * await both.text(0, 'note', 'It *begins*.');
 * await both.close();
 * if (told.join() !== 'one,other') throw new Error('both are told');
 * ```
 */
export function loggers(...all: readonly RunLogger[]): RunLogger {
  const each = async (call: (logger: RunLogger) => void | Promise<void>): Promise<void> => {
    const failures: unknown[] = [];
    for (const logger of all) {
      try {
        await call(logger);
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  };
  return loggerOf(
    (entry) => each((logger) => logEntry(logger, entry)),
    () => each((logger) => logger.close()),
  );
}
