import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** tfjs-node calls `util.isNullOrUndefined`, which Node 23 removed; taking it away makes any Node like that one. */
const PROGRAM = `
  import util from 'node:util';
  import { selectBackend } from 'model-patching/node';
  delete util.isNullOrUndefined;
  const before = util.isNullOrUndefined;
  await selectBackend({ name: 'tensorflow' }).catch(() => undefined);
  console.log(JSON.stringify([before === undefined, [null, undefined, 0, ''].map((value) => util.isNullOrUndefined(value))]));`;

async function restored(node: string): Promise<unknown> {
  const programArguments = ['--conditions=source', '--import', 'tsx', '--input-type=module', '-e', PROGRAM];
  const { stdout } = await promisify(execFile)(node, programArguments, { cwd: root });
  return JSON.parse(stdout.trim().split('\n').at(-1)!);
}

it('choosing the native backend restores what tfjs-node calls and later Nodes lack', async () => {
  expect(await restored(process.execPath)).toEqual([true, [true, true, false, false]]);
});

it('and does so on the other Nodes that MODEL_PATCHING_NODES names, separated by colons', async () => {
  const nodes = (process.env['MODEL_PATCHING_NODES'] ?? '').split(':').filter((node) => node !== '');
  if (nodes.length === 0) console.log('no other Node is tried: MODEL_PATCHING_NODES names none');
  for (const node of nodes) expect(await restored(node), node).toEqual([true, [true, true, false, false]]);
});
