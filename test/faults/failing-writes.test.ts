/** Full disks, shares that are used up and folders that become read-only, at every single change of a file. */
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { studyCommand } from '../../src/cli/study.ts';
import { useBackend } from '../support/backend.ts';
import { folderDifferences } from './compare-folders.ts';
import { failEachOnce, type FailedChange, type SweepOptions } from './failing-writes.ts';
import { programHere } from './program-here.ts';
import { FOLDER, studyArguments, withDigits } from './studies.ts';

const FULL = process.env['MODEL_PATCHING_FULL'] === '1';
const scratch = mkdtempSync(join(tmpdir(), 'failing-writes-'));
const home = process.cwd();
const examples = fileURLToPath(new URL('../../examples', import.meta.url));

/** The whole study; or one method of it, of which every change fails in seconds. */
const METHODS = FULL ? [] : ['--methods', 'erm'];

const inFolder = async <A>(name: string, work: () => Promise<A>): Promise<A> => {
  const cwd = join(scratch, name);
  mkdirSync(cwd, { recursive: true });
  for (const folder of ['configs', 'studies'])
    cpSync(join(examples, folder), join(cwd, 'examples', folder), { recursive: true });
  process.chdir(cwd);
  return work().finally(() => process.chdir(home));
};

const study = () => {
  const [, ...args] = studyArguments('tiny', join(scratch, 'data'));
  return programHere(studyCommand(), [...args, ...METHODS]);
};

let tensors = 0;
beforeAll(async () => {
  await useBackend('wasm');
  await withDigits(join(scratch, 'data'));
  await inFolder('undisturbed', async () => {
    const { code, said } = await study();
    if (code !== 0) throw new Error(said);
  });
  tensors = tf.memory().numTensors;
});
afterAll(() => {
  process.chdir(home);
  rmSync(scratch, { recursive: true, force: true });
});

/** The line that tells a failure: the code of the file system, a cure, and no trace of calls. */
function clearLine({ change, code, said }: FailedChange, error: string): readonly string[] {
  const line = said.split('\n').find((each) => each.includes(error));
  const [, path = ''] = change.split(' ');
  const parts = path.split('/');
  // A record folder is made under another name, as a whole: the line names what it is to become.
  const folder = parts.find((part) => /^\..*-…$/.test(part));
  const file = folder?.slice(1, -2) ?? parts.at(-1)!.replace(/^\.|\.….*$/g, '');
  return [
    ...([1, 2].includes(code) ? [] : [`${change}: exit code ${code}`]),
    ...(line === undefined ? [`${change}: no line of ${error}: ${said.slice(-500)}`] : []),
    ...(line !== undefined && !line.includes(file)
      ? [`${change}: the line does not name ${file}: ${line}`]
      : []),
    ...(/\n {4}at /.test(said) ? [`${change}: a trace: ${said.slice(-800)}`] : []),
  ];
}

const CASES: readonly Pick<SweepOptions, 'code' | 'calls'>[] = [
  { code: 'ENOSPC', calls: ['open', 'write', 'append', 'sync', 'mkdir', 'rename', 'copy'] },
  { code: 'EROFS', calls: ['open', 'append', 'mkdir', 'rename', 'copy', 'rm'] },
  ...(FULL
    ? ([
        { code: 'EDQUOT', calls: ['write', 'append', 'sync'] },
        { code: 'EIO', calls: ['write', 'append', 'sync'] },
        { code: 'EACCES', calls: ['open', 'append', 'mkdir', 'rename', 'copy', 'rm'] },
      ] as const)
    : []),
];

describe.each(CASES)('$code', ({ code, calls }) => {
  it(
    'at any one change of a file is told in one clear line, and the same command goes on',
    { timeout: 3_600_000 },
    async () => {
      const differences: string[] = [];
      const failures = await inFolder(code, () =>
        failEachOnce({
          code,
          calls,
          attempt: study,
          ended: () => {
            differences.push(...folderDifferences(join(scratch, 'undisturbed', FOLDER), FOLDER));
            rmSync(FOLDER, { recursive: true });
          },
        }),
      );
      expect(failures.length).toBeGreaterThan(FULL ? 100 : 20);
      expect(failures.flatMap((failure) => clearLine(failure, code))).toEqual([]);
      expect(differences).toEqual([]);
      expect(tf.memory().numTensors).toBe(tensors);
    },
  );
});
