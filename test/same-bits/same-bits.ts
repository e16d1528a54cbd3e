/**
 * `npm run same-bits`: small fixed cases of everything that trains, translates and evaluates, on WebAssembly. The
 * digests of their weights, pixels and reports are compared with `expected.json`; `--write` takes the new ones.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { selectBackend } from '../../src/backends/backend.ts';
import { digitCases, photographCases } from './configured-cases.ts';
import type { Digests } from './digests.ts';
import { studyCases } from './study-cases.ts';
import { STOPPED } from './until-done.ts';

type Cases = Readonly<Record<string, Digests>>;

const EXPECTED = fileURLToPath(new URL('expected.json', import.meta.url));
const DATA = fileURLToPath(new URL('../../examples/data', import.meta.url));
const say = (line: string): void => void process.stdout.write(`${line}\n`);

async function* allCases(scratch: string): AsyncGenerator<readonly [string, Digests]> {
  yield* digitCases(join(scratch, 'digits'), DATA);
  yield* studyCases(join(scratch, 'main-job'), DATA);
  yield* photographCases(join(scratch, 'photographs'));
}

async function foundIn(scratch: string): Promise<Cases> {
  const found: Record<string, Digests> = {};
  const began = performance.now();
  for await (const [name, digests] of allCases(scratch)) {
    found[name] = digests;
    say(`${((performance.now() - began) / 1000).toFixed(0).padStart(4)} s  ${name}`);
  }
  return found;
}

function differences(name: string, expected: Digests = {}, found: Digests = {}): readonly string[] {
  const parts = new Set([...Object.keys(expected), ...Object.keys(found)]);
  return [...parts]
    .filter((part) => expected[part] !== found[part])
    .map((part) => `${name}: ${part}: expected ${expected[part] ?? 'none'}, found ${found[part] ?? 'none'}`);
}

/** A run that was stopped and resumed leaves the bits of one that was not, whatever these are. */
const afterStops = (found: Cases): readonly string[] =>
  Object.keys(found)
    .filter((name) => name.endsWith(STOPPED))
    .flatMap((name) => differences(name, found[name.slice(0, -STOPPED.length)], found[name]));

const scratch = mkdtempSync(join(tmpdir(), 'same-bits-'));
try {
  await selectBackend({ name: 'wasm' });
  const found = await foundIn(scratch);
  const write = process.argv.includes('--write');
  const expected = write ? found : (JSON.parse(readFileSync(EXPECTED, 'utf8')) as Cases);
  const names = [...new Set([...Object.keys(expected), ...Object.keys(found)])];
  const wrong = [
    ...afterStops(found),
    ...names.flatMap((name) => differences(name, expected[name], found[name])),
  ];
  wrong.forEach(say);
  if (wrong.length > 0) process.exitCode = 1;
  else if (write) writeFileSync(EXPECTED, `${JSON.stringify(found, null, 2)}\n`);
  const failed = names.filter((name) => wrong.some((line) => line.startsWith(`${name}: `))).length;
  say(`${names.length - failed} passed, ${failed} failed`);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
