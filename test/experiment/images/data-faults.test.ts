import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { encodePng } from '../../../src/data/png.ts';
import { configCommand } from '../../../src/cli/config.ts';
import { experimentToRun } from '../../../src/experiment/run-settings.ts';
import { runStageOne } from '../../../src/experiment/stage-one/run-stage-one.ts';
import { runStageTwo } from '../../../src/experiment/stage-two/run-stage-two.ts';
import { ProgramError } from '../../../src/system/program.ts';
import { useBackend } from '../../support/backend.ts';

const scratch = mkdtempSync(join(tmpdir(), 'data-faults-'));
beforeAll(() => useBackend('wasm'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const PIXEL = encodePng({ height: 1, width: 1, channels: 1, pixels: Uint8Array.of(9) });
/** Five classes by five subgroups. */
const CELLS = Array.from({ length: 25 }, (_, i): [string, string] => [`y${Math.floor(i / 5)}`, `z${i % 5}`]);
/** Of the 2 × 2 cells of `benign`, `malignant` and `without`, `with`. */
const LESIONS = ['benign', 'malignant'].flatMap((y) =>
  ['without', 'with'].map((z): [string, string] => [y, z]),
);

/** A folder with one image of each cell in each split; its rows may be changed. */
function dataSet(
  name: string,
  cells: readonly (readonly [string, string])[],
  change: (rows: string[]) => string[] = (rows) => rows,
): void {
  const folder = join(scratch, name);
  mkdirSync(folder);
  const rows = ['train', 'val', 'test'].flatMap((split) =>
    cells.map(([y, z], i) => {
      writeFileSync(join(folder, `${split}-${i}.png`), PIXEL);
      return `${split}-${i}.png,${split},${y},${z}`;
    }),
  );
  writeFileSync(join(folder, 'metadata.csv'), change(['filename,split,y,z', ...rows]).join('\n'));
}

const LESION_NAMES = 'classes: [benign, malignant], subgroups: [without, with]';
const CELL_NAMES = 'classes: [y0, y1, y2, y3, y4], subgroups: [z0, z1, z2, z3, z4]';

function stageTwo(name: string, names: string, more: string): string {
  const file = join(scratch, `${name}.yaml`);
  const image = 'image: { height: 2, width: 2, channels: 1 }';
  writeFileSync(
    file,
    `version: 1\nkind: stage-2\ndata: { kind: folder, root: '\${DATA}/${name}', ${names}, ${image} }\nnetwork: { kind: multilayer-perceptron, hidden: [2] }\n${more}\n`,
  );
  return file;
}

function stageOne(name: string, more: string): string {
  const file = join(scratch, `${name}.yaml`);
  const image = 'image: { height: 10, width: 10, channels: 1 }';
  writeFileSync(
    file,
    `version: 1\nkind: stage-1\ndata: { kind: folder, root: '\${DATA}/${name}', ${LESION_NAMES}, ${image} }\ngenerator: { kind: unet, filters: [2, 2] }\ndiscriminator: { filters: [2, 2] }\n${more}\n`,
  );
  return file;
}

const roots = { DATA: scratch };

/** What the last check ended with. */
let last = '';

/** What `config check` writes to either stream, and how it ends. */
async function checked(...files: readonly string[]) {
  const written = { out: '', err: '' };
  const out = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    written.out += String(text);
    return true;
  });
  const err = vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    written.err += String(text);
    return true;
  });
  try {
    await configCommand().parseAsync(['check', ...files, '--root', `DATA=${scratch}`], { from: 'user' });
    return { ...written, code: 0 };
  } catch (error) {
    if (!(error instanceof ProgramError)) throw error;
    last = error.message;
    return { ...written, code: error.exitCode };
  } finally {
    out.mockRestore();
    err.mockRestore();
  }
}

