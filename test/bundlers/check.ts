/**
 * `npm run browsers`: a Vite project, an esbuild project and a page without a bundler, with the packed package and by
 * what docs/backends.md says, train ten steps of either stage in headless Chromium. Their losses are those of Node, to
 * the bit. Without Chromium they are built only, and the reason is printed.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { registerTrainingKernels } from 'model-patching/wasm';
import { chromium, type Browser } from 'playwright-core';
import { browse, chromiumPath, type Said } from './browse.ts';
import { serve, type Served } from './serve.ts';
import { buildProjects } from './stage.ts';
import { tenSteps, type TenSteps } from './ten-steps.ts';

interface Case {
  readonly name: string;
  readonly project: 'vite' | 'esbuild' | 'plain';
  readonly page?: string;
  readonly served?: Pick<Served, 'isolated' | 'instead'>;
  /** Throws unless the page said what it should. */
  readonly check: (said: Said, expected: TenSteps) => void;
}

/** Trained with this module of the backend, to the same losses as Node. */
const trained =
  (module: 'simd' | 'threaded-simd'): Case['check'] =>
  ({ losses, files }, expected) => {
    assert.deepEqual(losses, expected);
    assert.equal(files.length, 1, `asked for ${files.join(', ')}`);
    assert.match(files[0]!, new RegExp(`^tfjs-backend-wasm-${module}(-[\\w-]{8})?\\.wasm$`));
  };

/** Refused with the URL, what was there, and the cure; tfjs prints the same. */
const refused =
  (found: RegExp): Case['check'] =>
  ({ error, losses, printed }) => {
    assert.equal(losses, undefined);
    for (const said of [error ?? '', printed.join('\n')]) {
      assert.match(
        said,
        /expected WebAssembly at http:\/\/localhost:\d+\/pages\/esbuild\/wasm\/tfjs-backend-wasm-simd\.wasm, /,
      );
      assert.match(said, found);
      assert.match(said, /setWasmPaths/);
    }
  };

const hasEveryEntry: Case['check'] = ({ entries = [], printed }) => {
  assert(entries.length > 10 && entries.every(([, names]) => names > 0), JSON.stringify(entries));
  assert.deepEqual(printed, []);
};

const CASES: readonly Case[] = [
  { name: 'Vite', project: 'vite', check: trained('simd') },
  { name: 'Vite, names with hashes', project: 'vite', page: 'hashed.html', check: trained('simd') },
  {
    name: 'Vite, isolated, without threads',
    project: 'vite',
    page: 'hashed.html',
    served: { isolated: true },
    check: trained('simd'),
  },
  { name: 'esbuild', project: 'esbuild', check: trained('simd') },
  {
    name: 'esbuild, isolated, with threads',
    project: 'esbuild',
    served: { isolated: true },
    check: trained('threaded-simd'),
  },
  {
    name: 'esbuild, no file',
    project: 'esbuild',
    served: { instead: '404' },
    check: refused(/found status 404;/),
  },
  {
    name: 'esbuild, a page for a file',
    project: 'esbuild',
    served: { instead: 'html' },
    check: refused(/found status 200 and /),
  },
  {
    name: 'esbuild, every import without Node',
    project: 'esbuild',
    page: 'every-entry.html',
    check: hasEveryEntry,
  },
  { name: 'no bundler', project: 'plain', check: trained('simd') },
];

const seconds = (since: number): string => `${((performance.now() - since) / 1000).toFixed(1).padStart(5)} s`;

async function lossesOfNode(): Promise<TenSteps> {
  await tf.setBackend('wasm');
  registerTrainingKernels();
  const losses = await tenSteps();
  for (const [name, values] of Object.entries(losses) as [string, number[]][]) {
    assert.equal(values.length, 10, name);
    const falls = values.every((loss, i) => Number.isFinite(loss) && (i === 0 || loss < values[i - 1]!));
    assert(falls, `${name}: expected losses that fall, found ${values.join(', ')}`);
  }
  return losses;
}

async function checkCase(browser: Browser, one: Case, folder: string, expected: TenSteps): Promise<void> {
  const started = performance.now();
  const base = `/pages/${one.project}/`;
  const { url, close } = await serve({ folder, base, ...one.served });
  try {
    one.check(await browse(browser, `${url}${one.page ?? 'index.html'}`), expected);
    console.log(`${seconds(started)}  ${one.name}`);
  } catch (error) {
    console.error(`${one.name}: ${(error as Error).message}`);
    process.exitCode = 1;
  } finally {
    close();
  }
}

async function checkPages(
  executablePath: string,
  folders: Readonly<Record<Case['project'], string>>,
): Promise<void> {
  const expected = await lossesOfNode();
  const browser = await chromium.launch({ executablePath });
  try {
    console.log(`Chromium ${browser.version()}`);
    for (const one of CASES) await checkCase(browser, one, folders[one.project], expected);
  } finally {
    await browser.close();
  }
}

const scratch = mkdtempSync(join(tmpdir(), 'browsers-'));
try {
  const started = performance.now();
  const folders = buildProjects(scratch);
  console.log(`${seconds(started)}  packed, and built by Vite and esbuild`);
  const executable = chromiumPath();
  if (executable === undefined)
    console.log(
      "The pages are not opened: there is no Chromium (Debian's package chromium, or CHROMIUM=<path>)",
    );
  else await checkPages(executable, folders);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
