import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { useBackend } from '../support/backend.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const scratch = join(root, 'node_modules/.cache/model-patching-examples');

function filesUnder(folder: string, ending: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory()
      ? entry.name === 'node_modules' || entry.name === 'api'
        ? []
        : filesUnder(join(folder, entry.name), ending)
      : entry.name.endsWith(ending)
        ? [join(folder, entry.name)]
        : [],
  );
}

/** The ```ts blocks of doc comments and of Markdown pages; a page marks a fragment that is not run as ```typescript. */
function examplesOf(file: string): string[] {
  const text = readFileSync(file, 'utf8');
  const prose = file.endsWith('.ts')
    ? Array.from(text.matchAll(/\/\*\*[\s\S]*?\*\//g), ([comment]) =>
        comment.replace(/^[ \t]*\* ?/gm, ''),
      ).join('\n')
    : text;
  return Array.from(prose.matchAll(/```ts\n([\s\S]*?)```/g), (match) => match[1]!);
}

const examples = [
  ...filesUnder(join(root, 'src'), '.ts'),
  ...filesUnder(join(root, 'docs'), '.md'),
  join(root, 'README.md'),
].flatMap((file) =>
  examplesOf(file).map((code, index) => ({ name: `${file.slice(root.length)} #${index + 1}`, code })),
);

beforeAll(async () => {
  await useBackend('wasm');
  mkdirSync(scratch, { recursive: true });
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

it.each(examples)('the example of $name runs', async ({ name, code }) => {
  const file = join(scratch, `${name.replace(/[^a-z0-9]+/gi, '-')}.ts`);
  writeFileSync(file, code);
  const before = tf.memory().numTensors;
  await import(/* @vite-ignore */ file);
  expect(tf.memory().numTensors, 'tensors left behind').toBe(before);
});
