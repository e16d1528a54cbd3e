/**
 * What is wrong with data that somebody else wrote, as a value: decoders return it on the left of an `Either`, so
 * that a bad file is one clear line for whoever owns it and never a stack trace.
 */
import { either as E } from 'fp-ts';

/** A fault in untrusted data. Each field is a phrase without a final stop. */
export interface DataError {
  /** File, record or field, with the byte position where there is one. */
  readonly where: string;
  /** What should be there. */
  readonly expected: string;
  /** What is there. */
  readonly found: string;
  /** What the reader can do about it. */
  readonly cure: string;
}

/** Longest part of a fault, in characters: it may quote a file, and is read by a person. */
const LONGEST_PART = 2000;

const shortened = (part: string): string =>
  part.length > LONGEST_PART ? `${part.slice(0, LONGEST_PART)}…` : part;

/** The same fault, each part cut where it goes on and on, as a quoted cell of a table may. */
export const shortFault = ({ where, expected, found, cure }: DataError): DataError => ({
  where: shortened(where),
  expected: shortened(expected),
  found: shortened(found),
  cure: shortened(cure),
});

/**
 * What a decoder returns of data with a fault.
 *
 * @param where The file, record or field.
 * @param expected What should be there.
 * @param found What is there.
 * @param cure What the reader can do about it.
 * @returns The left of an `Either`.
 */
export const refuse = (
  where: string,
  expected: string,
  found: string,
  cure: string,
): E.Either<DataError, never> => E.left(shortFault({ where, expected, found, cure }));

/**
 * A data error as one line: `where: expected …, found …; cure`.
 *
 * @param error The error.
 * @returns One line without a final stop.
 * @example
 * ```ts
 * import { formatDataError } from 'model-patching/data';
 * const line = formatDataError({
 *   where: 'labels, byte 4',
 *   expected: '10 labels',
 *   found: '9',
 *   cure: 'fetch the file again',
 * });
 * if (line !== 'labels, byte 4: expected 10 labels, found 9; fetch the file again') throw new Error(line);
 * ```
 */
export function formatDataError(error: DataError): string {
  const { where, expected, found, cure } = shortFault(error);
  return `${where}: expected ${expected}, found ${found}; ${cure}`;
}
