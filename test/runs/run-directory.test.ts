import { spawn } from 'node:child_process';
import { appendFile, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { either as E } from 'fp-ts';
import fc from 'fast-check';
import * as t from 'io-ts';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { formatDataError } from '../../src/data/data-error.ts';
import { writeFileAtomically } from '../../src/system/atomic-file.ts';
import { openRun, readSettingsFile, type Run } from '../../src/runs/run-directory.ts';
import { tidyFolder } from '../../src/runs/run-lock.ts';
import { lockFolder } from '../../src/runs/run-lock.ts';
import { encodeSafetensors } from '../../src/runs/safetensors.ts';
import { useBackend } from '../support/backend.ts';

let root = '';
let folder = '';
let tensors = 0;
beforeAll(async () => {
  await useBackend('cpu');
  root = await mkdtemp(join(tmpdir(), 'run-directory-'));
});
afterAll(() => rm(root, { recursive: true }));
beforeEach(async () => {
  folder = join(await mkdtemp(join(root, 'case-')), 'run');
  tensors = tf.memory().numTensors;
});
afterEach(() => expect(tf.memory().numTensors).toBe(tensors));

function right<A>(decoded: E.Either<Parameters<typeof formatDataError>[0], A>): A {
  if (E.isLeft(decoded)) throw new Error(formatDataError(decoded.left));
  return decoded.right;
}
function line(decoded: E.Either<Parameters<typeof formatDataError>[0], unknown>): string {
  if (E.isRight(decoded)) throw new Error('expected a fault, found none');
  return formatDataError(decoded.left);
}

const STEPS = 11;
const EVERY = 2;
/** Scores of the checkpoints after 2, 4, …, with ties. */
const SCORES = [0.3, 0.7, 0.5, 0.7, 0.6, 0.7];

interface Crash {
  /** After so many things done since the start of the process. */
  readonly after: number;
  readonly tornLine: boolean;
  readonly newest: 'whole' | 'cut' | 'flipped';
  /** Whether a checkpoint that was due was written and its score not noted. */
  readonly beforeBest: boolean;
}

class Killed extends Error {}

/** A run whose state is a number that depends on every step, killed where `crash` says. */
async function work(path: string, crash?: Crash): Promise<void> {
  const run = right(await openRun(path, { seed: 1 }));
  let left = crash?.after ?? Infinity;
  const killHere = (): void => {
    if (left-- <= 0) throw new Killed();
  };
  const initial = { value: tf.scalar(1) };
  const resumed = right(await run.resume(initial));
  let state = resumed?.state ?? initial;
  if (resumed !== null) initial.value.dispose();
  try {
    for (let step = (resumed?.step ?? 0) + 1; step <= STEPS; step++) {
      const value = tf.tidy(() => state.value.mul<tf.Scalar>(0.75).add<tf.Scalar>(step));
      state.value.dispose();
      state = { value };
      killHere();
      await run.log([{ step, kind: 'training', loss: (await value.data())[0] }]);
      if (step % EVERY !== 0 && step !== STEPS) continue;
      killHere();
      await run.log([{ step, kind: 'evaluation' }]);
      killHere();
      const score = SCORES[Math.ceil(step / EVERY) - 1]!;
      if (crash?.beforeBest === true && left === 0) {
        const file = join(path, 'checkpoints', `step-${String(step).padStart(9, '0')}.safetensors`);
        await writeFileAtomically(
          file,
          await encodeSafetensors(state, { step: `${step}`, score: `${score}` }),
        );
        throw new Killed();
      }
      await run.checkpoint(step, state, score);
    }
    killHere();
    await run.finish({ steps: STEPS });
    await run.close();
  } catch (error) {
    if (!(error instanceof Killed)) throw error;
    await rm(join(path, 'lock'));
  } finally {
    state.value.dispose();
  }
}

async function harm(path: string, { tornLine, newest }: Crash): Promise<void> {
  if (tornLine) await appendFile(join(path, 'metrics.jsonl'), '{"step":3,"ki');
  const files = (await readdir(join(path, 'checkpoints'))).sort();
  if (newest === 'whole' || files.length < 2) return;
  const file = join(path, 'checkpoints', files.at(-1)!);
  const bytes = await readFile(file);
  bytes[bytes.length - 2]! ^= 4;
  await writeFile(file, newest === 'cut' ? bytes.subarray(0, bytes.length >> 1) : bytes);
}

/** All that a finished run leaves, by file, but for its time. */
async function contents(path: string): Promise<Record<string, string>> {
  const names = (await readdir(path, { recursive: true, withFileTypes: true })).filter(
    (entry) => entry.isFile() && entry.name !== 'elapsed.json',
  );
  const files = names.map(({ parentPath, name }) => join(parentPath, name)).sort();
  return Object.fromEntries(
    await Promise.all(
      files.map(async (file) => [file.slice(path.length), await readFile(file, 'latin1')] as const),
    ),
  );
}

describe('a run that was interrupted', () => {
  it('leaves the same files as one that never was, wherever and however often it was killed', async () => {
    const whole = join(root, 'whole');
    await work(whole);
    const expected = await contents(whole);
    expect(expected['/metrics.jsonl']!.trimEnd().split('\n')).toHaveLength(STEPS + 6);
    expect(expected['/best.json']).toBe('{"step":4,"score":0.7}\n');
    expect(Object.keys(expected)).toEqual([
      '/best.json',
      ...['04', '10', '11'].map((step) => `/checkpoints/step-0000000${step}.safetensors`),
      '/metrics.jsonl',
      '/run.json',
    ]);

    const crash = fc.record<Crash>({
      after: fc.nat({ max: STEPS + 2 * 6 }),
      tornLine: fc.boolean(),
      newest: fc.constantFrom('whole', 'cut', 'flipped'),
      beforeBest: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(crash, { maxLength: 3 }), async (crashes) => {
        const path = await mkdtemp(join(root, 'killed-'));
        for (const each of crashes) {
          await work(path, each);
          await harm(path, each);
        }
        await work(path);
        expect(await contents(path)).toEqual(expected);
        await rm(path, { recursive: true });
      }),
      {
        numRuns: 40,
        // Killed between the last checkpoint and the removal of the one that it replaces.
        examples: [[[{ after: STEPS + 2 * 6, tornLine: false, newest: 'whole', beforeBest: true }]]],
      },
    );
  });

  it('says which checkpoints were damaged, and begins anew without a whole one', async () => {
    let run = right(await openRun(folder, null));
    const state = { a: tf.tensor1d([1, 2]) };
    for (const step of [1, 2]) {
      await run.log([{ step, loss: Number.NaN }]);
      await run.checkpoint(step, state, step);
    }
    await run.close();
    for (const step of [1, 2])
      await writeFile(join(folder, `checkpoints/step-00000000${step}.safetensors`), 'damaged!');
    run = right(await openRun(folder, null));
    const told: string[] = [];
    expect(right(await run.resume(state, ({ where }) => told.push(where)))).toBeNull();
    expect(told.map((where) => where.match(/\d{9}/)![0])).toEqual(['000000002', '000000001']);
    expect(await run.records()).toEqual([]);
    expect(right(await run.best(state))).toBeNull();
    expect(await run.latestFile()).toBeNull();
    await run.close();
    tf.dispose(state);
  });

  it('is tidied of what killed processes left, but not of what others hold', async () => {
    await mkdir(folder);
    const names = [
      'lock.01234567-89ab-cdef-0123-456789abcdef',
      '.x.01234567-89ab-cdef-0123-456789abcdef.tmp',
    ];
    const own =
      (await readFile('/proc/self/stat', 'utf8').catch(() => '')).split(') ')[1]?.split(' ')[19] ?? '';
    const [stale, held] = ['999999999 1 gone\n', `${process.pid} ${own} here\n`];
    for (const name of ['lock', ...names]) await writeFile(join(folder, name), stale);
    await tidyFolder(folder);
    expect(await readdir(folder)).toEqual([]);
    for (const name of ['lock', ...names]) await writeFile(join(folder, name), held);
    await tidyFolder(folder);
    expect(await readdir(folder)).toHaveLength(3);
    await writeFile(join(folder, 'lock'), stale);
    await tidyFolder(folder);
    expect(await readdir(folder)).toEqual([names[0]]);
    await tidyFolder(join(folder, 'no such folder'));
  });

  it('removes half-written files that a killed process left', async () => {
    await right(await openRun(folder, 1)).close();
    const abandoned = '.x.01234567-89ab-cdef-0123-456789abcdef.tmp';
    await writeFile(join(folder, abandoned), '');
    await writeFile(join(folder, 'checkpoints', abandoned), '');
    await right(await openRun(folder, 1)).close();
    expect(await readdir(folder, { recursive: true })).not.toContain(abandoned);
    expect(await readdir(join(folder, 'checkpoints'))).toEqual([]);
  });
});

describe('checkpoints', () => {
  let run: Run;
  beforeEach(async () => {
    run = right(await openRun(folder, { seed: 1 }));
  });
  const write = async (step: number, score?: number): Promise<void> => {
    const state = { a: tf.scalar(step) };
    await run.checkpoint(step, state, score);
    tf.dispose(state);
  };
  const best = async (): Promise<[number, number, number] | null> => {
    const expected = { a: tf.scalar(0) };
    const found = right(await run.best(expected));
    const value = found === null ? 0 : (await found.state.a.data())[0]!;
    tf.dispose([expected, found?.state ?? {}]);
    return found === null ? null : [found.step, found.score, value];
  };

  it('keep the first of the best scores and the two newest', async () => {
    expect(await best()).toBeNull();
    await write(1, 0.1);
    await write(2, 0.9);
    await write(3, 0.9);
    for (const step of [4, 5, 6]) await write(step, 0.5);
    await write(7);
    await write(8, Number.NaN);
    expect(await best()).toEqual([2, 0.9, 2]);
    expect((await readdir(join(folder, 'checkpoints'))).map((file) => Number(/\d+/.exec(file)![0]))).toEqual([
      2, 7, 8,
    ]);
    expect(await run.latestFile()).toBe(join(folder, 'checkpoints/step-000000008.safetensors'));
    await run.close();
  });

  it.each([
    ['whole', 30, []],
    ['damaged', 10, [30]],
  ])('keep the newest of some steps, and go back to it where it is %s', async (how, to, damaged) => {
    run.keepAlso((step) => step % 10 === 0);
    await write(10, 0.9);
    for (const step of [20, 30]) await write(step, 0.5);
    // What stops leave between two of them.
    for (const step of [31, 32, 33]) await write(step);
    const files = () => readdir(join(folder, 'checkpoints'));
    expect((await files()).map((file) => Number(/\d+/.exec(file)![0]))).toEqual([10, 30, 32, 33]);
    if (how === 'damaged') await writeFile(join(folder, 'checkpoints/step-000000030.safetensors'), 'none');
    const told: (readonly string[])[] = [];
    const expected = { a: tf.scalar(0) };
    const { step, state } = right(
      await run.resume(expected, ({ where, cure }) => void told.push([where, cure]), true),
    )!;
    tf.dispose([state, expected]);
    expect(step).toBe(to);
    expect(told).toEqual(
      damaged.map((at) => [
        join(folder, `checkpoints/step-0000000${at}.safetensors`),
        'an older checkpoint is taken',
      ]),
    );
    expect(await files()).toHaveLength(2 - damaged.length);
    await run.close();
  });

  it('count negative scores', async () => {
    await write(1, -5);
    await write(2, -3);
    expect(await best()).toEqual([2, -3, 2]);
    await run.close();
  });

  it('note the score of one whose process died before it could', async () => {
    await write(1, 0.1);
    await write(2, 0.8);
    await writeFile(join(folder, 'best.json'), '{"step":1,"score":0.1}\n');
    const expected = { a: tf.scalar(0) };
    tf.dispose(right(await run.resume(expected))!.state);
    tf.dispose(expected);
    expect(await best()).toEqual([2, 0.8, 2]);
    await run.close();
  });

  it('forget the score of a damaged one, which is written again with another', async () => {
    await write(1);
    await write(2, 0.9);
    await writeFile(join(folder, 'checkpoints/step-000000002.safetensors'), 'damaged!');
    const expected = { a: tf.scalar(0) };
    tf.dispose(right(await run.resume(expected))!.state);
    tf.dispose(expected);
    expect(await best()).toBeNull();
    await write(2, 0.1);
    expect(await best()).toEqual([2, 0.1, 2]);
    await run.close();
  });

  /** Goes on with the run; what was told, and the step. */
  const resume = async (): Promise<{ told: string[]; step: number | null | string }> => {
    const expected = { a: tf.scalar(0) };
    const told: string[] = [];
    const found = await run.resume(expected, ({ where, found: what, cure }) =>
      told.push(`${where.slice(folder.length + 1)}: ${what}; ${cure}`),
    );
    if (E.isRight(found)) tf.dispose(found.right?.state ?? {});
    tf.dispose(expected);
    return { told, step: E.isLeft(found) ? line(found) : (found.right?.step ?? null) };
  };
  const flip = async (name: string, place = -2): Promise<void> => {
    const bytes = await readFile(join(folder, name));
    bytes[bytes.length + place]! ^= 4;
    await writeFile(join(folder, name), bytes);
  };
  const file = (step: number): string => `checkpoints/step-00000000${step}.safetensors`;
  const DAMAGED = 'others: the file is damaged';

  it('of which the best one is damaged are gone back to before it, so that it is made again', async () => {
    await run.close();
    run = right(await openRun(folder, { seed: 1 }, { keep: null }));
    await write(1, 0.2);
    await write(2, 0.9);
    for (const step of [3, 4]) await write(step, 0.5);
    await flip(file(2));
    expect(await resume()).toEqual({
      told: [`${file(2)}: ${DAMAGED}; an older checkpoint is taken`],
      step: 1,
    });
    expect(await readdir(join(folder, 'checkpoints'))).toEqual(['step-000000001.safetensors']);
    await write(2, 0.9);
    expect(await best()).toEqual([2, 0.9, 2]);
    await run.close();
  });

  it('of which the best one is damaged and none is older are refused, and nothing is removed', async () => {
    await write(2, 0.9);
    for (const step of [3, 4]) await write(step, 0.5);
    await flip(file(2));
    const { told, step } = await resume();
    expect(told).toEqual([]);
    expect(step).toContain(
      `${DAMAGED}; it is the best one and none is older: restore it from a copy, or remove ${folder}/checkpoints, and the same command trains it again`,
    );
    expect(await readdir(join(folder, 'checkpoints'))).toHaveLength(3);
    await run.close();
  });

  it('tell the best one by their scores where the file that names it is damaged', async () => {
    await write(2, 0.9);
    for (const step of [3, 4]) await write(step, 0.5);
    await writeFile(join(folder, 'best.json'), '{"step":2,"sc');
    expect(await resume()).toEqual({ told: [], step: 4 });
    expect(await best()).toEqual([2, 0.9, 2]);
    await run.close();
  });

  it('before a line that was cut off are gone back to, so that it is logged again', async () => {
    for (const step of [1, 2, 3, 4]) {
      await run.log([{ step, loss: 1 }]);
      if (step % 2 === 0) await write(step);
    }
    const path = join(folder, 'metrics.jsonl');
    const whole = await readFile(path, 'utf8');
    for (const torn of [whole.slice(0, -5), whole.replace('{"step":3,"loss":1}', '{"step":3,"lo')]) {
      await writeFile(path, torn);
      const { told, step } = await resume();
      expect([told.length, step]).toEqual([1, 2]);
      expect(told[0]).toMatch(
        /^metrics\.jsonl: a line that is cut off after step [23]; an older checkpoint is taken$/,
      );
      expect(await run.records()).toEqual([1, 2].map((logged) => ({ step: logged, loss: 1 })));
      await run.log([3, 4].map((logged) => ({ step: logged, loss: 1 })));
      await write(4);
      expect(await readFile(path, 'utf8')).toBe(whole);
    }
    // The first checkpoint is older than nothing: what is left of the log stays.
    await writeFile(path, whole.replace('{"step":1,"loss":1}', '{"step":1,"lo'));
    expect(await resume()).toEqual({
      told: [
        'metrics.jsonl: a line that is cut off after step 0; the run goes on without that line, since no checkpoint is older',
      ],
      step: 4,
    });
    expect(await run.records()).toEqual([2, 3, 4].map((logged) => ({ step: logged, loss: 1 })));
    await run.close();
  });

  it('of other networks are refused by path and shapes, and the log stays', async () => {
    await run.log([{ step: 9, loss: 1 }]);
    await write(1, 1);
    const expected = { a: tf.zeros([2, 2]) };
    const message =
      /step-000000001\.safetensors, a: expected float32 \[2, 2\], found float32 \[\]; use a checkpoint/;
    expect(line(await run.resume(expected))).toMatch(message);
    expect(line(await run.best(expected))).toMatch(message);
    expect(await run.records()).toHaveLength(1);
    tf.dispose(expected);
    await run.close();
  });

  it.each([-1, 0.5, 1e9, Number.NaN])('refuse the step %s', async (step) => {
    const state = { a: tf.scalar(1) };
    await expect(run.checkpoint(step, state)).rejects.toThrow(
      /step: expected an integer from 0 to 999999999, received/,
    );
    tf.dispose(state);
    await run.close();
  });
});

describe('settings', () => {
  const settings = { seed: 1, stage2: { rate: 0.1, steps: 10, filters: [1, 2] }, methods: ['erm'] };

  it('bind a run, in any order of their keys; those that differ are named with both values', async () => {
    await right(await openRun(folder, settings)).close();
    await right(
      await openRun(folder, { methods: ['erm'], stage2: { filters: [1, 2], steps: 10, rate: 0.1 }, seed: 1 }),
    ).close();
    const other = { seed: 1, stage2: { rate: 0.2, steps: 10, filters: [1, 3] }, extra: true };
    expect(line(await openRun(folder, other))).toBe(
      `${folder}/run.json: expected a run of the same settings, found stage2.rate: 0.1 there, 0.2 here; ` +
        'stage2.filters: [1,2] there, [1,3] here; methods: ["erm"] there, nothing here; extra: nothing there, true here; ' +
        'use the settings of that run, or choose another folder',
    );
    // The refusal has given the lock back.
    await right(await openRun(folder, settings)).close();
  });

  it('that differ in many places are counted', async () => {
    await right(await openRun(folder, { a: 1, b: 1, c: 1, d: 1, e: 1, f: 1 })).close();
    expect(line(await openRun(folder, {}))).toContain('d: 1 there, nothing here; and 2 more;');
  });

  it.each(['', '{"format":2', '[]', '{"format":1,"settings":{}}', 'line\nline'])(
    'in a file of %j are none',
    async (text) => {
      await mkdir(folder);
      await writeFile(join(folder, 'run.json'), text);
      const message = line(await openRun(folder, settings));
      expect(message).toContain('expected the settings file of a run, format 2, found ');
      expect(message).not.toContain('\n');
    },
  );

  it('may have more beside them, which is handed on', async () => {
    await mkdir(folder);
    const path = join(folder, 'experiment.json');
    expect(right(await readSettingsFile(path, settings))).toBeNull();
    await writeFile(path, JSON.stringify({ format: 2, settingsHash: '', settings, seconds: 3 }));
    expect(right(await readSettingsFile(path, { ...settings, absent: undefined }))).toMatchObject({
      seconds: 3,
    });
  });
});

describe('a run that is gone on with', () => {
  const fault = (where: string) => ({ where, expected: 'an image', found: 'none', cure: 'fetch it' });

  it('keeps its time and the images that it skipped with every checkpoint, and on request', async () => {
    let run = right(await openRun(folder, 1));
    run.skipped.of('train').set('b', fault('b'));
    run.skipped.of('test').set('a', fault('a'));
    const state = { value: tf.scalar(1) };
    await run.checkpoint(1, state).finally(() => tf.dispose(state));
    run.skipped.of('train').set('c', fault('c'));
    await run.close();
    await writeFile(join(folder, 'elapsed.json'), '{ "seconds": 1000 }');
    run = right(await openRun(folder, 1));
    expect(run.skipped.all()).toEqual([fault('a'), fault('b')]);
    expect(Math.floor(run.seconds() / 100)).toBe(10);
    run.skipped.of('validation').set('d', fault('d'));
    await run.keep();
    await run.close();
    run = right(await openRun(folder, 1));
    expect(run.skipped.all().map(({ where }) => where)).toEqual(['a', 'b', 'd']);
    expect(run.seconds()).toBeGreaterThan(1000);
    await run.close();
  });

  it('is refused where its list of skipped images is none', async () => {
    await mkdir(folder);
    await writeFile(join(folder, 'damaged.json'), '{ "train": 3 }');
    expect(line(await openRun(folder, 1))).toContain(`${join(folder, 'damaged.json')}: train: expected `);
  });
});

describe('a finished run', () => {
  it('is refused where its outcome is none of its kind, and its folder is free again', async () => {
    const run = right(await openRun(folder, 1));
    await run.finish({ accuracy: 'high' });
    await run.close();
    const outcome = t.type({ accuracy: t.number });
    expect(line(await openRun(folder, 1, { outcome }))).toBe(
      `${join(folder, 'run.json')}: outcome: accuracy: expected number, found "high"; delete the folder or choose another one`,
    );
    await right(await openRun(folder, 1)).close();
  });

  it('keeps its outcome', async () => {
    let run = right(await openRun(folder, { seed: 1 }));
    expect(run.outcome).toBeUndefined();
    await run.log([
      { step: 1, loss: 2 },
      { step: 2, loss: 1 },
    ]);
    await run.finish({ accuracy: 0.5 });
    expect(run.outcome).toEqual({ accuracy: 0.5 });
    await run.close();
    run = right(await openRun(folder, { seed: 1 }));
    expect(run.outcome).toEqual({ accuracy: 0.5 });
    expect(await run.records()).toEqual([
      { step: 1, loss: 2 },
      { step: 2, loss: 1 },
    ]);
    await run.close();
  });
});

describe('the lock of a folder', () => {
  it('refuses a second writer until the first has closed', async () => {
    const run = right(await openRun(folder, 1));
    expect(line(await openRun(folder, 1))).toBe(
      `${folder}: expected a run that nobody else is writing, found process ${process.pid} at work on it; wait for it, stop it, or choose another folder`,
    );
    await run.close();
    const next = right(await openRun(folder, 1));
    await run.close(); // A second time, which must not take the next one's lock away.
    expect(E.isLeft(await openRun(folder, 1))).toBe(true);
    await next.close();
  });

  it('refuses while another process lives, and is taken over once it is gone', async () => {
    const module = JSON.stringify(new URL('../../src/runs/run-lock.ts', import.meta.url).href);
    const script = `const { lockFolder } = await import(${module}); await lockFolder(process.argv[1]); console.log('held'); setInterval(() => 0, 1000);`;
    const child = spawn(process.execPath, [
      '--conditions=source',
      '--import',
      'tsx',
      '--input-type=module',
      '-e',
      script,
      folder,
    ]);
    const errors: string[] = [];
    child.stderr.on('data', (text: Buffer) => errors.push(String(text)));
    await new Promise<void>((resolve, reject) => {
      child.stdout.once('data', () => resolve());
      child.once('exit', () => reject(new Error(errors.join(''))));
    });
    expect(line(await openRun(folder, 1))).toContain(`found process ${child.pid} at work on it`);
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
    await right(await openRun(folder, 1)).close();
  });

  it.each([
    ['of a process that never was', `${2 ** 22 + 5} 1 x\n`],
    ['of this number, given to another process before', `${process.pid} 1 x\n`],
    ['that is empty', ''],
    ['that is none', 'what?\n'],
  ])('%s is taken over', async (_, text) => {
    await mkdir(folder);
    await writeFile(join(folder, 'lock'), text);
    const unlock = right(await lockFolder(folder));
    expect(E.isLeft(await lockFolder(folder))).toBe(true);
    await unlock();
    expect(await readdir(folder)).toEqual([]);
  });

  it('goes to one of many that want it at once, stale or not', async () => {
    for (const stale of [undefined, `${process.pid} 1 x\n`]) {
      await mkdir(folder, { recursive: true });
      if (stale !== undefined) await writeFile(join(folder, 'lock'), stale);
      const all = await Promise.all(Array.from({ length: 8 }, () => lockFolder(folder)));
      const holders = all.filter(E.isRight);
      expect(holders).toHaveLength(1);
      await holders[0]!.right();
    }
  });
});

describe('a folder that cannot be', () => {
  it('is what the file system says: a file', async () => {
    await writeFile(folder, '');
    await expect(openRun(folder, 1)).rejects.toMatchObject({ code: 'EEXIST', path: folder });
  });

  it('or a path below a file', async () => {
    await writeFile(folder, '');
    await expect(openRun(join(folder, 'below'), 1)).rejects.toMatchObject({ code: 'ENOTDIR' });
  });

  it('or one where the system makes no folders, which is said at once', { timeout: 5000 }, async () => {
    await expect(openRun('/proc/nowhere/run', 1)).rejects.toMatchObject({
      code: expect.stringMatching(/^(ENOENT|EACCES|EPERM|EROFS)$/),
    });
  });

  it('and the lock is given back when opening fails halfway', async () => {
    await mkdir(join(folder, 'run.json'), { recursive: true });
    await expect(openRun(folder, 1)).rejects.toMatchObject({ code: 'EISDIR' });
    expect(await readdir(folder)).toEqual(['run.json']);
  });
});
