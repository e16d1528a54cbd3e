/** The programs of `examples`, each run as a reader would, at a tiny size on WebAssembly. */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'walkthroughs-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const run = (program: string, ...args: readonly string[]): Promise<string> =>
  new Promise((resolve, reject) => {
    const command = ['--conditions=source', '--import', 'tsx', `examples/${program}.ts`, ...args];
    const env = { ...process.env, MODEL_PATCHING_BACKEND: 'wasm' };
    execFile(process.execPath, command, { cwd: root, env }, (error, out, err) =>
      error === null ? resolve(out) : reject(new Error(`${error.message}\n${err}`)),
    );
  });

it('own-loop: group DRO with consistency does not fall for the second coordinate', async () => {
  const out = await run('own-loop');
  const [, worst] = /^worst group \S+: (\d+\.\d) %$/m.exec(out) ?? [];
  // A classifier of the first coordinate alone is right on Φ(1.5) = 93.3 % of every group, one of the second on 50 %.
  expect(Number(worst)).toBeGreaterThan(85);
  expect(out.match(/^\(Y=\d\)\(Z=\d\) /gm)).toHaveLength(4);
});

it('report: the groups of a file of predictions, with what was not measured', async () => {
  const file = join(scratch, 'predictions.csv');
  writeFileSync(
    file,
    [
      'label,group,split,p0,p1',
      ...['0,cat,train,0,0', '0,cat,train,0,0', '1,dog on grass,train,0,0', '1,dog on snow,train,0,0'],
      ...['0,cat,test,0.9,0.1', '1,dog on grass,test,0.2,0.8', '1,dog on grass,test,0.6,0.4'],
    ].join('\n'),
  );
  const out = await run('report', file);
  expect(out).toContain('dog on grass: 50.0 %');
  expect(out).toContain('dog on snow: – of 0');
  // 2 cats right, of one dog on grass a half: 2.5 of 3.
  expect(out).toContain('average: 83.3 %; gap within a class: –');
  expect(out).toContain('no images of dog on snow');
});

it('pipeline: both stages, composed from the public functions', async () => {
  const out = await run('pipeline', '--steps', '4', '--width', '0.1', '--images', '240');
  expect(out).toMatch(/^backend wasm/);
  expect(out).toMatch(/^stage 1, step 4: /m);
  expect(out).toMatch(/^stage 2, step 4: /m);
  expect(out).toMatch(/^worst group \(Y=[01]\)\(Z=[01]\): \d+\.\d %$/m);
});

it('cyclegan: generators, the gate that judges them, weights and a picture', async () => {
  const out = join(scratch, 'cyclegan');
  const said = await run('cyclegan', '--steps', '2', '--width', '0.06', '--gate-steps', '4', '--out', out);
  const [, measure] = /^gate (\{.*\})$/m.exec(said) ?? [];
  expect(JSON.parse(measure!)).toHaveProperty('flipRate.toTarget');
  expect(readFileSync(join(out, 'gallery.png')).subarray(1, 4).toString()).toBe('PNG');
  for (const name of ['to-target', 'to-source'])
    expect(existsSync(join(out, `${name}.safetensors`))).toBe(true);
});

it.each([
  ['pipeline', ['--steps', 'abc'], 'pipeline: --steps: expected an integer above 0, found "abc"; correct it'],
  [
    'cyclegan',
    ['--gate-steps', '1.5'],
    'cyclegan: --gate-steps: expected an integer above 0, found 1.5; correct it',
  ],
  ['cyclegan', ['--width', '-1'], 'cyclegan: --width: expected a number above 0, found -1; correct it'],
  ['report', ['no-such-file.csv'], 'report: expected a CSV file, found no-such-file.csv; '],
])('%s refuses %j in a line', async (program, args, line) => {
  const [option, value] = args;
  const given = value === undefined ? args : [`${option!}=${value}`];
  const refused = await run(program, ...given).then(
    () => '',
    (error: unknown) => (error as Error).message,
  );
  // Node puts the command before what it said on the error stream, which `run` repeats.
  const [, ...said] = refused.split('\n').filter((each) => each !== '');
  expect(new Set(said).size, refused).toBe(1);
  expect(said[0]).toContain(line);
});
