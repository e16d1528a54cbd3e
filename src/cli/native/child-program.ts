/** Other programs: run to their end, with what they wrote, and ended when the user stops the installer. */
import { spawn } from 'node:child_process';
import { hasCode } from '../../system/text-file.ts';
import { Interrupted } from './failure.ts';

/** How a program ended. */
export interface Ended {
  /** Its exit code, null if a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Where and how a program runs. */
export interface CommandOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  readonly cwd?: string;
  /** True to let its output through to stderr, for its own progress bar; `stdout` is then empty. */
  readonly show?: boolean;
}

/**
 * Runs a program.
 *
 * @param program Its name, looked up on the path of `options.env`, or its file.
 * @returns How it ended; null if there is no such program.
 * @throws Interrupted, once the program has ended, if the signal came.
 */
export async function runChild(
  program: string,
  programArguments: readonly string[],
  { env, signal, cwd, show = false }: CommandOptions,
): Promise<Ended | null> {
  if (signal.aborted) throw new Interrupted();
  return new Promise((resolve, reject) => {
    const child = spawn(program, programArguments, {
      env,
      signal,
      ...(cwd === undefined ? {} : { cwd }),
      stdio: ['ignore', show ? process.stderr : 'pipe', 'pipe'],
    });
    let [stdout, stderr, missing] = ['', '', false];
    child.stdout?.on('data', (text: Buffer) => (stdout += String(text)));
    child.stderr?.on('data', (text: Buffer) => (stderr += String(text)));
    child.on('error', (error) => {
      if (hasCode(error, 'ENOENT') || hasCode(error, 'EACCES') || hasCode(error, 'ENOTDIR')) {
        missing = true;
      } else if (!signal.aborted) reject(error);
    });
    child.on('close', (code) => {
      if (signal.aborted) reject(new Interrupted());
      else resolve(missing ? null : { code, stdout, stderr });
    });
  });
}

/** The line that most likely says what went wrong: the first that names an error, else the last. */
export function telling(output: string): string {
  const lines = output.split('\n').filter((line) => line.trim() !== '');
  const line = lines.find((one) => /\berror\b/i.test(one)) ?? lines.at(-1) ?? 'no message';
  return line.trim().slice(0, 300);
}
