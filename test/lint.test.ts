import { fileURLToPath } from 'node:url';
import { ESLint } from 'eslint';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const eslint = new ESLint({ cwd: root });

/** Rules of ours that a line breaks if it stands in a file of src. */
async function broken(line: string, file: string): Promise<readonly (string | null)[]> {
  const text = `import * as tf from '@tensorflow/tfjs';\n${line}\nvoid tf;\n`;
  const [result] = await eslint.lintText(text, { filePath: `${root}/src/${file}` });
  return result!.messages.map(({ ruleId }) => ruleId).filter((rule) => rule?.startsWith('no-restricted'));
}

describe('lint holds the core to what CONTRIBUTING says', { timeout: 60_000 }, () => {
  const [core, training, wasm] = ['cross-entropy.ts', 'training/loop.ts', 'wasm/backend.ts'] as const;

  it.each([
    ['void Math.random();', [core, training], [wasm]],
    ['void Date.now();', [core, training], [wasm]],
    ['void new Date();', [core, training], [wasm]],
    ['void performance;', [core, training], [wasm]],
    ['void process;', [core, training], [wasm]],
    ["void tf.setBackend('cpu');", [core, training], [wasm]],
    ['void tf.scalar(1).dataSync();', [core, training], [wasm]],
    ['void tf.scalar(1).arraySync();', [core, training], [wasm]],
    ['tf.scalar(1).print();', [core, training], [wasm]],
    ['await tf.scalar(1).data();', [core], [training, wasm]],
    ['await tf.scalar(1).array();', [core], [training, wasm]],
    ["import 'node:fs';", [core, training, 'data/csv.ts', 'config/json.ts', wasm], ['system/program.ts']],
    ["import '../training/loop.ts';", ['gan/quality-gate.ts'], []],
    ["import '../data/csv.ts';", ['gan/quality-gate.ts', training, wasm], ['config/json.ts']],
    ["import '../config/json.ts';", ['gan/quality-gate.ts', training, wasm, 'data/csv.ts'], []],
    [
      "import '../gan/index.ts';",
      [core, training, 'data/csv.ts', 'config/json.ts', wasm, 'system/program.ts'],
      [],
    ],
    ["export * from './gan/index.ts';", [core, 'index.ts'], []],
    ["import '../system/program.ts';", [core, training, 'data/csv.ts', 'config/json.ts', wasm], []],
  ] as const)('%s', async (line, forbidden, allowed) => {
    for (const file of forbidden) expect(await broken(line, file), file).toHaveLength(1);
    for (const file of allowed) expect(await broken(line, file), file).toEqual([]);
  });
});
