import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../', import.meta.url));
const node = (script: string): string =>
  execFileSync(process.execPath, ['--input-type=module', '-e', script], { cwd: root, encoding: 'utf8' });

const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  exports: Readonly<Record<string, unknown>>;
};
const entries = Object.keys(exports)
  .filter((entry) => entry !== './package.json')
  .map((entry) => entry.replace('.', 'model-patching'));

describe('the built package', () => {
  beforeAll(() => execFileSync('npm', ['run', '--silent', 'build'], { cwd: root }), 120_000);

  it('trains a step under plain node, on wasm', () => {
    const out = node(`
      import * as tf from '@tensorflow/tfjs';
      import { crossEntropy, groupDro, groupLosses, groupTable, smallCnn, valueAndGradients } from 'model-patching';
      import { registerTrainingKernels } from 'model-patching/wasm';
      await tf.setBackend('wasm');
      registerTrainingKernels();
      const table = groupTable(['(Y=0)(Z=0)', '(Y=1)(Z=1)'], [9, 1]);
      const objective = groupDro(table);
      const network = smallCnn({ inputShape: [12, 12, 1], classes: 2, width: 0.1, seed: 1 });
      const weights = network.weights();
      const { gradients } = valueAndGradients(() => {
        const { output } = network.forward(tf.ones([2, 12, 12, 1]), { mode: 'train', weights });
        const losses = groupLosses(crossEntropy(output, tf.tensor1d([0, 1], 'int32')), tf.tensor1d([0, 1], 'int32'), 2);
        return { loss: objective.loss(objective.init(), losses), aux: {} };
      }, weights.trainable);
      const values = Object.values(gradients).flatMap((gradient) => Array.from(gradient.dataSync()));
      console.log(values.every(Number.isFinite) && values.some((value) => value !== 0));
    `);
    expect(out.trim()).toBe('true');
  });

  it.each(entries)('%s is imported under plain node without side effects', (entry) => {
    const out = node(`
      import * as tf from '@tensorflow/tfjs';
      const before = [tf.memory().numTensors, tf.engine().backendName];
      const names = Object.keys(await import('${entry}'));
      console.log(names.length > 0, JSON.stringify(before) === JSON.stringify([tf.memory().numTensors, tf.engine().backendName]));
    `);
    expect(out.trim()).toBe('true true');
  });
});

/** Where Node may be used: what tsconfig.core.json leaves out, but the kernels of WebAssembly. */
const { exclude } = JSON.parse(readFileSync(join(root, 'tsconfig.core.json'), 'utf8')) as {
  readonly exclude: readonly string[];
};
const usesNode = (name: string): boolean =>
  exclude.some(
    (path) => path !== 'src/wasm' && (`src/${name}` === path || `src/${name}`.startsWith(`${path}/`)),
  );

it('nothing but the rooms of Node touches Node, and nothing reaches into fp-ts or io-ts', () => {
  const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  );
  expect(files.length).toBeGreaterThan(50);
  const imports = files.map((name) => ({
    name,
    imports: Array.from(
      readFileSync(join(root, 'src', name), 'utf8').matchAll(/from '([^']+)'/g),
      (match) => match[1]!,
    ),
  }));
  expect(
    imports.filter(
      ({ name, imports: from }) => !usesNode(name) && from.some((path) => path.startsWith('node:')),
    ),
  ).toEqual([]);
  expect(imports.filter(({ imports: from }) => from.some((path) => /^(fp-ts|io-ts)\//.test(path)))).toEqual(
    [],
  );
});
