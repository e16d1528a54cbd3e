/** The package's programs in this process, with the exit code and the lines that they would end with. */
import type { Command } from 'commander';
import { runProgram } from '../../src/system/program.ts';
import type { Attempt } from './failing-writes.ts';

/**
 * Runs a command.
 *
 * @param command Made anew for each run.
 * @param args Its arguments.
 */
export async function programHere(command: Command, args: readonly string[]): Promise<Attempt> {
  const [out, error] = [process.stdout.write, process.stderr.write];
  const formerCode = process.exitCode;
  let said = '';
  process.exitCode = 0;
  process.stdout.write = () => true;
  process.stderr.write = ((text: string | Uint8Array) => {
    said += String(text);
    return true;
  }) as typeof process.stderr.write;
  try {
    await runProgram('model-patching', async () => {
      await command.exitOverride().parseAsync(args, { from: 'user' });
    });
    return { code: Number(process.exitCode), said };
  } finally {
    process.stdout.write = out;
    process.stderr.write = error;
    process.exitCode = formerCode;
  }
}
