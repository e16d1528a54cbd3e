/** What becomes of a program on WebGPU: it ends by itself, and a device that fails is an error, not zeros or a wait. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { describeBackend, selectBackend } from '../../src/backends/backend.ts';
import { missingCapabilities } from '../../src/backends/preflight.ts';
import { gpuBackend } from '../support/native.ts';
import { childEnvironment, unavailable } from './both-backends.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

interface Outcome {
  /** Null where it had to be stopped. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program that selects WebGPU and goes on with `body`, in a process of its own. */
function run(body: string): Promise<Outcome> {
  const script = `
    import * as tf from '@tensorflow/tfjs';
    import { runProgram, selectBackend } from 'model-patching/node';
    await runProgram('program', async () => {
      await selectBackend({ name: 'webgpu' });
      const ones = tf.ones([1000]);
      const sum = () => ones.square().sum();
      ${body}
    });`;
  const flags = ['--conditions=source', '--import', 'tsx', '--input-type=module', '-e', script];
  const child = spawn(process.execPath, flags, {
    cwd: root,
    env: { ...process.env, ...childEnvironment },
    timeout: 50_000,
  });
  const printed = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const)
    child[stream].setEncoding('utf8').on('data', (text: string) => (printed[stream] += text));
  return new Promise((resolve, reject) => {
    child.on('error', reject).on('close', (code) => resolve({ code, ...printed }));
  });
}

interface GpuDevice {
  readonly lost: Promise<unknown>;
  createBuffer(descriptor: { size: number; usage: number }): unknown;
  destroy(): void;
}
const device = (): GpuDevice => (tf.backend() as tf.KernelBackend & { readonly device: GpuDevice }).device;

const sum = (): tf.Tensor => tf.tidy(() => tf.ones([1000]).square().sum());
const nextTurn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

describe.skipIf(gpuBackend !== 'webgpu' || unavailable !== undefined)('a program on WebGPU', () => {
  it('ends by itself, and in one clear line if its device is lost', async () => {
    const [done, lost] = await Promise.all([
      run('console.log((await sum().data())[0]);'),
      run('await sum().data(); tf.backend().device.destroy(); console.log((await sum().data())[0]);'),
    ]);
    expect(done).toEqual({ code: 0, stdout: '1000\n', stderr: '' });
    expect(lost).toMatchObject({ code: 1, stdout: '' });
    expect(lost.stderr).toMatch(
      /^program: backend webgpu: the GPU device was lost \(destroyed: [^\n]*\); run the same command again[^\n]*\n$/,
    );
  });

  describe('within a process', () => {
    beforeEach(() => selectBackend({ name: 'webgpu' }));

    it('leaves the globals that others look for a browser by as they were', () => {
      expect('gpu' in (globalThis.navigator ?? {})).toBe(false);
    });

    it('passes the preflight, on the GPU itself, and leaves no tensor', async () => {
      const before = tf.memory().numTensors;
      const flag = tf.env().getBool('WEBGPU_CPU_FORWARD');
      const reverse = tf.getKernel('Reverse', 'webgpu');
      expect(await missingCapabilities()).toEqual([]);
      tf.unregisterKernel('Reverse', 'webgpu');
      const missing = await missingCapabilities();
      tf.registerKernel(reverse);
      expect(missing).toHaveLength(1);
      expect(missing[0]).toMatch(/^slices, reversal and concatenation: .*Reverse/);
      expect(tf.memory().numTensors).toBe(before);
      expect(tf.env().getBool('WEBGPU_CPU_FORWARD')).toBe(flag);
    });

    it('starts no operation on a lost device, and reads nothing from it', async () => {
      const before = sum();
      device().destroy();
      await device().lost;
      await nextTurn();
      expect(sum).toThrow('backend webgpu: the GPU device was lost');
      await expect(before.data()).rejects.toThrow('backend webgpu: the GPU device was lost');
    });

    it('does not wait for a read that was under way when the device was lost', async () => {
      const reading = sum().data();
      device().destroy();
      await expect(reading).rejects.toThrow('backend webgpu: the GPU device was lost');
    });

    it('says what to do instead of dataSync, and reads what is on the host already', () => {
      const squares = sum();
      expect(() => squares.dataSync()).toThrow('await data() or array()');
      expect(tf.tensor1d([1, 2]).dataSync()).toEqual(Float32Array.of(1, 2));
    });

    it('fails after an error of the GPU, which WebGPU by itself passes over with zeros', async () => {
      const before = sum();
      device().createBuffer({ size: 2 ** 50, usage: 128 });
      await expect(before.data()).rejects.toThrow(
        /^backend webgpu: the GPU reports an error \(Buffer size .*\); /,
      );
      expect(sum).toThrow('the GPU reports an error');
    });

    it('takes no software adapter unless asked, and says in one line what it computes on', async () => {
      vi.stubEnv('MODEL_PATCHING_BACKEND', '');
      const asked = describeBackend(await selectBackend({ name: 'webgpu' }));
      const software = /^backend: webgpu \(software adapter: (.+)\)$/.exec(asked);
      const chosen = describeBackend(await selectBackend());
      vi.unstubAllEnvs();
      if (software === null) expect(chosen).toMatch(/^backend: (tensorflow-gpu|webgpu) /);
      else expect(chosen).toContain(`webgpu (only a software adapter is found (${software[1]}))`);
      expect(chosen.split('\n')).toHaveLength(1);
    });
  });
});
