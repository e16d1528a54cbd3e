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
  /** Drops every record after `step`, and a torn last line. */
  cutBack(step: number): Promise<void>;
}

interface Line {
  readonly text: string;
  readonly record: MetricsRecord;
}

/** Whole lines up to a step; the first one that is torn, and everything behind it, goes. */
function linesUpTo(text: string, step: number): Line[] {
  const kept: Line[] = [];
  for (const line of text.split('\n').slice(0, -1)) {
    const record = parseJson(line);
    if (!MetricsLineCodec.is(record) || record.step > step) break;
    kept.push({ text: line, record });
  }
  return kept;
}

/** The log in `path`, which need not be there yet. */
export function runLog(path: string): RunLog {
  return {
    append(records) {
      const text = records.map((record) => `${JSON.stringify(record)}\n`).join('');
      return withRoomFor(path, Buffer.byteLength(text), () => appendFile(path, text));
    },
    async records() {
      return linesUpTo((await readText(path)) ?? '', Infinity).map(({ record }) => record);
    },
    async flush() {
      const file = await open(path, 'a');
      await file.sync().finally(() => file.close());
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
