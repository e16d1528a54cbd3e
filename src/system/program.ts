/** How a program ends: expected failures are one clear line and an exit code, never a stack trace. */
import { either as E } from 'fp-ts';
import { formatDataError, type DataError } from '../data/data-error.ts';
import { errorLine } from './standard-error.ts';

/** Exit codes: 0 done, 1 the run failed, 2 bad input, 75 stopped in good order (run the same command again). */
export type ExitCode = 1 | 2 | 75;

/**
 * A failure that its user can understand and mend.
 *
 * @example
 * ```ts
 * import { ProgramError } from 'model-patching/node';
 * const failure = new ProgramError('--seed: expected an integer, found x; give a whole number', 2);
 * if (failure.exitCode !== 2 || !failure.message.startsWith('--seed')) throw new Error('bad input expected');
 * ```
 */
export class ProgramError extends Error {
  /** What the process ends with. */
  readonly exitCode: ExitCode;

  /** @param message One line: where, what was expected, what was found, and the cure. */
  constructor(message: string, exitCode: ExitCode) {
    super(message);
    this.name = 'ProgramError';
    this.exitCode = exitCode;
  }
}

/**
 * The right of an `Either`; a left ends the program with its one line and exit code 2.
 *
 * @param decoded What a decoder returned.
 * @throws ProgramError
 * @example
 * ```ts
 * import { decodeIdx } from 'model-patching/data';
 * import { orExit, ProgramError } from 'model-patching/node';
 * let exitCode = 0;
 * try {
 *   orExit(decodeIdx(new Uint8Array(3), 'labels'));
 * } catch (error) {
 *   if (error instanceof ProgramError) exitCode = error.exitCode;
 * }
 * if (exitCode !== 2) throw new Error('bad input expected');
 * ```
 */
export function orExit<A>(decoded: E.Either<DataError, A>): A {
  if (E.isLeft(decoded)) throw new ProgramError(formatDataError(decoded.left), 2);
  return decoded.right;
}

/** Node words its file system errors `ENOENT: no such file or directory, open '/a/b'`. */
function fileSystemError(error: unknown): string | null {
  if (!(error instanceof Error && 'errno' in error)) return null;
  const worded = /^(E[A-Z0-9]+): ([^,]+), (\w+)/.exec(error.message);
  if (worded === null) return null;
  const path = 'path' in error ? String(error.path) : 'a file';
  return `${path}: expected a file or folder that can be used, found ${worded[2]} (${worded[1]}, ${worded[3]}); check the path, its rights and the free space`;
}

/** A failure that its user can mend, in a line; null of any other, which is a mistake in the program. */
export const expectedFailure = (error: unknown): string | null =>
  error instanceof ProgramError ? error.message : fileSystemError(error);

/** A reader that left, as `head` does, ends neither a training nor its exit code; anything else that fails does. */
function ignoreGoneReader(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}

/**
 * Runs a program's main function and sets the process's exit code. It is that of a {@link ProgramError}, 2 for an
 * error of the file system, and 1 for any other. The stack of another error is printed, since it is a mistake in the
 * program. It goes on when nobody reads its output any more.
 *
 * @param name Put before every message, on stderr.
 * @param main The program.
 * @example
 * ```ts
 * import { runProgram } from 'model-patching/node';
 * let done = false;
 * await runProgram('count', async () => {
 *   done = true;
 * });
 * if (!done || process.exitCode) throw new Error('an exit code of 0 expected');
 * ```
 */
export async function runProgram(name: string, main: () => Promise<void>): Promise<void> {
  for (const output of [process.stdout, process.stderr])
    if (!output.listeners('error').includes(ignoreGoneReader)) output.on('error', ignoreGoneReader);
  try {
    await main();
  } catch (error) {
    const expected = expectedFailure(error);
    const unexpected = error instanceof Error ? (error.stack ?? error.message) : String(error);
    const exitCode = error instanceof ProgramError ? error.exitCode : expected === null ? 1 : 2;
    errorLine(expected ?? unexpected, { program: name, exitCode });
    process.exitCode = exitCode;
  }
}
