/** What ends or stops a program from outside: kills, signals, another program, the end of the process beside it. */
import { execFileSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { builtProgram, type BuiltProgram, type StartOptions } from './built-program.ts';
import { folderDifferences } from './compare-folders.ts';
import { killStudies, referenceOf } from './killed-study.ts';
import type { Plan } from './planned-fault.ts';
import { FOLDER, studyArguments, withDigits, type StudyName } from './studies.ts';

const FULL = process.env['MODEL_PATCHING_FULL'] === '1';
const TIMEOUT = { timeout: FULL ? 3_600_000 : 120_000 };
const scratch = mkdtempSync(join(tmpdir(), 'processes-'));
let program: BuiltProgram;
let data: string;
const reference = new Map<StudyName, string>();

beforeAll(async () => {
  program = await builtProgram(scratch);
  data = await withDigits(join(scratch, 'data'));
  for (const name of FULL ? (['tiny', 'beside'] as const) : (['tiny'] as const))
    reference.set(name, (await referenceOf(name, { program, data, scratch })).folder);
}, 300_000);
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

let cases = 0;
/** A stop writes a checkpoint after any step. It stays as long as it is the second newest, in place of another one. */
const OLDER_CHECKPOINT = /step-(?!000000004|000000012|000000260)\d+\.safetensors: (missing|too many)$/;

/** A folder of its own for a study that is started any number of times. */
function study(name: StudyName = 'tiny') {
  const cwd = join(scratch, `case-${cases++}`);
  return {
    out: join(cwd, FOLDER),
    start: (options: StartOptions = {}) => program.run(studyArguments(name, data), { cwd, ...options }),
    differences: () => folderDifferences(reference.get(name)!, join(cwd, FOLDER)),
    /** Without checkpoints that stops have made or replaced. */
    differencesAfterStop: () =>
      folderDifferences(reference.get(name)!, join(cwd, FOLDER)).filter(
        (line) => !OLDER_CHECKPOINT.test(line),
      ),
  };
}

it('a study that is killed at random moments leaves the files of one that is not', TIMEOUT, async () => {
  const seed = randomInt(2 ** 31);
  const kills = FULL ? 100 : 3;
  const studies = FULL ? (['tiny', 'beside'] as const) : (['tiny'] as const);
  const folder = join(scratch, 'kills');
  const result = await killStudies({ program, data, scratch: folder, kills, seed, studies });
  expect(result.wrong, `npm run faults -- --kills ${kills} --seed ${seed}`).toEqual([]);
  const total = Object.values(result.kills).reduce((sum, count) => sum + count, 0);
  expect([total, result.ended >= studies.length]).toEqual([kills, true]);
});

/** Where a signal comes: at the first change of a file that matches. */
const PHASES: Readonly<Record<string, string>> = {
  'before the first run': '^mkdir study$',
  'gate classifiers': '^mkdir .*/gate-checkpoints/label$',
  'stage 1': '^append .*/stage-1/metrics\\.jsonl$',
  'the report of stage 1': '^open .*/stage-1/\\.report\\.html',
  'stage 2': '^append .*/erm/metrics\\.jsonl$',
  'the evaluation of stage 2': '^rename .*/erm/checkpoints/step-000000004\\.safetensors$',
  translation: '^mkdir .*/translations/.*/\\.\\(Y=0\\)',
};
const signalled = (of: string, signal: NodeJS.Signals): Plan => ({ of, at: 1, what: { signal } });

const SIGNALS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGUSR2'];
const STOPS: readonly (readonly [phase: string, signal: NodeJS.Signals])[] = FULL
  ? Object.keys(PHASES).flatMap((phase) => SIGNALS.map((signal) => [phase, signal] as const))
  : [['stage 1', 'SIGUSR2']];

describe('a signal', () => {
  it.each(STOPS)(
    'during %s, %s, ends with exit code 75, and the same command goes on',
    TIMEOUT,
    async (phase, signal) => {
      const { start, differencesAfterStop } = study();
      const { code, said } = await start({ plan: signalled(PHASES[phase]!, signal) });
      expect([code, said]).toEqual([75, expect.stringContaining('stopping in good order')]);
      expect(said.trimEnd().split('\n').at(-1)).toBe(
        'model-patching: stopped; run the same command again to go on',
      );
      expect(await start()).toMatchObject({ code: 0 });
      expect(differencesAfterStop()).toEqual([]);
    },
  );

  it.runIf(FULL)('during the last report finds nothing left to stop', TIMEOUT, async () => {
    const { start, differencesAfterStop } = study();
    expect(await start({ plan: signalled('^open .*/camel/\\.report\\.html', 'SIGTERM') })).toMatchObject({
      code: 0,
    });
    expect(differencesAfterStop()).toEqual([]);
  });

  it('that comes a second time ends the program at once', TIMEOUT, async () => {
    const { start, differencesAfterStop } = study();
    const plan: Plan = { ...signalled(PHASES['stage 1']!, 'SIGTERM'), of: '/stage-1/', at: 20, stays: true };
    const { code, said } = await start({ plan });
    expect([code, said.includes('stopped; run the same command')]).toEqual([75, false]);
    expect(await start()).toMatchObject({ code: 0 });
    expect(differencesAfterStop()).toEqual([]);
  });

  it.runIf(FULL).each(['gate classifiers beside', 'stage 1'] as const)(
    'also stops the process beside stage 1, during %s',
    TIMEOUT,
    async (phase) => {
      const { start, differencesAfterStop } = study('beside');
      const of = phase === 'stage 1' ? PHASES[phase]! : '^open .*/stage-1/gallery/';
      expect(await start({ plan: signalled(of, 'SIGUSR2') })).toMatchObject({ code: 75 });
      expect(await start()).toMatchObject({ code: 0 });
      expect(differencesAfterStop()).toEqual([]);
    },
  );
});

describe('a folder that two programs are given', () => {
  it('is worked on by one of them; the other says which process has it', TIMEOUT, async () => {
    const { start, differences, out } = study();
    let second: ReturnType<typeof start> | undefined;
    const first = await start({
      onSaid: () => {
        if (second === undefined && existsSync(join(out, 'lock'))) second = start();
      },
    });
    const other = await second!;
    expect([first.code, other.code]).toEqual([0, 2]);
    expect(other.said).toMatch(
      /model-patching: study: expected a study that no other program is at work on, found process \d+ at work on it; wait/,
    );
    expect(differences()).toEqual([]);
  });
});

describe.runIf(FULL && existsSync('/proc'))('the process beside a study', () => {
  /** The children of a process, as Linux lists them. */
  const childrenOf = (pid: number): readonly number[] =>
    readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);

  it('may die; the study does itself what it left undone', TIMEOUT, async () => {
    const { start, differences } = study('beside');
    let killed = 0;
    const { code } = await start({
      onSaid: (text, child) => {
        const [beside] = killed === 0 && text.includes('stage 1: ') ? childrenOf(child.pid!) : [];
        if (beside === undefined) return;
        killed = beside;
        process.kill(beside, 'SIGKILL');
      },
    });
    expect([code, killed > 0]).toEqual([0, true]);
    expect(differences()).toEqual([]);
  });
});

