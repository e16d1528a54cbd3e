/** Failures of the installer: one line that says where, what was expected, what was found, and the cure. */
import { formatDataError } from '../../data/data-error.ts';
import { ProgramError } from '../../system/program.ts';

/** A failure that ends the program with exit code 2. */
export const failure = (where: string, expected: string, found: string, cure: string): ProgramError =>
  new ProgramError(formatDataError({ where, expected, found, cure }), 2);

/** What is thrown when the user has stopped the installer. */
export class Interrupted extends Error {}

/** Bytes in words, e.g. `207 MB`. */
export const megabytes = (bytes: number): string => `${Math.ceil(bytes / 1e6)} MB`;
