/**
 * Every decoder of bytes from outside, with a thousand mutations of real files each: a value or a refusal, no other
 * exception, no second, no more memory than four times the input and 64 MiB. `npm run fuzz` has a hundred thousand.
 */
import { mkdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { DECODERS } from './decoders.ts';
import type { Decoder } from './decoder.ts';
import { fuzz, repeatLine } from './run-fuzz.ts';

const seed = Number(process.env['MODEL_PATCHING_FUZZ_SEED'] ?? 16);
const INPUTS = 1000;

const folder = join(tmpdir(), `model-patching-fuzz-${process.pid}`);

async function run(decoders: readonly Decoder[]): Promise<void> {
  const jobs = decoders.map(({ name, share = 1 }) => ({ decoder: name, seed, from: 0, to: INPUTS / share }));
  const { summaries, failures } = await fuzz(jobs, { folder });
  // The inputs stay where they are, for whoever looks at them.
  const lines = failures.map((failure) => `${failure.what}\n${failure.file}\n${repeatLine(seed, failure)}`);
  expect(lines, `seed ${seed}`).toEqual([]);
  expect(summaries.map(({ decoder }) => decoder)).toEqual(decoders.map(({ name }) => name));
  for (const { decoder, accepted } of summaries)
    expect(accepted, `real files of ${decoder}`).toBeGreaterThan(0);
}

it('have distinct names', () => {
  expect(new Set(DECODERS.map(({ name }) => name)).size).toBe(DECODERS.length);
});

it('take damaged files of every kind', async () => {
  console.log(`fuzzing with seed ${seed}`);
  mkdirSync(folder, { recursive: true });
  const [first, second] = [0, 1].map((half) => DECODERS.filter((_, i) => i % 2 === half));
  await Promise.all([run(first!), run(second!)]);
  rmSync(folder, { recursive: true, force: true });
}, 300_000);
