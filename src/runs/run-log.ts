/** A log of one JSON record a line, in the order of the steps after which they were written. */
import { appendFile, open } from 'node:fs/promises';
import { MetricsLineCodec } from '../config/run-files.ts';
import { writeFileAtomically } from '../system/atomic-file.ts';
import { withRoomFor } from '../system/full-disk.ts';
import { parseJson, readText } from '../system/text-file.ts';

/** A record of the log: `step` says after how many steps it was written; the rest is JSON data, NaN becoming null. */
export interface MetricsRecord {
  readonly step: number;
  readonly [field: string]: unknown;
}

/** The log in a file. */
export interface RunLog {
  append(records: readonly MetricsRecord[]): Promise<void>;
  /** The records up to the first line that is none. */
  records(): Promise<readonly MetricsRecord[]>;
  /** Waits until what was appended is on the disk. */
  flush(): Promise<void>;
  /**
   * The step that whole lines reach, where a line is torn; infinite where none is. A process that dies tears the last
   * line at most, after its last checkpoint. What tears others is the disk, or a person.
   */
  reach(): Promise<number>;
  /** Drops every record after `step`, and torn lines. */
  cutBack(step: number): Promise<void>;
}

interface Line {
  readonly text: string;
  readonly record: MetricsRecord;
}

/** Each line, with its record; null where it is torn. What follows the last line feed is a line if it is not empty. */
const linesOf = (text: string): readonly (Line | null)[] =>
  text.split('\n').flatMap((line, i, { length }) => {
    if (i === length - 1) return line === '' ? [] : [null];
    const record = parseJson(line);
    return [MetricsLineCodec.is(record) ? { text: line, record } : null];
  });

/** Whole lines up to the first one that is torn. */
function wholeLines(text: string): readonly Line[] {
  const lines = linesOf(text);
  const torn = lines.indexOf(null);
  return (torn < 0 ? lines : lines.slice(0, torn)) as readonly Line[];
}

/** Whole lines up to the first record after a step. */
function linesUpTo(text: string, step: number): readonly Line[] {
  const whole = linesOf(text).filter((line) => line !== null);
  const beyond = whole.findIndex(({ record }) => record.step > step);
  return beyond < 0 ? whole : whole.slice(0, beyond);
}

/** The log in `path`, which need not be there yet. */
export function runLog(path: string): RunLog {
  return {
    append(records) {
      const text = records.map((record) => `${JSON.stringify(record)}\n`).join('');
      return withRoomFor(path, Buffer.byteLength(text), () => appendFile(path, text));
    },
    async records() {
      return wholeLines((await readText(path)) ?? '').map(({ record }) => record);
    },
    async flush() {
      const file = await open(path, 'a');
      try {
        const { size } = await file.stat();
        await withRoomFor(path, size, () => file.sync());
      } finally {
        await file.close();
      }
    },
    async reach() {
      const text = (await readText(path)) ?? '';
      return linesOf(text).includes(null) ? (wholeLines(text).at(-1)?.record.step ?? 0) : Infinity;
    },
    async cutBack(step) {
      const text = (await readText(path)) ?? '';
      const kept = linesUpTo(text, step)
        .map((line) => `${line.text}\n`)
        .join('');
      if (kept !== text) await writeFileAtomically(path, kept);
    },
  };
}
