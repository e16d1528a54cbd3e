/**
 * The tfjs backend is chosen here: the fastest that is installed and can train. The choice comes with the reason and
 * the cure for every faster one that was refused. Packages of tfjs are imported when they are tried, never before.
 */
import { startNative, startNativeGpu } from './native.ts';
import { firstLine, makeCurrent, NOT_INSTALLED, OTHER_CURE, Refusal } from './refusal.ts';
import { startWasm } from './wasm.ts';
import { startWebGpu } from './webgpu.ts';
import { commandLine } from '../system/command-line.ts';
import { missingCapabilities } from './preflight.ts';
import { ProgramError } from '../system/program.ts';

/** Backends in the order in which they are tried; `cpu`, pure JavaScript, is for tests and only on request. */
export const BACKENDS = ['tensorflow-gpu', 'webgpu', 'tensorflow', 'wasm', 'cpu'] as const;
/** Name of a backend in {@link BACKENDS}. */
export type BackendName = (typeof BACKENDS)[number];

/** Why a backend is not used, and what would change that. */
export interface RefusedBackend {
  readonly name: BackendName;
  readonly reason: string;
  readonly cure: string;
}

/** The backend that runs. */
export interface SelectedBackend {
  readonly name: BackendName;
  /** What it computes on. */
  readonly device: string;
  /** Faster ones that were tried before it. */
  readonly refused: readonly RefusedBackend[];
}

/** {@link selectBackend} takes these options. */
export interface SelectBackendOptions {
  /** Exactly this one; default the environment variable `MODEL_PATCHING_BACKEND`, else the fastest there is. */
  readonly name?: string;
}

const STARTERS: Readonly<Record<BackendName, (asked: boolean) => Promise<string>>> = {
  'tensorflow-gpu': startNativeGpu,
  webgpu: (asked) => startWebGpu({ software: asked }),
  tensorflow: startNative,
  wasm: startWasm,
  cpu: async () => {
    await makeCurrent('cpu');
    return 'CPU, pure JavaScript';
  },
};

/** Makes a backend the current one, whether or not it can train; returns its device. */
export const startBackend = (name: BackendName, asked: boolean): Promise<string> => STARTERS[name](asked);

async function start(name: BackendName, asked: boolean): Promise<string> {
  const device = await startBackend(name, asked);
  const missing = await missingCapabilities();
  if (missing.length > 0) throw new Refusal(`it cannot train: ${missing.join('; ')}`, OTHER_CURE);
  return device;
}

/** Why a backend that failed with `error` is not used. */
export function refusal(name: BackendName, error: unknown): RefusedBackend {
  return {
    name,
    reason: firstLine(error),
    cure: error instanceof Refusal ? error.cure : OTHER_CURE,
  };
}

/** The first of several backends that starts, and why those before it did not. */
export async function firstThatStarts(
  names: readonly BackendName[],
  startOne: (name: BackendName) => Promise<string>,
): Promise<SelectedBackend> {
  const refused: RefusedBackend[] = [];
  for (const name of names) {
    try {
      return { name, device: await startOne(name), refused };
    } catch (error) {
      refused.push(refusal(name, error));
    }
  }
  const reasons = refused.map(({ name, reason, cure }) => `backend ${name}: ${reason}; ${cure}`);
  throw new ProgramError(reasons.join('\n'), 2);
}

/** The backend that options or environment ask for by name. */
export function askedBackend({
  name = process.env['MODEL_PATCHING_BACKEND'],
}: SelectBackendOptions): BackendName | undefined {
  if (name === undefined || name === '') return undefined;
  const found = BACKENDS.find((backend) => backend === name);
  if (found === undefined)
    throw new ProgramError(
      `backend: expected one of ${BACKENDS.join(', ')}, found '${name}'; choose one of them`,
      2,
    );
  return found;
}

/**
 * Makes the fastest backend that can train the current one: a few operations and their gradients are tried first.
 *
 * @param options Which one, if it shall not be the fastest.
 * @returns Its name, its device, and the faster ones that were refused.
 * @throws ProgramError (exit code 2) if the one asked for is unknown, or cannot be used: with the reason and the cure.
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { selectBackend } from 'model-patching/node';
 * const { name } = await selectBackend({ name: 'wasm' });
 * if (name !== 'wasm' || tf.getBackend() !== 'wasm') throw new Error('wasm is always there');
 * ```
 */
export async function selectBackend(options: SelectBackendOptions = {}): Promise<SelectedBackend> {
  const asked = askedBackend(options);
  const names = asked === undefined ? BACKENDS.filter((backend) => backend !== 'cpu') : [asked];
  return firstThatStarts(names, (name) => start(name, asked !== undefined));
}

/**
 * One line: which backend runs, and what would be faster.
 *
 * @param selected What {@link selectBackend} returned.
 * @returns `backend: name (device); faster once installed: …; refused: name (reason), …; …`, each part only where
 *   there is something to say; the cures are said by the program `doctor`, with whose call the line ends.
 * @example
 * ```ts
 * import { describeBackend } from 'model-patching/node';
 * const refused = [{ name: 'webgpu' as const, reason: 'no adapter', cure: 'install a driver' }];
 * const line = describeBackend({ name: 'wasm', device: 'CPU', refused });
 * if (!line.startsWith('backend: wasm (CPU); refused: webgpu (no adapter)')) throw new Error(line);
 * ```
 */
export function describeBackend({ name, device, refused }: SelectedBackend): string {
  const absent = refused.filter(({ reason }) => reason.endsWith(NOT_INSTALLED)).map((other) => other.name);
  const faulty = refused.filter((other) => !absent.includes(other.name));
  const reasons = faulty.map((other) => `${other.name} (${other.reason})`);
  return [
    `backend: ${name} (${device})`,
    ...(absent.length > 0 ? [`faster once installed: ${absent.join(', ')}`] : []),
    ...(reasons.length > 0 ? [`refused: ${reasons.join(', ')}`] : []),
    ...(refused.length > 0 ? [`${commandLine('doctor')} says what to do`] : []),
  ].join('; ');
}
