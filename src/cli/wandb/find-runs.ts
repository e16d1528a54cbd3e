/** The runs in a folder: the one that it holds, or those of a study. */
import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { either as E } from 'fp-ts';
import { StudyResultsCodec, type StudyResults } from '../../config/study-results.ts';
import { refuse, type DataError } from '../../data/data-error.ts';
import { lockFolder } from '../../runs/run-lock.ts';
import { failuresIn } from '../../experiment/study/collect-results.ts';
import { readStudyFile, type StudyFile } from '../../experiment/study/study-file.ts';
import { isFolder, isThere, parseJson, readText } from '../../system/text-file.ts';

/** What there is of runs in a folder. */
export interface FoundRuns {
  /** Folders of runs that have begun. */
  readonly runs: readonly string[];
  /** Those among them that a study has given up, until it is told to try again. */
  readonly failed: ReadonlySet<string>;
  /** Whether a program is at work on the study, which may begin more of them. */
  readonly atWork: boolean;
  /** What the study has come to; null while a program is at work on it, and of a run. */
  readonly results: StudyResults | null;
}

async function subfolders(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}

/** Whether a program is at work on a study. A lock that was left behind is taken away. */
async function isAtWork(folder: string): Promise<boolean> {
  if (!(await isThere(join(folder, 'lock')))) return false;
  const lock = await lockFolder(folder);
  if (E.isLeft(lock)) return true;
  await lock.right();
  return false;
}

const hasRun = (folder: string): Promise<boolean> => isThere(join(folder, 'run.json'));

async function runsOfStudy(folder: string, study: StudyFile): Promise<FoundRuns> {
  // Before the folders are looked at: what a program has begun until it ended is found.
  const atWork = await isAtWork(folder);
  const seeds = (await subfolders(folder))
    .filter((name) => /^seed--?\d+$/.test(name))
    .sort((a, b) => Number(a.slice(5)) - Number(b.slice(5)));
  const order = [...Object.keys(study['stage-1']), ...Object.keys(study.methods)];
  const runs: string[] = [];
  for (const seed of seeds)
    for (const name of order) {
      const run = join(folder, seed, name);
      if (await hasRun(run)) runs.push(run);
    }
  const results = parseJson((await readText(join(folder, 'results.json'))) ?? '');
  const failed = StudyResultsCodec.is(results) ? failuresIn(results.seeds) : new Map<string, string>();
  return {
    runs,
    failed: new Set([...failed.keys()].map((key) => join(folder, key))),
    atWork,
    results: !atWork && StudyResultsCodec.is(results) ? results : null,
  };
}

/**
 * Finds the runs in a folder.
 *
 * @param given Of a run or a study.
 * @returns Those that have begun; or that it is another folder.
 */
export async function findRuns(given: string): Promise<E.Either<DataError, FoundRuns>> {
  const folder = resolve(given);
  if (await hasRun(folder))
    return E.right({ runs: [folder], failed: new Set(), atWork: false, results: null });
  const there = await isFolder(folder);
  const study = there ? await readStudyFile(folder) : E.right(null);
  if (E.isLeft(study)) return study;
  if (study.right !== null) return E.right(await runsOfStudy(folder, study.right));
  return refuse(
    given,
    'the folder of a run or of a study',
    there ? 'one with neither run.json nor study.json' : 'no such folder',
    'give e.g. runs/NAME or experiments/NAME',
  );
}