/** How a program refuses an experiment. */
async function refused(file: string, stage: 'stage-1' | 'stage-2'): Promise<string> {
  const context = { say: () => undefined, stopRequested: () => false };
  const out = join(scratch, 'run');
  const ending =
    stage === 'stage-1'
      ? runStageOne(
          await experimentToRun(file, stage, { roots }),
          { out, backend: { name: 'wasm', device: 'test' } },
          context,
        )
      : runStageTwo(
          await experimentToRun(file, stage, { roots }),
          { out, backend: { name: 'wasm', device: 'test' } },
          context,
        );
  const error = await ending.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof ProgramError)) throw new Error(`expected a refusal, got ${String(error)}`);
  expect(error.exitCode).toBe(2);
  expect(existsSync(out)).toBe(false);
  return error.message;
}

const GDRO = 'method: { kind: group-dro }\ntraining: ';

describe('config check opens the data that are there', () => {
  it('and counts the groups that occur, not the cells', async () => {
    dataSet('ten', CELLS.slice(0, 10));
    const file = stageTwo('ten', CELL_NAMES, `${GDRO}{ batchSize: 10 }`);
    const { code, out, err } = await checked(file);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out.split('\n').slice(1, 3)).toEqual([
      '  roots: ${DATA}',
      '  data: 10 training images of 10 groups in metadata.csv',
    ]);
  });
  it('of three groups takes a batch of three', async () => {
    dataSet('three', LESIONS.slice(0, 3));
    expect((await checked(stageTwo('three', LESION_NAMES, `${GDRO}{ batchSize: 3 }`))).code).toBe(0);
  });
  it('also where other roots are not given', async () => {
    dataSet('camel', LESIONS);
    const from = "{ from: { kind: run, path: '${NOT_GIVEN}/stage-1' } }";
    const method = `method: { kind: camel, translations: { sources: [${from}] } }`;
    const { out } = await checked(stageTwo('camel', LESION_NAMES, method));
    expect(out).toContain('roots: ${DATA}, ${NOT_GIVEN} (not set)\n  data: 4 training images of 4 groups');
  });
  it('and says where there are none', async () => {
    const { code, out } = await checked(stageTwo('elsewhere', LESION_NAMES, `${GDRO}{ batchSize: 4 }`));
    expect(code).toBe(0);
    expect(out).toContain(`\n  data: not looked at: no folder ${join(scratch, 'elsewhere')}\n`);
  });
  it('and goes on with other files after a fault', async () => {
    dataSet('wrong', LESIONS, (rows) => ['filename,split,class,z', ...rows.slice(1)]);
    dataSet('good', LESIONS);
    const { code, out, err } = await checked(
      stageTwo('wrong', LESION_NAMES, `${GDRO}{ batchSize: 4 }`),
      stageTwo('good', LESION_NAMES, `${GDRO}{ batchSize: 4 }`),
    );
    expect(code).toBe(2);
    expect(err.split('\n')).toHaveLength(2);
    expect(out).toContain('good.yaml: right: ');
    expect(out).not.toContain('wrong.yaml');
  });
});

