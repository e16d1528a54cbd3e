import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { BACKENDS, describeBackend, firstThatStarts, selectBackend } from '../../src/backends/backend.ts';
import { Refusal } from '../../src/backends/refusal.ts';
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

  it('refuses one that cannot train', async () => {
    await withKernel('MaxPoolGrad', null, async () => {
      expect(await message({ name: 'cpu' })).toMatch(
        /^2 backend cpu: it cannot train: gradient of max pooling: [^\n;]*MaxPoolGrad[^\n;]*; use another backend$/,
      );
    });
  });
});

it('is chosen by nobody before selectBackend: an import of the package leaves tensors to tfjs', () => {
  const program =
    "import * as tf from '@tensorflow/tfjs'; import 'model-patching/node'; console.log(tf.zeros([2]).dataSync().join())";
  const args = ['--conditions=source', '--import', 'tsx', '--input-type=module', '--eval', program];
  const root = fileURLToPath(new URL('../..', import.meta.url));
  expect(execFileSync(process.execPath, args, { cwd: root, encoding: 'utf8' })).toContain('0,0');
});
