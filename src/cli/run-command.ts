/** A command as a program of its own: what commander refuses is one line and exit code 2. */
import { Command, Option } from 'commander';
import { optionsHint } from '../system/command-line.ts';
import { ProgramError, runProgram } from '../system/program.ts';

/** What commander says of an option that it does not know, with the one that was meant, if there is one. */
function unknownOption(option: string, { options }: Command): Error | null {
  const asked = new Command()
    .configureOutput({ writeErr: () => undefined })
    .exitOverride()
    .action(() => undefined);
  for (const { flags } of options) asked.addOption(new Option(flags));
  try {
    asked.parse([option], { from: 'user' });
    return null;
  } catch (error) {
    return error as Error;
  }
}

/** Commander misses what is required before it looks at what it does not know, which may be that, mistyped. */
function missedOrMistyped(error: Error & { readonly code: unknown }, command: Command): Error {
  if (error.code !== 'commander.missingMandatoryOptionValue') return error;
  const unknown = command.args.find((word) => word.startsWith('-'));
  return (unknown !== undefined && unknownOption(unknown.replace(/=.*$/s, ''), command)) || error;
}

/**
 * What commander refuses, as bad input; any other error as it is.
 *
 * @param error That was thrown while a command was parsed or ran.
 * @param help Where its options are listed.
 * @param command That was parsed; null if none was found.
 * @returns Null if only help or a version was asked for.
 */
export function refusalOf(error: unknown, help: string, command: Command | null): unknown {
  if (!(error instanceof Error && 'exitCode' in error && 'code' in error)) return error;
  if (error.code === 'commander.help') command?.outputHelp();
  if (error.exitCode === 0 || error.code === 'commander.help') return null;
  const { message: refused } = command === null ? error : missedOrMistyped(error, command);
  const message = refused
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
      const refusal = refusalOf(error, optionsHint(command.name()), command);
      if (refusal !== null) throw refusal;
    }
  });
}
