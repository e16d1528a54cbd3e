import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { examine } from '../../../src/cli/doctor/examination.ts';
import type { Finding } from '../../../src/cli/doctor/finding.ts';

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
