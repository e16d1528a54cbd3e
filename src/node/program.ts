/** How a program ends: expected failures are one clear line and an exit code, never a stack trace. */
import { either as E } from 'fp-ts';
import { formatDataError, type DataError } from '../data/data-error.ts';

/** Exit codes: 0 done, 1 the run failed, 2 bad input, 75 stopped in good order (run the same command again). */
export type ExitCode = 1 | 2 | 75;

/** A failure that its user can understand and mend. */
export class ProgramError extends Error {
  readonly exitCode: ExitCode;
  constructor(message: string, exitCode: ExitCode) {
    super(message);
    this.name = 'ProgramError';
    this.exitCode = exitCode;
  }
}

/**
 * The right of an `Either`; a left ends the program with its one line and exit code 2.
 *
 * @throws ProgramError
 */
export function orExit<A>(decoded: E.Either<DataError, A>): A {
  if (E.isLeft(decoded)) throw new ProgramError(formatDataError(decoded.left), 2);
  return decoded.right;
}

function fileSystemError(error: unknown): string | null {
  return error instanceof Error && 'code' in error && 'syscall' in error && 'path' in error
    ? `${String(error.path)}: expected a file or folder that can be used, found ${String(error.code)} in ${String(error.syscall)}; check the path, its rights and the free space`
    : null;
}

/**
 * Runs a program's main function and sets the process's exit code.
 *
 * @param name Put before every message.
 */
export async function runProgram(name: string, main: () => Promise<void>): Promise<void> {
  try {
    await main();
  } catch (error) {
    const expected = error instanceof ProgramError ? error.message : fileSystemError(error);
    process.stderr.write(
      `${name}: ${expected ?? (error instanceof Error ? (error.stack ?? error.message) : String(error))}\n`,
    );
    process.exitCode = error instanceof ProgramError ? error.exitCode : expected === null ? 1 : 2;
  }
}
