import { Command } from 'commander';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { doctorCommand } from '../../../src/cli/doctor/doctor.ts';
import type { Diagnosis } from '../../../src/cli/doctor/doctor-table.ts';
import { wasm } from './findings.ts';

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
