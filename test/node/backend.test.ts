import * as tf from '@tensorflow/tfjs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { describeBackend, selectBackend } from '../../src/node/backend.ts';
import { environmentFacts } from '../../src/node/environment.ts';
import { missingCapabilities } from '../../src/node/preflight.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

/** Runs `body` while the cpu backend's kernel is another one, or none. */
async function withKernel(
  kernelName: string,
  kernelFunc: tf.KernelFunc | null,
  body: () => Promise<void>,
): Promise<void> {
  const stock = tf.getKernel(kernelName, 'cpu');
  tf.unregisterKernel(kernelName, 'cpu');
  if (kernelFunc !== null) tf.registerKernel({ ...stock, kernelFunc });
  try {
    await body();
  } finally {
    if (kernelFunc !== null) tf.unregisterKernel(kernelName, 'cpu');
    tf.registerKernel(stock);
  }
}

const message = (options?: { name: string }): Promise<string> =>
  selectBackend(options).then(
    () => 'no error',
    (error: Error & { exitCode?: number }) => `${error.exitCode} ${error.message}`,
  );

describe('the choice of a backend', () => {
  it('takes the one asked for', async () => {
    expect(await selectBackend({ name: 'cpu' })).toEqual({
      name: 'cpu',
      device: 'CPU, pure JavaScript',
      refused: [],
    });
    expect(tf.getBackend()).toBe('cpu');
    expect(await selectBackend({ name: 'wasm' })).toEqual({
      name: 'wasm',
      device: 'CPU, WebAssembly',
      refused: [],
    });
    expect(tf.getBackend()).toBe('wasm');
  });

  it('refuses a name that is none', async () => {
    const choices = 'tensorflow-gpu, webgpu, tensorflow, wasm, cpu';
    expect(await message({ name: 'toString' })).toBe(
      `2 backend: expected one of ${choices}, found 'toString'; choose one of them`,
    );
    vi.stubEnv('MODEL_PATCHING_BACKEND', 'gpu');
    expect(await message()).toBe(`2 backend: expected one of ${choices}, found 'gpu'; choose one of them`);
  });

  it('reads MODEL_PATCHING_BACKEND, which a name outranks', async () => {
    vi.stubEnv('MODEL_PATCHING_BACKEND', 'cpu');
    expect((await selectBackend()).name).toBe('cpu');
    expect((await selectBackend({ name: 'wasm' })).name).toBe('wasm');
  });

  it('says why an asked one that is not installed is refused, and the cure', async () => {
    expect(await message({ name: 'tensorflow' })).toBe(
      '2 backend tensorflow: @tensorflow/tfjs-node is not installed; install the native backend, see docs/backends.md',
    );
    expect(await message({ name: 'webgpu' })).toBe(
      '2 backend webgpu: webgpu is not installed; npm install webgpu @tensorflow/tfjs-backend-webgpu@4.22.0, on a machine with a GPU and its Vulkan driver',
    );
  });

  it('goes down to wasm by itself, and says in one line what would be faster', async () => {
    vi.stubEnv('MODEL_PATCHING_BACKEND', '');
    const selected = await selectBackend();
    expect(selected.name).toBe('wasm');
    expect(selected.refused.map(({ name, reason }) => [name, reason])).toEqual([
      ['tensorflow-gpu', '@tensorflow/tfjs-node-gpu is not installed'],
      ['webgpu', 'webgpu is not installed'],
      ['tensorflow', '@tensorflow/tfjs-node is not installed'],
    ]);
    expect(describeBackend(selected)).toBe(
      'backend: wasm (CPU, WebAssembly); faster once installed: tensorflow-gpu, webgpu, tensorflow, see docs/backends.md',
    );
    const faulty = {
      name: 'webgpu',
      reason: 'no graphics adapter is found',
      cure: 'use another one',
    } as const;
    expect(describeBackend({ ...selected, refused: [faulty] })).toBe(
      'backend: wasm (CPU, WebAssembly); refused: webgpu (no graphics adapter is found: use another one)',
    );
    expect(describeBackend({ ...selected, refused: [] })).toBe('backend: wasm (CPU, WebAssembly)');
  });

  it('leaves no listener for unhandled errors behind', async () => {
    const count = (): number[] => [
      process.listenerCount('uncaughtException'),
      process.listenerCount('unhandledRejection'),
    ];
    const before = count();
    await selectBackend({ name: 'wasm' });
    expect(count()).toEqual(before);
  });

  it('refuses one that cannot train', async () => {
    await withKernel('Conv2DBackpropFilter', null, async () => {
      expect(await message({ name: 'cpu' })).toMatch(
        /^2 backend cpu: it cannot train: gradient of a convolution with respect to its filter: [^\n;]*Conv2DBackpropFilter[^\n;]*; use another backend$/,
      );
    });
  });
});

describe('the preflight', () => {
  it.each(['cpu', 'wasm'])('passes on %s and leaves no tensor', async (name) => {
    await selectBackend({ name });
    const before = tf.memory().numTensors;
    expect(await missingCapabilities()).toEqual([]);
    expect(tf.memory().numTensors).toBe(before);
  });

  it.each([
    ['Conv2DBackpropFilter', ['gradient of a convolution with respect to its filter']],
    [
      'Conv2DBackpropInput',
      ['gradient of a convolution with respect to its input', 'transposed convolution'],
    ],
    ['MaxPoolGrad', ['gradient of max pooling']],
    ['UnsortedSegmentSum', ['gradient of gather']],
    ['Exp', ['gradient of softmax']],
    ['Reverse', ['slices, reversal and concatenation']],
  ])('names what is lost with %s', async (kernel, capabilities) => {
    await selectBackend({ name: 'cpu' });
    await withKernel(kernel, null, async () => {
      const missing = await missingCapabilities();
      expect(missing.map((text) => text.split(':')[0])).toEqual(capabilities);
      expect(missing[0]).toContain(kernel);
    });
    expect(await missingCapabilities()).toEqual([]);
  });

  it('notices a kernel that computes something else', async () => {
    await selectBackend({ name: 'cpu' });
    const reverse: tf.KernelFunc = ({ inputs, backend }) =>
      tf.getKernel('Identity', 'cpu').kernelFunc({ inputs, backend, attrs: {} });
    await withKernel('Reverse', reverse, async () => {
      expect(await missingCapabilities()).toEqual([
        'slices, reversal and concatenation: expected 1 at 0, found 0',
      ]);
    });
  });
});

describe('the environment', () => {
  it('is told by versions and machine', async () => {
    const facts = await environmentFacts();
    expect(facts).toMatchObject({ tfjs: tf.version_core, node: process.versions.node });
    expect(facts['model-patching']).toMatch(/^\d+\.\d+\.\d+/);
    expect(facts['cores']).toBeGreaterThan(0);
    expect(Object.values(facts).every((value) => value !== '')).toBe(true);
  });
});
