/** A command as a program of its own: what commander refuses is one line and exit code 2. */
import type { Command } from 'commander';
import { ProgramError, runProgram } from '../program.ts';

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
    if (process.argv.length <= 2 && !runsAsItIs(command))
      return void process.stdout.write(command.helpInformation());
    try {
      await command.parseAsync();
    } catch (error) {
      if (!(error instanceof Error && 'exitCode' in error && 'code' in error)) throw error;
      if (error.exitCode === 0) return;
      const message = error.message.replace(/^error: /, '').replace(/\s+/g, ' ');
      throw new ProgramError(`${message}; npm run ${command.name()} -- --help lists the options`, 2);
    }
  });
}
