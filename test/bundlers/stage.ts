/** The projects of this folder as a user has them: the packed package installed, built by what the guide says. */
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { guideBlocks } from './guide.ts';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const MODULES = join(ROOT, 'node_modules');

const run = (command: string, args: readonly string[], cwd: string): string =>
  execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

/** Builds and packs the package, and unpacks it beside links to the packages that are installed here. */
function install(folder: string): void {
  const modules = join(folder, 'node_modules');
  mkdirSync(modules, { recursive: true });
  for (const name of readdirSync(MODULES))
    if (name !== '.cache') symlinkSync(realpathSync(join(MODULES, name)), join(modules, name));
  const packed = run('npm', ['pack', '--silent', '--pack-destination', folder], ROOT)
    .trim()
    .split('\n')
    .at(-1)!;
  run('tar', ['xzf', packed], folder);
  cpSync(join(folder, 'package'), join(modules, 'model-patching'), { recursive: true });
}

/** Every import of the package that needs no Node, in one module. */
function everyEntry(folder: string): string {
  const manifest = readFileSync(join(folder, 'node_modules/model-patching/package.json'), 'utf8');
  const { exports } = JSON.parse(manifest) as { exports: Readonly<Record<string, unknown>> };
  const entries = Object.keys(exports)
    .filter((entry) => entry !== './node' && entry !== './package.json')
    .map((entry) => entry.replace('.', 'model-patching'));
  return [
    ...entries.map((entry, i) => `import * as entry${i} from '${entry}';`),
    `const entries = { ${entries.map((entry, i) => `'${entry}': entry${i}`).join(', ')} };`,
    `document.body.dataset.entries = JSON.stringify(Object.entries(entries).map(([name, all]) => [name, Object.keys(all).length]));`,
    `document.body.dataset.done = '';`,
  ].join('\n');
}

/** Lays the projects out in `folder`, builds them, and returns the folder that each is served from. */
export function buildProjects(folder: string): Readonly<Record<'vite' | 'esbuild' | 'plain', string>> {
  install(folder);
  for (const name of ['vite', 'esbuild', 'plain', 'show.ts', 'ten-steps.ts'])
    cpSync(join(HERE, name), join(folder, name), { recursive: true });
  const project = (name: string): string => join(folder, name);
  for (const name of ['vite', 'esbuild', 'plain'])
    symlinkSync('../node_modules', join(project(name), 'node_modules'));

  for (const block of guideBlocks('Vite', 'sh')) run('sh', ['-ec', block], project('vite'));

  for (const block of guideBlocks('esbuild', 'sh')) run('sh', ['-ec', block], project('esbuild'));
  writeFileSync(join(project('esbuild'), 'every-entry.ts'), everyEntry(folder));
  run('npx', ['esbuild', 'every-entry.ts', '--bundle', '--format=esm', '--outdir=www'], project('esbuild'));
  const page = readFileSync(join(project('esbuild'), 'index.html'), 'utf8');
  writeFileSync(join(project('esbuild'), 'www/index.html'), page);
  writeFileSync(join(project('esbuild'), 'www/every-entry.html'), page.replace('main.js', 'every-entry.js'));

  run('npx', ['esbuild', '../show.ts', '../ten-steps.ts', '--outdir=.'], project('plain'));
  symlinkSync('node_modules/model-patching', join(project('plain'), 'model-patching'));
  return {
    vite: join(project('vite'), 'dist'),
    esbuild: join(project('esbuild'), 'www'),
    plain: project('plain'),
  };
}
