/** The lines of `metrics.jsonl` while somebody may be writing there: whole ones, and where one is damaged. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { MetricsLineCodec, type MetricsLine } from '../../config/run-files.ts';
import type { DataError } from '../../data/data-error.ts';
import { parseJson, readText } from '../../system/text-file.ts';

/** What a log holds by now. */
export interface LogLines {
  /** The whole lines up to the first damaged one. */
  readonly lines: readonly string[];
  readonly records: readonly MetricsLine[];
  /** A line which ends as one does and holds no record; the last one without an end is still being written. */
  readonly damaged: DataError | null;
}

/**
 * Reads the log of a run.
 *
 * @param folder Of the run; its log need not be there yet.
 */
export async function readLogLines(folder: string): Promise<LogLines> {
  const path = join(folder, 'metrics.jsonl');
  const lines = ((await readText(path)) ?? '').split('\n').slice(0, -1);
  const records: MetricsLine[] = [];
  for (const line of lines) {
    const record = parseJson(line);
    if (!MetricsLineCodec.is(record)) {
      const damaged = {
        where: `${path}, line ${records.length + 1}`,
        expected: MetricsLineCodec.name,
        found: JSON.stringify(line.slice(0, 60)),
        cure: 'start the training again, which cuts the log back to its last checkpoint, or restore the file',
      };
      return { lines: lines.slice(0, records.length), records, damaged };
    }
    records.push(record);
  }
  return { lines, records, damaged: null };
}

/** SHA-256 of lines. */
export const linesDigest = (lines: readonly string[]): string => {
  const hash = createHash('sha256');
  lines.forEach((line) => hash.update(line).update('\n'));
  return hash.digest('hex');
};