describe('config check and the programs refuse the same data in the same words, before there is a run', () => {
  it.each([
    [
      'a batch below the groups',
      'batch',
      CELLS.slice(0, 10),
      undefined,
      (name: string) => stageTwo(name, CELL_NAMES, `${GDRO}{ batchSize: 9 }`),
      'training.batchSize: expected at least 10, one image of each group of metadata.csv, found 9; set training.batchSize to 10 or more',
    ],
    [
      'a balanced batch of ERM below the groups',
      'erm',
      LESIONS.slice(0, 3),
      undefined,
      (name: string) =>
        stageTwo(name, LESION_NAMES, 'method: { kind: erm, sampling: balanced }\ntraining: { batchSize: 2 }'),
      'training.batchSize: expected at least 3, one image of each group of metadata.csv, found 2; set training.batchSize to 3 or more, or method.sampling to natural',
    ],
    [
      'one class',
      'one-class',
      LESIONS.slice(0, 2),
      undefined,
      (name: string) => stageTwo(name, LESION_NAMES, 'method: { kind: erm }'),
      'metadata.csv: expected training images of at least two classes, found those of class 0 (benign) only; put',
    ],
    [
      'a column that is missing',
      'column',
      LESIONS,
      (rows: string[]) => ['filename,split,class,z', ...rows.slice(1)],
      (name: string) => stageTwo(name, LESION_NAMES, 'method: { kind: erm }'),
      'metadata.csv',
    ],
    [
      'a value that no class has',
      'value',
      LESIONS,
      (rows: string[]) => rows.map((row) => row.replace('malignant', 'unsure')),
      (name: string) => stageTwo(name, LESION_NAMES, 'method: { kind: erm }'),
      'unsure',
    ],
    [
      'an image that is missing',
      'image',
      LESIONS,
      (rows: string[]) => rows.map((row) => row.replace('val-0.png', 'gone.png')),
      (name: string) => stageTwo(name, LESION_NAMES, 'method: { kind: erm }'),
      'gone.png: expected this image',
    ],
  ])('stage 2: %s', async (_, name, cells, change, write, expected) => {
    dataSet(name, cells, change);
    const file = write(name);
    const said = await refused(file, 'stage-2');
    expect(said).toContain(expected);
    expect(await checked(file)).toEqual({ code: 2, out: '', err: `${file}: ${said}\n` });
  });

  it.each([
    [
      'a domain without images',
      'domain',
      LESIONS.filter(([, z]) => z === 'without'),
      'pool: { capacity: 9 }',
      'translation.target: expected training images of subgroup 1 (with) in metadata.csv, found none',
    ],
    [
      'too few images for a gate',
      'gate',
      LESIONS,
      'gate: { kind: strict }',
      'gate: expected at least 4 validation images of group (Y=0)(Z=0) in metadata.csv, found 1',
    ],
    [
      'a batch of the gate below its groups',
      'gate-batch',
      [...LESIONS, ...LESIONS, ...LESIONS, ...LESIONS],
      'gate: { kind: strict, batchSize: 3 }',
      'gate.batchSize: expected at least 4, one image of each group of metadata.csv that it learns, found 3; set gate.batchSize to 4 or more',
    ],
    [
      // Of four images of a group two are held out, so of two groups four: one in four of them is one.
      'too few images that are measured',
      'gate-measured',
      [...LESIONS, ...LESIONS, ...LESIONS, ...LESIONS],
      'gate: { kind: strict, measureOneIn: 4 }',
      'gate.measureOneIn: expected less than 4, the held-out images of the source domain in metadata.csv, so that two of them are measured, found 4; set gate.measureOneIn to 3 or less',
    ],
    [
      'a balanced batch below the classes that a domain has',
      'balance',
      LESIONS,
      'training: { batchSize: 1, balanced: true }',
      'training.batchSize: expected at least 2, one image of each class of metadata.csv, found 1; set training.batchSize to 2 or more',
    ],
    [
      'more real images of a scarce class than a batch holds',
      'scarce',
      LESIONS,
      'training: { batchSize: 5, balanced: true, scarce: { kind: mixed } }\npool: { capacity: 0 }',
      'training.scarce.realInputs: expected at most 2, the images of a class in a batch of metadata.csv, found 3; set training.scarce.realInputs to 2 or less',
    ],
  ])('stage 1: %s', async (_, name, cells, more, expected) => {
    dataSet(name, cells);
    const file = stageOne(name, more);
    const said = await refused(file, 'stage-1');
    expect(said).toContain(expected);
    expect(await checked(file)).toEqual({ code: 2, out: '', err: `${file}: ${said}\n` });
  });
});

describe('config check --data', () => {
  it('ends with 2 if more images of a split are damaged than may be, and says how many may be then', async () => {
    dataSet('damaged', LESIONS);
    for (const name of ['train-0.png', 'train-1.png', 'test-0.png'])
      writeFileSync(join(scratch, 'damaged', name), 'no image');
    const file = stageTwo('damaged', LESION_NAMES, 'method: { kind: erm }\ntraining: { batchSize: 4 }');
    const check = (allowed: number) => checked(file, '--data', '--set', `data.skipDamaged=${allowed}`);
    const cure = `${file}: 3 damaged images; restore them, or set data.skipDamaged to 2`;
    expect(await check(1)).toMatchObject({ code: 2 });
    expect(last).toBe(cure);
    const allowed = await check(2);
    expect(allowed).toMatchObject({ code: 0 });
    expect(allowed.out).toContain('damaged: 3\n');
  });
});
