/** What commander refuses becomes one line and exit code 2. */
import { Command, Option } from 'commander';
import { ProgramError } from '../system/program.ts';

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
