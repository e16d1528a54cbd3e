import * as tf from '@tensorflow/tfjs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { BACKENDS, describeBackend, firstThatStarts, selectBackend } from '../../src/backends/backend.ts';
import { importInstalled, Refusal } from '../../src/backends/refusal.ts';
import { environmentFacts } from '../../src/system/environment.ts';
import { missingCapabilities } from '../../src/backends/preflight.ts';

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

  it('says why an asked one is refused, and the cure', async () => {
    const failing = firstThatStarts(['tensorflow'], async () => {
      throw new Refusal('@tensorflow/tfjs-node is not installed', 'npx model-patching native');
    });
    await expect(failing).rejects.toThrow(
      'backend tensorflow: @tensorflow/tfjs-node is not installed; npx model-patching native',
    );
    await expect(failing).rejects.toMatchObject({ name: 'ProgramError', exitCode: 2 });
  });

  it('tries them in order, and says in one line what would be faster', async () => {
    const tried: string[] = [];
    const selected = await firstThatStarts(
      BACKENDS.filter((name) => name !== 'cpu'),
      async (name) => {
        tried.push(name);
        if (name === 'wasm') return 'CPU, WebAssembly';
        if (name === 'webgpu') throw new Error('no graphics adapter is found\nand more');
        throw new Refusal(`the package of ${name} is not installed`, 'install it');
      },
    );
    expect(tried).toEqual(['tensorflow-gpu', 'webgpu', 'tensorflow', 'wasm']);
    expect(selected.refused).toEqual([
      {
        name: 'tensorflow-gpu',
        reason: 'the package of tensorflow-gpu is not installed',
        cure: 'install it',
      },
      { name: 'webgpu', reason: 'no graphics adapter is found', cure: 'use another backend' },
      { name: 'tensorflow', reason: 'the package of tensorflow is not installed', cure: 'install it' },
    ]);
    expect(describeBackend(selected)).toBe(
      'backend: wasm (CPU, WebAssembly); faster once installed: tensorflow-gpu, tensorflow; ' +
        'refused: webgpu (no graphics adapter is found); npm run doctor says what to do',
    );
    expect(describeBackend({ ...selected, refused: [] })).toBe('backend: wasm (CPU, WebAssembly)');
  });

  it('takes by itself one that can train, whatever is installed', async () => {
    vi.stubEnv('MODEL_PATCHING_BACKEND', '');
    const selected = await selectBackend();
    expect(selected.refused.map(({ name }) => name)).toEqual(
      BACKENDS.slice(0, BACKENDS.indexOf(selected.name)),
    );
    expect(describeBackend(selected)).not.toContain('\n');
    expect(await missingCapabilities()).toEqual([]);
  });

  it('tells a package that is not there from one that does not load', async () => {
    const message = (name: string): Promise<string> =>
      importInstalled(name, 'install it').then(
        () => 'it loads',
        (error: Error) => error.message,
      );
    expect(await message('@tensorflow/no-such-backend')).toBe('@tensorflow/no-such-backend is not installed');
    expect(await message('data:text/javascript,throw new Error("no\\nsuch symbol")')).toMatch(
      /^data:.* does not load: no$/,
    );
    expect(await message('@tensorflow/tfjs')).toBe('it loads');
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
    await withKernel('MaxPoolGrad', null, async () => {
      expect(await message({ name: 'cpu' })).toMatch(
        /^2 backend cpu: it cannot train: gradient of max pooling: [^\n;]*MaxPoolGrad[^\n;]*; use another backend$/,
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
    [
      'Conv2DBackpropFilter',
      ['gradient of a convolution with respect to its filter', 'gradient of the square of a gradient'],
    ],
    [
      'Conv2DBackpropInput',
      [
        'gradient of a convolution with respect to its input',
        'transposed convolution',
        'gradient of the square of a gradient',
      ],
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
