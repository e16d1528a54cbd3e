/**
 * Every change of a file fails once, one at a time, over a whole program. After each failure the same command is given
 * again; it passes what has failed, and meets the next change. A program that came to its end is begun anew until
 * nothing is left to fail.
 */
import { betweenFiles, type Change, type Fault } from './file-faults.ts';

/** How a program ended that was run in this process. */
export interface Attempt {
  readonly code: number;
  /** What it printed on stderr. */
  readonly said: string;
}

/** What fails, and how. */
export interface SweepOptions {
  readonly code: Extract<Fault, { readonly code: string }>['code'];
  /** Only these calls fail. */
  readonly calls: readonly Change['call'][];
  /** Gives the command, in the folder of the study. */
  readonly attempt: () => Promise<Attempt>;
  /** After a study came to its end: looks at its files, and clears the folder. */
  readonly ended: () => void;
}

/** One failure and its end. */
export interface FailedChange extends Attempt {
  /** The call and the file, without what is random in its name. */
  readonly change: string;
}

const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;
const CHECKPOINT = /step-\d+\.safetensors$/;

/** A name for a change that is the same whenever the program comes to it again. */
function nameOf({ call, path, text }: Change, after: string): string {
  const place = path.replaceAll(UUID, '…');
  const said = call === 'append' ? ` ${text.slice(0, 40)}` : '';
  return `${call} ${place}${said}${after}`;
}

/**
 * Lets changes fail, until none is left.
 *
 * @param options What fails, how the program is run, and what is done when it came to its end.
 * @returns Every failure. How often the program was begun anew depends on which of its parts go on after one.
 */
export async function failEachOnce({ code, calls, attempt, ended }: SweepOptions): Promise<FailedChange[]> {
  const failed = new Set<string>();
  const failures: FailedChange[] = [];
  for (let fresh = true; ;) {
    let after = '';
    let failing: string | null = null;
    const restore = betweenFiles((change) => {
      const name = nameOf(change, after);
      if (change.call === 'rename' && CHECKPOINT.test(change.path)) after = ` after ${change.path}`;
      if (failing !== null || failed.has(name) || !calls.includes(change.call)) return undefined;
      // A lock that stays is that of a process which has ended; this one has not.
      if (change.call === 'rm' && change.path.endsWith('/lock')) return undefined;
      failing = name;
      failed.add(name);
      return { code };
    });
    const end = await attempt().finally(restore);
    if (failing !== null) failures.push({ change: failing, ...end });
    else if (end.code !== 0) throw new Error(`the command failed with nothing in its way: ${end.said}`);
    // A failure that the program went on after has no other sign than its end.
    if (end.code !== 0) {
      fresh = false;
      continue;
    }
    ended();
    if (fresh && failing === null) return failures;
    fresh = true;
  }
}
