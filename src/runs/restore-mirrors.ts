/** Logs in the forms of other tools, made anew of a run that is done. */
import { join } from 'node:path';
import { either as E } from 'fp-ts';
import { followLog, type LogMirror } from './log-mirrors.ts';
import { runLog } from './run-log.ts';
import { lockFolder } from './run-lock.ts';

/**
 * Makes the logs of a run that is done anew where they are not there any more. It never throws.
 *
 * @param folder The folder of the run.
 * @param mirrors Of its log.
 * @param outcome What it came to.
 * @param say Told what is made anew, and why that fails.
 */
export async function restoreMirrors<Outcome>(
  folder: string,
  mirrors: readonly LogMirror<Outcome>[],
  outcome: Outcome,
  say: (line: string, kind?: 'warning') => void,
): Promise<void> {
  try {
    const missing: LogMirror<Outcome>[] = [];
    for (const mirror of mirrors) if (await mirror.isMissing()) missing.push(mirror);
    if (missing.length === 0) return;
    const lock = await lockFolder(folder);
    if (E.isLeft(lock)) return;
    const followers = followLog(runLog(join(folder, 'metrics.jsonl')).records, missing, say);
    try {
      await followers.agree();
      await followers.conclude(outcome);
    } finally {
      await lock.right();
    }
  } catch (error) {
    say(`${folder}: ${String(error)}; logs that are missing there stay so`, 'warning');
  }
}
