/** A command as a program of its own: what commander refuses is one line and exit code 2. */
import type { Command } from 'commander';
import { optionsHint } from '../command-line.ts';
import { ProgramError, runProgram } from '../program.ts';

/**
 * What commander refuses, as bad input; any other error as it is.
 *
 * @param error That was thrown while a command was parsed or ran.
 * @param help Where its options are listed.
 * @returns Null if only help or a version was asked for.
 */
export function refusalOf(error: unknown, help: string): unknown {
  if (!(error instanceof Error && 'exitCode' in error && 'code' in error)) return error;
  if (error.exitCode === 0) return null;
  const message = error.message
    .replace(/^error: /, '')
    .replace(/\s+/g, ' ')
    .replace(/\.$/, '');
  return new ProgramError(`${message}; ${help}`, 2);
}

/** Whether a command needs nothing to be said. */
const runsAsItIs = ({ commands, options, registeredArguments }: Command): boolean =>
  commands.length === 0 &&
  !options.some(({ mandatory }) => mandatory) &&
  !registeredArguments.some(({ required }) => required);

/**
 * Runs a command on the process’s arguments and sets its exit code.
 *
 * @param command With its actions; its name goes before every message.
 */
export function runCommand(command: Command): Promise<void> {
  return runProgram(command.name(), async () => {
    if (process.argv.length <= 2 && !runsAsItIs(command)) return command.outputHelp();
    try {
      await command.parseAsync();
    } catch (error) {
      const refusal = refusalOf(error, optionsHint(command.name()));
      if (refusal !== null) throw refusal;
    }
  });
}
