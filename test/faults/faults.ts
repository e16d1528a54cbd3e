/**
 * `npm run faults -- --kills 100 --seed 7`: a study is killed at random moments and gone on with. In the end its files
 * must be those of one that was not disturbed. Without a seed one is drawn; it is printed.
 */
import { randomInt } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { builtProgram } from './built-program.ts';
import { killStudies } from './killed-study.ts';
import { withDigits } from './studies.ts';

const say = (line: string): void => void process.stdout.write(`${line}\n`);

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '100' },
    seed: { type: 'string', default: String(randomInt(2 ** 31)) },
    keep: { type: 'boolean', default: false },
  },
});
const [kills, seed] = [Number(values.kills), Number(values.seed)];
say(`${kills} kills, seed ${seed}`);
const scratch = mkdtempSync(join(tmpdir(), 'faults-'));
try {
  const {
    kills: found,
    ended,
    wrong,
  } = await killStudies({
    program: await builtProgram(scratch),
    data: await withDigits(join(scratch, 'data')),
    scratch,
    kills,
    seed,
    studies: ['tiny', 'beside'],
    say,
  });
  Object.entries(found).forEach(([name, count]) => say(`${count} ${name}`));
  wrong.forEach(say);
  say(`${ended} studies came to their end, ${wrong.length} faults`);
  if (wrong.length > 0) process.exitCode = 1;
} finally {
  if (values.keep) say(scratch);
  else rmSync(scratch, { recursive: true, force: true });
}
