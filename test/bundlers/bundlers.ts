/**
 * Builds the projects with the packed package, opens their pages in a headless Chromium, and holds what they show to
 * what Node computes: the same lines, so the same bits. `--keep FOLDER` leaves the built projects there,
 * `--built` takes `dist` as it is.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import assert from 'node:assert/strict';
import { findChromium, visit } from './chromium.ts';
import { build, entriesOfNode, install, linesOfNode } from './projects.ts';
import { serve, type Outcome, type Serving } from './serve.ts';

const SECONDS = 60;

interface Page {
  readonly name: string;
  /** The folder that is served. */
  readonly folder: string;
  readonly path: string;
  readonly serving?: Serving;
  readonly check: (outcome: Outcome, url: string) => void;
}

/** Losses of the ten steps are finite and fall. */
function checkTraining(lines: string): void {
  const losses = Array.from(lines.matchAll(/^CAMEL step \d+: loss (.*)$/gm), ([, loss]) => Number(loss));
  assert.equal(losses.length, 10, lines);
  assert(losses.every(Number.isFinite), lines);
  assert(
    losses.every((loss, step) => step === 0 || loss < losses[step - 1]!),
    lines,
  );
}

const showing = (lines: string, isolated: boolean) => (outcome: Outcome) =>
  assert.deepEqual(outcome, { state: 'done', text: lines, isolated });

const refused = (found: string) => (outcome: Outcome, url: string) => {
  assert.equal(outcome.state, 'failed', outcome.text);
  for (const part of [`${new URL('tfjs-backend-wasm-simd.wasm', url).href} ${found}`, 'setWasmPaths'])
    assert(outcome.text.includes(part), `expected '${part}' in: ${outcome.text}`);
};

function pages(folder: string, lines: string, entries: string): Page[] {
  const trained = showing(lines, false);
  const esbuild = { folder: join(folder, 'esbuild/dist'), path: '/' };
  return [
    { name: 'Vite', folder: join(folder, 'vite/served'), path: '/vite/', check: trained },
    { name: 'Vite, hashed', folder: join(folder, 'vite/served'), path: '/vite/hashed.html', check: trained },
    { name: 'esbuild', ...esbuild, check: trained },
    { name: 'esbuild, every import', ...esbuild, path: '/entries.html', check: showing(entries, false) },
    { name: 'no bundler', folder, path: '/plain/', check: trained },
    {
      // Threads do not start in a build of Vite, so that this page goes without them.
      name: 'Vite, cross-origin isolated, without threads',
      folder: join(folder, 'vite/served'),
      path: '/vite/hashed.html',
      serving: { isolated: true },
      check: showing(lines, true),
    },
    {
      name: 'esbuild, cross-origin isolated',
      ...esbuild,
      serving: { isolated: true },
      check: showing(lines, true),
    },
    { name: 'no .wasm file', ...esbuild, serving: { instead: 'nothing' }, check: refused('answers 404') },
    {
      name: 'a page in place of the .wasm file',
      ...esbuild,
      serving: { instead: 'a page' },
      check: refused('answers with text/html'),
    },
  ];
}

async function visitPage(chromium: string, { name, folder, path, serving, check }: Page): Promise<void> {
  const began = Date.now();
  const server = await serve(folder, serving);
  try {
    const url = server.origin + path;
    check(await visit(chromium, url, server.outcome, SECONDS), url);
  } finally {
    server.close();
  }
  console.log(`${name}: as it should be, ${((Date.now() - began) / 1000).toFixed(1)} s`);
}

async function checkPages(chromium: string, folder: string, built: boolean): Promise<void> {
  const projects = install(folder, built);
  for (const name of ['vite', 'esbuild']) build(projects, name);
  const lines = linesOfNode(projects);
  checkTraining(lines);
  console.log(lines);
  for (const page of pages(projects, lines, entriesOfNode(projects))) await visitPage(chromium, page);
}

const { values } = parseArgs({
  options: { keep: { type: 'string' }, built: { type: 'boolean', default: false } },
});
const chromium = findChromium();
if (chromium === undefined)
  console.log(
    'The pages of Vite and esbuild are not tried: no Chromium was found (CHROMIUM, or in the PATH)',
  );
else {
  const folder = values.keep ?? mkdtempSync(join(tmpdir(), 'bundlers-'));
  mkdirSync(folder, { recursive: true });
  try {
    await checkPages(chromium, folder, values.built);
  } finally {
    if (values.keep === undefined) rmSync(folder, { recursive: true });
  }
}
