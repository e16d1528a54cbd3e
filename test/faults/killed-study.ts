/** A study that is killed again and again, at random moments, and gone on with until it is done. */
import { join } from 'node:path';
import { foldKey, randomIntegers, randomKey } from '../../src/random/random.ts';
import { folderDifferences } from './compare-folders.ts';
import type { BuiltProgram, Ended, StartOptions } from './built-program.ts';
import { FOLDER, studyArguments, type StudyName } from './studies.ts';
import { damagedFiles } from './whole-files.ts';

/** How a study is killed. */
export interface KillOptions {
  readonly program: BuiltProgram;
  /** Digits. */
  readonly data: string;
  /** Folders of studies go there. */
  readonly scratch: string;
  readonly kills: number;
  readonly seed: number;
  /** Studies, in turn. */
  readonly studies: readonly StudyName[];
  readonly say?: (line: string) => void;
}

/** What came of it. */
export interface KillResult {
  /** How many times the process was killed, by where. */
  readonly kills: Readonly<Record<string, number>>;
  /** Studies that came to their end. */
  readonly ended: number;
  /** A line for each file that was not whole or not the same, and for each program that ended as it should not. */
  readonly wrong: readonly string[];
}

/** A study that was not disturbed. */
export interface Reference {
  readonly folder: string;
  readonly milliseconds: number;
}

/** Runs a study without disturbing it, unless it is there already. */
export async function referenceOf(
  name: StudyName,
  { program, data, scratch }: Pick<KillOptions, 'program' | 'data' | 'scratch'>,
): Promise<Reference> {
  const cwd = join(scratch, `undisturbed-${name}`);
  const folder = join(cwd, FOLDER);
  const began = performance.now();
  const { code, said } = await program.run(studyArguments(name, data), { cwd });
  if (code !== 0) throw new Error(`the undisturbed study ended with exit code ${code}: ${said}`);
  return { folder, milliseconds: performance.now() - began };
}

/** Changes of files among which one is drawn; a run makes some 50. */
const CHANGES = 60;
const MOMENTS = ['before', 'half', 'after'] as const;

/** A kill: from outside after a time, or at a change of a file in the process or in the one beside it. */
function drawnKill(
  seed: number,
  index: number,
  milliseconds: number,
): StartOptions & { readonly name: string } {
  const draw = (what: string, below: number): number =>
    randomIntegers(foldKey(randomKey(seed), what, index), 1, 0, below)[0]!;
  if (draw('by time', 2) === 0) {
    const after = draw('milliseconds', Math.ceil(milliseconds));
    return {
      name: 'at a time',
      onStart: (child) => {
        const timer = setTimeout(() => child.kill('SIGKILL'), after);
        child.on('exit', () => clearTimeout(timer));
      },
    };
  }
  const kill = MOMENTS[draw('moment', MOMENTS.length)]!;
  const plan = { at: 1 + draw('change', CHANGES), what: { kill }, beside: draw('beside', 2) === 0 };
  return { name: `${kill} a change of a file`, plan };
}

const wrongEnd = ({ code, signal, said }: Ended): readonly string[] =>
  code === 0 || signal === 'SIGKILL'
    ? []
    : [`ended with ${signal ?? `exit code ${code}`}: ${said.slice(-600)}`];

/** What was found so far. */
interface Tally {
  readonly kills: Record<string, number>;
  readonly wrong: string[];
  done: number;
  ended: number;
}

/** One start of the program, killed unless `kill` is undefined; whether the study came to its end. */
async function oneStart(
  name: StudyName,
  reference: Reference,
  kill: ReturnType<typeof drawnKill> | undefined,
  { program, data, scratch, say = () => undefined }: KillOptions,
  tally: Tally,
): Promise<boolean> {
  const cwd = join(scratch, `killed-${tally.ended}`);
  const out = join(cwd, FOLDER);
  const end = await program.run(studyArguments(name, data), { ...kill, cwd });
  const unexpected = wrongEnd(end);
  if (unexpected.length > 0) throw new Error(`${out}: ${unexpected.join()}`);
  if (end.code === 0) {
    const differences = folderDifferences(reference.folder, out);
    tally.wrong.push(...differences.map((line) => `${out}/${line}`));
    tally.ended += 1;
    say(`${name} came to its end; ${differences.length} files differ`);
    return true;
  }
  const number = (tally.done += 1);
  tally.kills[kill!.name] = (tally.kills[kill!.name] ?? 0) + 1;
  tally.wrong.push(...damagedFiles(out).map((file) => `${out}/${file}: damaged after kill ${number}`));
  say(`${number} ${name}: ${kill!.name}`);
  return false;
}

/**
 * Kills studies at random moments and compares each that comes to its end with an undisturbed one.
 *
 * @param options How often, and from which seed the moments are drawn.
 * @throws Error if a program ends otherwise than by a kill or with exit code 0.
 */
export async function killStudies(options: KillOptions): Promise<KillResult> {
  const { kills, seed, studies } = options;
  const tally: Tally = { kills: {}, wrong: [], done: 0, ended: 0 };
  for (const [i, name] of studies.entries()) {
    const reference = await referenceOf(name, options);
    const quota = Math.round((kills * (i + 1)) / studies.length);
    for (let atEnd = false; tally.done < quota || !atEnd;) {
      // When all its kills are done, a study is left to come to its end.
      const kill = tally.done < quota ? drawnKill(seed, tally.done, reference.milliseconds) : undefined;
      atEnd = await oneStart(name, reference, kill, options, tally);
    }
  }
  return tally;
}
