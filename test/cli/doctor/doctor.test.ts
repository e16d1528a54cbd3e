import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { doctorCommand } from '../../../src/cli/doctor/doctor.ts';
import { examine } from '../../../src/cli/doctor/examination.ts';
import type { Finding } from '../../../src/cli/doctor/finding.ts';
import { renderDiagnosis, type Diagnosis } from '../../../src/cli/doctor/doctor-table.ts';

const absent = (name: Finding['name'], reason: string, cure: string): Finding => ({
  name,
  version: null,
  device: null,
  refused: { reason, cure },
  gigaflops: null,
});

const wasm: Finding = {
  name: 'wasm',
  version: '4.22.0',
  device: 'CPU, WebAssembly',
  refused: null,
  gigaflops: 18.44,
};

const diagnosis: Diagnosis = {
  machine: 'Node 20.20.2, linux x64, a processor, 2 cores',
  findings: [
    absent('tensorflow-gpu', '@tensorflow/tfjs-node-gpu is not installed', 'npx model-patching native --gpu'),
    {
      ...absent(
        'webgpu',
        'lacks gradient of max pooling: expected 1 at 5, found 0; gradient of gather: no kernel of the name UnsortedSegmentSum',
        'use another backend',
      ),
      version: '4.22.0, webgpu 0.6.2',
      device: 'a graphics card of a very long name that nobody can remember',
    },
    {
      name: 'tensorflow',
      version: '4.22.0, TensorFlow 2.15.1',
      device: 'CPU, native',
      refused: null,
      gigaflops: 147.6,
    },
    wasm,
  ],
  takes: 'tensorflow',
};

describe('the table', () => {
  it('reads at a glance, in 100 columns', () => {
    expect(renderDiagnosis(diagnosis).split('\n')).toEqual([
      'Node 20.20.2, linux x64, a processor, 2 cores',
      '',
      'backend         installed  version                    device                         trains  GFLOP/s',
      'tensorflow-gpu  no         –                          –                              no            –',
      'webgpu          yes        4.22.0, webgpu 0.6.2       a graphics card of a very lo…  no            –',
      'tensorflow      yes        4.22.0, TensorFlow 2.15.1  CPU, native                    yes         148',
      'wasm            yes        4.22.0                     CPU, WebAssembly               yes        18.4',
      '',
      'tensorflow-gpu  @tensorflow/tfjs-node-gpu is not installed',
      '                → npx model-patching native --gpu',
      'webgpu          lacks gradient of max pooling: expected 1 at 5, found 0; gradient of gather: no',
      '                kernel of the name UnsortedSegmentSum',
      '                → use another backend',
      '',
      "Programs take tensorflow, 148 GFLOP/s in a convolution's training step.",
      '',
    ]);
  });

  const lastLines = (changes: Partial<Diagnosis>): string =>
    renderDiagnosis({ ...diagnosis, ...changes })
      .split('\n\n')
      .at(-1)!
      .replaceAll('\n', ' ')
      .trim();

  it('says so if one that is not taken is faster', () => {
    expect(lastLines({ findings: [{ ...wasm, name: 'webgpu', gigaflops: 2 }, wasm], takes: 'webgpu' })).toBe(
      "Programs take webgpu, 2.00 GFLOP/s in a convolution's training step. wasm is 9.22 times as fast here: " +
        '--backend wasm, or MODEL_PATCHING_BACKEND=wasm.',
    );
  });

  it('tells what is asked for from what would be taken, and both from nothing', () => {
    expect(lastLines({ findings: [wasm], takes: 'wasm', asked: 'wasm' })).toBe(
      "Asked for: wasm, 18.4 GFLOP/s in a convolution's training step.",
    );
    const none = [absent('webgpu', 'webgpu is not installed', 'install it')];
    expect(lastLines({ findings: none, takes: null, asked: 'webgpu' })).toBe(
      'Asked for: webgpu, which cannot train.',
    );
    expect(lastLines({ findings: none, takes: null })).toBe('No backend can train here.');
  });
});

