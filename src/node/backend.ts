/**
 * Choice of the tfjs backend: the fastest that is installed and can train, with the reason and the cure for every
 * faster one that was refused. tfjs packages are imported when they are tried, never before.
 */
import util from 'node:util';
import * as tf from '@tensorflow/tfjs';
import { registerTrainingKernels } from '../wasm/index.ts';
import { missingCapabilities } from './preflight.ts';
import { ProgramError } from './program.ts';

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

/** Options of {@link selectBackend}. */
export interface SelectBackendOptions {
  /** Exactly this one; default the environment variable `MODEL_PATCHING_BACKEND`, else the fastest there is. */
  readonly name?: string;
}

const OTHER_CURE = 'use another backend';
const NATIVE_CURE = 'install the native backend, see docs/backends.md';

const NOT_INSTALLED = 'is not installed';

class Refusal extends Error {
  readonly cure: string;
  constructor(reason: string, cure: string) {
    super(reason);
    this.cure = cure;
  }
}

async function importInstalled(name: string, cure: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return (await import(name)) as Record<string, unknown>;
  } catch (error) {
    const absent =
      error instanceof Error &&
      'code' in error &&
      error.code === 'ERR_MODULE_NOT_FOUND' &&
      error.message.includes(`'${name}'`);
    throw new Refusal(
      absent ? `${name} ${NOT_INSTALLED}` : `${name} does not load: ${firstLine(error)}`,
      cure,
    );
  }
}

const firstLine = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split('\n')[0]!;

/** tfjs answers a backend that fails to start with `false` and goes on with the one before. */
async function makeCurrent(name: string): Promise<void> {
  if (!(await tf.setBackend(name))) throw new Refusal('it does not start', OTHER_CURE);
  await tf.ready();
}

/** tfjs-node 4.22 calls a function that Node removed in version 23. */
function restoreIsNullOrUndefined(): void {
  if (!('isNullOrUndefined' in util))
    Object.assign(util, { isNullOrUndefined: (value: unknown) => value === null || value === undefined });
}

async function startNative(packageName: string): Promise<void> {
  restoreIsNullOrUndefined();
  await importInstalled(packageName, NATIVE_CURE);
  await makeCurrent('tensorflow');
}

interface NativeBinding {
  readonly isUsingGpuDevice?: boolean;
}

async function startNativeGpu(): Promise<string> {
  await startNative('@tensorflow/tfjs-node-gpu');
  if ((tf.backend() as NativeBinding).isUsingGpuDevice !== true) {
    throw new Refusal(
      '@tensorflow/tfjs-node-gpu finds no GPU',
      'install the CUDA libraries that its TensorFlow wants, see docs/backends.md',
    );
  }
  return 'NVIDIA GPU';
}

/** tfjs's WebAssembly module listens for every unhandled error, to print its own source in front of it; not here. */
async function startWasm(): Promise<string> {
  const events = ['uncaughtException', 'unhandledRejection'];
  const before = new Set<unknown>(events.flatMap((event) => process.listeners(event as 'exit')));
  await makeCurrent('wasm');
  for (const event of events) {
    for (const listener of process.listeners(event as 'exit'))
      if (!before.has(listener)) process.off(event, listener);
  }
  registerTrainingKernels();
  return 'CPU, WebAssembly';
}

interface GpuAdapter {
  readonly info?: { readonly description?: string; readonly vendor?: string; readonly architecture?: string };
  readonly isFallbackAdapter?: boolean;
}

const WEBGPU_CURE =
  'npm install webgpu @tensorflow/tfjs-backend-webgpu@4.22.0, on a machine with a GPU and its Vulkan driver';

async function hardwareAdapter(gpu: { requestAdapter(): Promise<GpuAdapter | null> }): Promise<GpuAdapter> {
  const adapter = await gpu.requestAdapter();
  if (adapter === null) throw new Refusal('no graphics adapter is found', WEBGPU_CURE);
  const described = adapter.info?.description ?? '';
  if (adapter.isFallbackAdapter === true || /swiftshader|llvmpipe/i.test(described))
    throw new Refusal(`only a software adapter is found (${described})`, WEBGPU_CURE);
  return adapter;
}

async function startWebGpu(): Promise<string> {
  const dawn = await importInstalled('webgpu', WEBGPU_CURE);
  if (typeof dawn['create'] !== 'function') throw new Refusal('webgpu has no function create', WEBGPU_CURE);
  const gpu = (dawn['create'] as (flags: string[]) => Parameters<typeof hardwareAdapter>[0])([]);
  const adapter = await hardwareAdapter(gpu);
  Object.assign(globalThis, dawn['globals']);
  const before = Object.getOwnPropertyDescriptor(globalThis, 'navigator');
  Object.defineProperty(globalThis, 'navigator', { value: { gpu }, configurable: true });
  try {
    await importInstalled('@tensorflow/tfjs-backend-webgpu', WEBGPU_CURE);
    await makeCurrent('webgpu');
  } catch (error) {
    // While anything refers to its GPU the process would not end.
    Reflect.deleteProperty(globalThis, 'navigator');
    if (before !== undefined) Object.defineProperty(globalThis, 'navigator', before);
    throw error;
  }
  return adapter.info?.description || 'GPU';
}

const STARTERS: Readonly<Record<BackendName, () => Promise<string>>> = {
  'tensorflow-gpu': startNativeGpu,
  webgpu: startWebGpu,
  tensorflow: async () => {
    await startNative('@tensorflow/tfjs-node');
    return 'CPU, native';
  },
  wasm: startWasm,
  cpu: async () => {
    await makeCurrent('cpu');
    return 'CPU, pure JavaScript';
  },
};

async function start(name: BackendName): Promise<string> {
  const device = await STARTERS[name]();
  const missing = await missingCapabilities();
  if (missing.length > 0) throw new Refusal(`it cannot train: ${missing.join('; ')}`, OTHER_CURE);
  return device;
}

function refusal(name: BackendName, error: unknown): RefusedBackend {
  return {
    name,
    reason: firstLine(error),
    cure: error instanceof Refusal ? error.cure : OTHER_CURE,
  };
}

function askedFor({
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
  const asked = askedFor(options);
  const refused: RefusedBackend[] = [];
  for (const name of asked === undefined ? BACKENDS.filter((backend) => backend !== 'cpu') : [asked]) {
    try {
      return { name, device: await start(name), refused };
    } catch (error) {
      refused.push(refusal(name, error));
    }
  }
  const reasons = refused.map(({ name, reason, cure }) => `backend ${name}: ${reason}; ${cure}`);
  throw new ProgramError(reasons.join('\n'), 2);
}

/**
 * One line: which backend runs, and what would be faster.
 *
 * @param selected What {@link selectBackend} returned.
 * @returns `backend: name (device); faster once installed: …; refused: name (reason: cure), …`, each part only where
 *   there is something to say.
 */
export function describeBackend({ name, device, refused }: SelectedBackend): string {
  const absent = refused.filter(({ reason }) => reason.endsWith(NOT_INSTALLED)).map((other) => other.name);
  const faulty = refused.filter((other) => !absent.includes(other.name));
  const reasons = faulty.map((other) => `${other.name} (${other.reason}: ${other.cure})`);
  return [
    `backend: ${name} (${device})`,
    ...(absent.length > 0 ? [`faster once installed: ${absent.join(', ')}, see docs/backends.md`] : []),
    ...(reasons.length > 0 ? [`refused: ${reasons.join(', ')}`] : []),
  ].join('; ');
}
