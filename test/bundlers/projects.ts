/** The projects as a user has them: copied to a folder of their own, with the packed package installed. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transformSync } from 'esbuild';

const root = fileURLToPath(new URL('../../', import.meta.url));
const sources = fileURLToPath(new URL('./', import.meta.url));

/** Their `project.json` is a `package.json`, under a name that does not part them from this package here. */
const PROJECTS = ['vite', 'esbuild'];

const run = (program: string, parameters: readonly string[], cwd: string): string =>
  execFileSync(program, parameters, {
    cwd,
    encoding: 'utf8',
    shell: process.platform === 'win32',
    env: { ...process.env, PATH: `${join(root, 'node_modules/.bin')}${delimiter}${process.env.PATH}` },
  });

/**
 * Packs the package into `folder` and installs it beside the projects, of which it returns the place. What the package
 * depends on, and the bundlers, are those of this repository. It is built first, unless it is.
 */
export function install(folder: string, built: boolean): string {
  const projects = join(folder, 'projects');
  const packages = join(projects, 'node_modules');
  cpSync(sources, projects, { recursive: true });
  mkdirSync(packages, { recursive: true });
  run('npm', ['pack', '--silent', `--ignore-scripts=${built}`, '--pack-destination', folder], root);
  const { name, version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<
    string,
    string
  >;
  run('tar', ['-xzf', join(folder, `${name}-${version}.tgz`)], folder);
  cpSync(join(folder, 'package'), join(packages, 'model-patching'), { recursive: true });
  symlinkSync(join(root, 'node_modules/@tensorflow'), join(packages, '@tensorflow'));
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  for (const project of PROJECTS) {
    renameSync(join(projects, project, 'project.json'), join(projects, project, 'package.json'));
    symlinkSync(packages, join(projects, project, 'node_modules'));
  }
  return projects;
}

/** Builds a project by its own `npm run build`. */
export const build = (projects: string, name: string): string =>
  run('npm', ['run', '--silent', 'build'], join(projects, name));

/** What Node has of every import that browsers have, in the page's words. */
export function entriesOfNode(projects: string): string {
  const code = readFileSync(join(projects, 'esbuild/entries.ts'), 'utf8').replace(
    '../page.ts',
    './shown.mjs',
  );
  writeFileSync(
    join(projects, 'shown.mjs'),
    "export const show = async (body) => console.log((await body()).join('\\n'));",
  );
  writeFileSync(join(projects, 'entries.mjs'), transformSync(code, { loader: 'ts' }).code);
  return run(process.execPath, ['entries.mjs'], projects).trim();
}

/** What Node shows on its WebAssembly backend, with the same package; the page without a bundler loads its modules. */
export function linesOfNode(projects: string): string {
  for (const name of ['page', 'ten-steps']) {
    const code = readFileSync(join(projects, `${name}.ts`), 'utf8');
    writeFileSync(join(projects, `${name}.mjs`), transformSync(code, { loader: 'ts' }).code);
  }
  const program = `
    import * as tf from '@tensorflow/tfjs';
    import { registerTrainingKernels } from 'model-patching/wasm';
    import { lines } from './page.mjs';
    import { tenSteps } from './ten-steps.mjs';
    await tf.setBackend('wasm');
    registerTrainingKernels();
    console.log(lines(await tenSteps()).join('\\n'));
  `;
  writeFileSync(join(projects, 'node.mjs'), program);
  return run(process.execPath, ['node.mjs'], projects).trim();
}