describe('a backend that is tried', () => {
  const folder = mkdtempSync(join(tmpdir(), 'doctor-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  /** What is found where the process that tries the backend runs `body`. */
  function tried(body: string, seconds = 20): Promise<Finding> {
    const probe = join(folder, 'probe.mjs');
    writeFileSync(probe, body);
    return examine('wasm', { asked: false, seconds, probe });
  }

  it.each([
    ['process.kill(process.pid, "SIGSEGV"); setTimeout(() => undefined, 1000);', 'crashes (SIGSEGV)'],
    [
      'console.error("libcudart.so: not found\\n"); process.exit(3);',
      'crashes (exit code 3): libcudart.so: not found',
    ],
    ['throw new TypeError("no such function");', 'crashes (exit code 1): TypeError: no such function'],
    ['process.send("hello");', 'answers something else than a finding'],
    ['process.exit(0);', 'crashes (exit code 0)'],
  ])('%s', async (body, reason) => {
    const { refused, ...others } = await tried(body);
    expect(refused).toEqual({ reason, cure: 'use another backend, or install its packages anew' });
    expect(others).toEqual({ name: 'wasm', version: '4.22.0', device: null, gigaflops: null });
  });

  it('does not have to end', async () => {
    const began = performance.now();
    const { refused } = await tried('setInterval(() => undefined, 1000);', 0.5);
    expect(refused?.reason).toBe('does not answer within 0.5 s');
    expect(performance.now() - began).toBeLessThan(5000);
  });

  it('need not end after it has answered', async () => {
    const finding = { version: '1', device: 'a device', refused: null, gigaflops: 2.5 };
    const body = `process.send(${JSON.stringify(finding)}); setInterval(() => undefined, 1000);`;
    expect(await tried(body)).toEqual({ name: 'wasm', ...finding });
  });
});

describe('the command', () => {
  afterEach(() => {
    vi.restoreAllMocks();
    vi.unstubAllEnvs();
    process.exitCode = undefined;
  });

  /** What a command line prints, and the exit code that it leaves. */
  async function run(...words: string[]): Promise<{ stdout: string; stderr: string; code: unknown }> {
    const printed = { stdout: '', stderr: '' };
    for (const stream of ['stdout', 'stderr'] as const)
      vi.spyOn(process[stream], 'write').mockImplementation((text) => {
        printed[stream] += String(text);
        return true;
      });
    await new Command().addCommand(doctorCommand()).parseAsync(['doctor', ...words], { from: 'user' });
    vi.restoreAllMocks();
    return { ...printed, code: process.exitCode };
  }

  it('measures a backend in a process of its own', async () => {
    const { stdout, stderr, code } = await run('--backend', 'wasm', '--json');
    const { findings, takes, asked, machine } = JSON.parse(stdout) as Diagnosis;
    expect({ takes, asked, stderr, code }).toEqual({
      takes: 'wasm',
      asked: 'wasm',
      stderr: '',
      code: undefined,
    });
    expect(machine).toContain(`Node ${process.versions.node}`);
    expect(findings).toEqual([{ ...wasm, gigaflops: expect.any(Number) as number }]);
    // One core makes between a tenth of a billion and a thousand billion of them a second.
    expect(findings[0]!.gigaflops).toBeGreaterThan(0.1);
    expect(findings[0]!.gigaflops).toBeLessThan(1000);
  });

  it('ends with 1 if nothing can train', async () => {
    const { stdout, stderr, code } = await run('--backend', 'wasm', '--timeout', '0.01');
    expect(stdout).toContain('does not answer within 0.01 s');
    expect({ stderr, code }).toEqual({ stderr: '', code: 1 });
  });

  it.each([
    [['--backend', 'gpu'], 'backend: expected one of'],
    [['--timeout', 'long'], "--timeout: expected a number of seconds, found 'long'"],
  ])('%s is refused in one line', async (words, message) => {
    const { stdout, stderr, code } = await run(...words);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^doctor: [^\n]*\n$/);
    expect(stderr).toContain(message);
    expect(code).toBe(2);
  });
});
