/** The command line of the bench. */
import { Command } from 'commander';
import { ProgramError } from '../../src/system/program.ts';

/** What to measure and where to put it. */
export interface BenchOptions {
  readonly backend?: string;
  /** Names of rows; all unless given. */
  readonly only?: readonly string[];
  readonly json?: string;
  readonly warmUp: number;
  readonly repeats: number;
  /** Whether to run the same steps in Python. */
  readonly peers: boolean;
  readonly python: string;
}

const HELP = 'npm run bench -- --help lists the options';

/**
 * Reads the command line.
 *
 * @param args Without program and script.
 * @param names Of all rows.
 * @returns The options, or null if help was asked for and printed.
 * @throws ProgramError (exit code 2) with one line that says what is wrong.
 */
export function benchOptions(args: readonly string[], names: readonly string[]): BenchOptions | null {
  const program = new Command('bench')
    .description(
      'Times training steps beside the same computation in plain tfjs and, with --peers, in Python.',
    )
    .option(
      '--backend <name>',
      'tensorflow-gpu, webgpu, tensorflow, wasm or cpu (default: the fastest installed)',
    )
    .option('--only <list>', `rows, separated by commas: ${names.join(', ')} (default: all)`)
    .option('--json <file>', 'also write the results there')
    .option('--quick', 'two repeats after one round of warm-up')
    .option('--repeats <n>', 'number of timed rounds', '15')
    .option('--peers', 'also the same steps in TensorFlow and PyTorch, where Python has them')
    .option(
      '--python <path>',
      'the Python to ask for them (default: the environment variable MODEL_PATCHING_PYTHON, else python3)',
    )
    .allowExcessArguments()
    .configureOutput({ writeErr: () => undefined })
    .exitOverride();
  try {
    program.parse([...args], { from: 'user' });
  } catch (error) {
    if (error instanceof Error && 'exitCode' in error && error.exitCode === 0) return null;
    const message =
      error instanceof Error ? error.message.replace(/^error: /, '').replace(/\s+/g, ' ') : error;
    throw new ProgramError(`${String(message)}; ${HELP}`, 2);
  }
  if (program.args.length > 0)
    throw new ProgramError(`expected options only, found '${program.args[0]}'; ${HELP}`, 2);
  const { backend, only, json, quick, repeats, peers, python } = program.opts<{
    backend?: string;
    only?: string;
    json?: string;
    quick?: true;
    repeats: string;
    peers?: true;
    python?: string;
  }>();
  const chosen = only?.split(',').map((name) => name.trim());
  const unknown = chosen?.find((name) => !names.includes(name));
  if (unknown !== undefined)
    throw new ProgramError(`--only: expected some of ${names.join(', ')}, found '${unknown}'; ${HELP}`, 2);
  if (!/^[1-9]\d{0,3}$/.test(repeats))
    throw new ProgramError(`--repeats: expected an integer from 1 to 9999, found '${repeats}'; ${HELP}`, 2);
  if (json === '') throw new ProgramError(`--json: expected a file, found ''; ${HELP}`, 2);
  return {
    ...(backend !== undefined && { backend }),
    ...(chosen !== undefined && { only: chosen }),
    ...(json !== undefined && { json }),
    warmUp: quick === true ? 1 : 2,
    repeats: quick === true ? 2 : Number(repeats),
    peers: peers === true,
    python: python ?? process.env['MODEL_PATCHING_PYTHON'] ?? 'python3',
  };
}
