/**
 * The same computation on wasm and on a GPU's backend: WebGPU, or what MODEL_PATCHING_TEST_BACKEND names, which is
 * tensorflow-gpu. On a machine without a GPU a software adapter computes for WebGPU: SwiftShader, as Debian's package
 * chromium brings it.
 */
import { existsSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, expect } from 'vitest';
import { selectBackend } from '../../src/backends/backend.ts';
import { disposeTensors, flattenTensors, type TensorTree } from '../../src/tensor-tree.ts';
import { useBackend } from '../support/backend.ts';
import { gpuBackend } from '../support/native.ts';
import { tidied } from './differentiated.ts';

const CHROMIUM = '/usr/lib/chromium';
const SWIFTSHADER = `${CHROMIUM}/vk_swiftshader_icd.json`;

/** Lets this process find SwiftShader and a Vulkan loader: an opened library is found by its name ever after. */
function useSwiftShader(): void {
  const untilTheEnd = 0x1002;
  process.env['VK_ICD_FILENAMES'] = SWIFTSHADER;
  try {
    process.dlopen({ exports: {} }, `${CHROMIUM}/libvulkan.so.1`, untilTheEnd);
  } catch {
    // It is no Node addon, which is said after it has been opened.
  }
}

const start = (): Promise<string | undefined> =>
  selectBackend({ name: gpuBackend }).then(
    () => undefined,
    (error: Error) => error.message,
  );

const withoutSwiftShader = await start();
const software = gpuBackend === 'webgpu' && withoutSwiftShader !== undefined && existsSync(SWIFTSHADER);
if (software) useSwiftShader();

/** What a child process needs besides this one's environment to find the same adapter. */
export const childEnvironment: Readonly<Record<string, string>> = software
  ? { VK_ICD_FILENAMES: SWIFTSHADER, LD_LIBRARY_PATH: CHROMIUM }
  : {};

/** Why the backend is not tested here, which is printed. */
export const unavailable = software ? await start() : withoutSwiftShader;
if (unavailable !== undefined) console.warn(`${gpuBackend} is not tested: ${unavailable}`);

/** What tfjs calls the backend. */
export const onGpu = gpuBackend === 'webgpu' ? 'webgpu' : 'tensorflow';

/** Within a `describe`: tfjs by itself computes small tensors on the CPU while its GPU backend is the current one; not here. */
export function computeOnTheGpu(): void {
  const forward = (on: boolean): void => {
    if (onGpu === 'webgpu') tf.env().set('WEBGPU_CPU_FORWARD', on);
  };
  beforeAll(async () => {
    await useBackend('wasm');
    forward(false);
  });
  afterAll(() => forward(true));
}

type Values = ReadonlyMap<string, Float32Array>;

/** What `compute` returns on one backend; nothing is left behind but what it `leaves`. */
async function valuesOn(
  name: 'wasm' | typeof onGpu,
  compute: () => TensorTree,
  leaves: number,
): Promise<Values> {
  await tf.setBackend(name);
  const before = tf.memory().numTensors;
  const tree = tidied(compute);
  const values = new Map<string, Float32Array>();
  for (const [path, tensor] of flattenTensors(tree)) values.set(path, Float32Array.from(await tensor.data()));
  disposeTensors(tree);
  expect(tf.memory().numTensors - before, `tensors left behind on ${name}`).toBe(leaves);
  return values;
}

/** The largest difference of each tensor, over the largest number of the first (at least `floor`). */
export function differences(expected: Values, actual: Values, floor = 1): readonly [string, number][] {
  expect([...actual.keys()]).toEqual([...expected.keys()]);
  return Array.from(expected, ([path, values]) => {
    const found = actual.get(path)!;
    expect(found.length, path).toBe(values.length);
    const scale = values.reduce((largest, value) => Math.max(largest, Math.abs(value)), floor);
    const distance = (value: number, i: number): number => {
      const difference = Math.abs(value - found[i]!);
      return Number.isNaN(difference) ? Infinity : difference;
    };
    const worst = values.reduce((largest, value, i) => Math.max(largest, distance(value, i)), 0);
    return [path, worst / scale];
  });
}

/**
 * Computes on wasm and on the GPU and expects the same numbers, some of which are not 0.
 *
 * @param options `tolerance` of {@link differences}, and how many tensors a computation `leaves`: weights of networks.
 */
export async function expectSameOnBoth(
  compute: () => TensorTree,
  { tolerance = 2e-5, leaves = 0 }: { readonly tolerance?: number; readonly leaves?: number } = {},
): Promise<void> {
  const expected = await valuesOn('wasm', compute, leaves);
  const actual = await valuesOn(onGpu, compute, leaves);
  const moving = [...expected.values()].some((values) => values.some((value) => value !== 0));
  expect(moving, 'all numbers are 0').toBe(true);
  expect(differences(expected, actual).filter(([, difference]) => difference > tolerance)).toEqual([]);
}
