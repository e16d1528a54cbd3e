/** Each backend is tried in a process of its own, so that one that crashes or hangs is a line of the table. */
import { fork } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { BackendName } from '../../backends/backend.ts';
import { FindingCodec, type Finding } from './finding.ts';
import { installedVersion } from './versions.ts';

/** How one backend is tried. */
export interface ExaminationOptions {
  /** Whether it counts as asked for by name: a software adapter will then do. */
  readonly asked: boolean;
  /** Seconds until it counts as hanging. */
  readonly seconds: number;
  /** The module that the process runs; replaced in tests. */
  readonly probe?: string;
}

const PROBE = fileURLToPath(
  new URL(`probe.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url),
);

/** What Node needs to run the package's own sources, in the repository. */
const sourceFlags = (): string[] => [
  '--conditions=source',
  '--import',
  pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href,
];

const failed = (name: BackendName, reason: string, cure: string): Finding => ({
  name,
  version: installedVersion(name),
  device: null,
  refused: { reason, cure },
  gigaflops: null,
});

/** The last line that says something, as far as it is of use. */
function lastWords(printed: string): string {
  const lines = printed.split('\n').filter((line) => line.trim() !== '' && !/^\s+at /.test(line));
  const words = lines.find((line) => /^\w*Error\b/.test(line)) ?? lines.at(-1);
  return words === undefined ? '' : `: ${words.trim().slice(0, 200)}`;
}

/** Tries one backend; never fails. */
export function examine(name: BackendName, options: ExaminationOptions): Promise<Finding> {
  const { asked, seconds, probe = PROBE } = options;
  const child = fork(probe, [name, asked ? 'asked' : 'by-itself'], {
    execArgv: probe.endsWith('.ts') ? sourceFlags() : [],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let printed = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (printed = (printed + text).slice(-4000)));
  return new Promise((resolve) => {
    const end = (finding: Finding): void => {
      clearTimeout(limit);
      child.kill('SIGKILL');
      resolve(finding);
    };
    const fail = (reason: string, cure = 'use another backend, or install its packages anew'): void =>
      end(failed(name, reason, cure));
    const limit = setTimeout(
      () =>
        fail(`does not answer within ${seconds} s`, 'use another backend, or give it longer by --timeout'),
      seconds * 1000,
    );
    child.on('message', (message) => {
      if (FindingCodec.is(message)) end({ name, ...message });
      else fail('answers something else than a finding');
    });
    child.on('error', (error) => fail(`cannot be tried: ${error.message}`));
    child.on('close', (code, signal) =>
      fail(`crashes (${signal ?? `exit code ${code}`})${lastWords(printed)}`),
    );
  });
}
