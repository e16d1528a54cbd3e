import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const program = fileURLToPath(new URL('long-stream.ts', import.meta.url));

function mostMemory(count: number, steps: number): number {
  const output = execFileSync(
    process.execPath,
    ['--conditions=source', '--import', 'tsx', program, String(count), String(steps)],
    { encoding: 'utf8', timeout: 110_000 },
  );
  return (JSON.parse(output) as { most: number }).most;
}

it('a stream over 200,000 images with two translations each stays below 1 GB, and does not grow with its steps', () => {
  const short = mostMemory(200_000, 100);
  // 153,600 decoded pictures, 1.9 GB if they were held.
  const long = mostMemory(200_000, 800);
  expect(long).toBeLessThan(1e9);
  expect(long - short).toBeLessThan(2e8);
}, 120_000);