it.runIf(FULL)(
  'a disk that stays full ends every command in one clear line, until there is room',
  TIMEOUT,
  async () => {
    const { start, differences } = study();
    for (const at of [1, 5, 17, 40, 80, 120]) {
      const { code, said } = await start({
        plan: { of: '^(open|write|append|sync|mkdir|rename)', at, what: { code: 'ENOSPC' }, stays: true },
      });
      expect([1, 2]).toContain(code);
      expect(said).toContain('(ENOSPC');
      expect(said).not.toMatch(/\n {4}at /);
    }
    expect(await start()).toMatchObject({ code: 0 });
    expect(differences()).toEqual([]);
  },
);

/** Node is told to read another time from the middle of the study on. */
const JUMPING_CLOCK = `data:text/javascript,${encodeURIComponent(
  'const now = Date.now, began = now(); Date.now = () => now() - (now() - began > 700 ? 86400000 : 0);',
)}`;

it.runIf(FULL)('a clock that jumps back by a day changes no file', TIMEOUT, async () => {
  const { start, differences } = study();
  expect(await start({ environment: { NODE_OPTIONS: `--import=${JUMPING_CLOCK}` } })).toMatchObject({
    code: 0,
  });
  expect(differences()).toEqual([]);
});

it.runIf(FULL)('exit codes pass through npm run', TIMEOUT, () => {
  const failed = (() => {
    try {
      execFileSync('npm', ['run', '--silent', 'study', '--', 'run', 'no-such-file.yaml'], {
        stdio: 'ignore',
      });
    } catch (error) {
      return error;
    }
    return null;
  })();
  expect(failed).toMatchObject({ status: 2 });
});
