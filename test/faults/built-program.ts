/** The package's program, built once for a test: it starts in half the time of its sources. */
import { spawn, type ChildProcess } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { PLAN, type Plan } from './planned-fault.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const source = (file: string): string => join(ROOT, file);

/** How a program ended. */
export interface Ended {
  /** Its exit code; null if a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** What it printed on stderr. */
  readonly said: string;
}

/** How it is started. */
export interface StartOptions {
  /** The folder that it is run in, made if need be; default: the root of the repository. */
  readonly cwd?: string;
  readonly plan?: Plan;
  /** Handed the process as soon as it runs. */
  readonly onStart?: (child: ChildProcess) => void;
  /** Handed what it prints on stderr, piece by piece. */
  readonly onSaid?: (text: string, child: ChildProcess) => void;
  readonly environment?: NodeJS.ProcessEnv;
}

/** The program, to be run any number of times. */
export interface BuiltProgram {
  readonly main: string;
  run(args: readonly string[], options?: StartOptions): Promise<Ended>;
}

/**
 * Builds the program into a folder.
 *
 * @param folder Made, and the caller's to remove.
 */
export async function builtProgram(folder: string): Promise<BuiltProgram> {
  // The program looks for its manifest two folders above itself.
  const out = join(folder, 'program/main');
  mkdirSync(out, { recursive: true });
  copyFileSync(source('package.json'), join(folder, 'package.json'));
  symlinkSync(source('node_modules'), join(folder, 'node_modules'), 'dir');
  await build({
    entryPoints: [
      'src/cli/main.ts',
      'src/experiment/study/beside-program.ts',
      'src/streams/decode-worker.ts',
      'test/faults/planned-fault.ts',
    ].map(source),
    entryNames: '[name]',
    outdir: out,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'silent',
  });
  const main = join(out, 'main.js');
  const run: BuiltProgram['run'] = (args, { cwd = ROOT, plan, onStart, onSaid, environment = {} } = {}) =>
    new Promise((resolve, reject) => {
      mkdirSync(cwd, { recursive: true });
      // A study may extend files below the folder that it is run in.
      for (const folder of cwd === ROOT ? [] : ['examples/configs', 'examples/studies'])
        cpSync(source(folder), join(cwd, folder), { recursive: true });
      const child = spawn(
        process.execPath,
        [...(plan === undefined ? [] : ['--import', join(out, 'planned-fault.js')]), main, ...args],
        {
          cwd,
          env: {
            ...process.env,
            npm_lifecycle_event: undefined,
            ...environment,
            ...(plan && { [PLAN]: JSON.stringify(plan) }),
          },
          stdio: ['ignore', 'ignore', 'pipe'],
        },
      );
      let said = '';
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        said += text;
        onSaid?.(text, child);
      });
      child.on('error', reject);
      child.on('close', (code, signal) => resolve({ code, signal, said }));
      onStart?.(child);
    });
  return { main, run };
}
