/**
 * Logs of a run in the forms of other tools. Each is a function of `metrics.jsonl`, and follows it: it is cut back with
 * it when the run goes on, and can be made anew from it. None of them may stop a training.
 */
import type { LogEntry } from '../logs/run-logger.ts';
import { expectedFailure } from '../system/program.ts';
import type { MetricsRecord } from './run-log.ts';

/** What the log of a run says to those who watch it. */
export interface LogView<Outcome = unknown> {
  /** What the run was begun with. */
  readonly settings: unknown;
  /** What a record says. */
  entriesOf(record: MetricsRecord): Promise<readonly LogEntry[]>;
  /** What is said at the end, after all records. */
  conclusion(outcome: Outcome): readonly LogEntry[];
}

/** A log in another form. */
export interface LogMirror<Outcome = unknown> {
  /** What a message calls it. */
  readonly name: string;
  /** Whether a run that is done lacks its files. */
  isMissing(): Promise<boolean>;
  /**
   * Makes it agree with these records, whatever it held, and so with the log that has been cut back.
   *
   * @returns Lines on what of it was damaged.
   */
  agree(records: readonly MetricsRecord[]): Promise<readonly string[]>;
  /** Adds records that were logged after those that it agrees with. */
  add(records: readonly MetricsRecord[]): Promise<void>;
  /** Adds what is said at the end. */
  conclude(outcome: Outcome): Promise<void>;
}

/** The mirrors of a log that is being written. Nothing of it rejects. */
export interface LogFollowers<Outcome> {
  /** After the log has been cut back. */
  agree(): Promise<void>;
  /** After records have been appended. */
  add(records: readonly MetricsRecord[]): Promise<void>;
  /** Makes those anew that failed before; at checkpoints, as it reads the whole log. */
  catchUp(): Promise<void>;
  /** When the run has come to its end. */
  conclude(outcome: Outcome): Promise<void>;
}

const reasonOf = (error: unknown): string =>
  (expectedFailure(error) ?? (error instanceof Error ? error.message : String(error))).split('\n', 1)[0]!;

/**
 * Follows a log with its mirrors.
 *
 * @param records All that the log holds.
 * @param mirrors One that fails is left until the next checkpoint, and then made anew.
 * @param say Told once of every failure, and of what was damaged.
 */
export function followLog<Outcome>(
  records: () => Promise<readonly MetricsRecord[]>,
  mirrors: readonly LogMirror<Outcome>[],
  say: (line: string, kind?: 'warning') => void,
): LogFollowers<Outcome> {
  const behind = new Set<LogMirror<Outcome>>();
  const attempt = async (mirror: LogMirror<Outcome>, work: () => Promise<void>): Promise<void> => {
    try {
      await work();
      behind.delete(mirror);
    } catch (error) {
      if (!behind.has(mirror))
        say(
          `${mirror.name}: ${reasonOf(error)}; the run goes on, and metrics.jsonl has all of it`,
          'warning',
        );
      behind.add(mirror);
    }
  };
  const agree = (mirror: LogMirror<Outcome>): Promise<void> =>
    attempt(mirror, async () =>
      (await mirror.agree(await records())).forEach((line) => say(line, 'warning')),
    );
  const catchUp = async (): Promise<void> => {
    for (const mirror of [...behind]) await agree(mirror);
  };
  return {
    catchUp,
    agree: async () => {
      for (const mirror of mirrors) await agree(mirror);
    },
    add: async (added) => {
      if (mirrors.length === 0) return;
      // They are told what the file says, where a number that is none has become null.
      const read = added.map((record) => JSON.parse(JSON.stringify(record)) as MetricsRecord);
      for (const mirror of mirrors) if (!behind.has(mirror)) await attempt(mirror, () => mirror.add(read));
    },
    conclude: async (outcome) => {
      await catchUp();
      for (const mirror of mirrors)
        if (!behind.has(mirror)) await attempt(mirror, () => mirror.conclude(outcome));
    },
  };
}
