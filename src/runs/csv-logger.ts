/** The field's CSV tables for a loop of one's own. */
import { truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { CSV_FILES, groupCsvRows, type CsvSplit, type GroupCsvOptions } from '../logs/group-csv.ts';
import { loggerOf, type RunLogger } from '../logs/run-logger.ts';
import { makeFolder } from '../system/make-folder.ts';
import { readText } from '../system/text-file.ts';
import { appendLines, csvLines, type BegunTables } from './csv-mirror.ts';

/** How {@link csvLogger} counts and goes on. */
export interface CsvLoggerOptions extends GroupCsvOptions {
  /** The steps that are done, of a training that goes on; rows of later ones are dropped. By default all are kept. */
  readonly stepsDone?: number;
}

/** The step of a row, by its first two cells. */
function stepOfRow(row: string, stepsPerEpoch: number): number {
  const [epoch = 0, batch = Number.NaN] = row.split(',', 2).map(Number);
  return (epoch === 0 ? 0 : epoch * stepsPerEpoch) + batch + 1;
}

/** The part of a table that stays: whole lines, up to the first row of a later step. */
function keptPart(
  text: string,
  { stepsPerEpoch = Infinity, stepsDone = Infinity }: CsvLoggerOptions,
): string {
  const lines = text.split('\n').slice(0, -1);
  const later = lines.findIndex((line, i) => i > 0 && !(stepOfRow(line, stepsPerEpoch) <= stepsDone));
  return lines
    .slice(0, later < 0 ? undefined : later)
    .map((line) => `${line}\n`)
    .join('');
}

/** Cuts the tables of a folder back; those that have a header. */
async function cutTables(folder: string, options: CsvLoggerOptions): Promise<BegunTables> {
  const begun: BegunTables = new Map();
  for (const file of Object.values(CSV_FILES)) {
    const text = await readText(join(folder, file));
    if (text === null) continue;
    const kept = keptPart(text, options);
    if (kept !== text) await truncate(join(folder, file), Buffer.byteLength(kept));
    if (kept !== '') begun.set(file, kept.slice(0, kept.indexOf('\n')));
  }
  return begun;
}

/**
 * A logger that writes `train.csv`, `val.csv` and `test.csv`, with the columns of the published group DRO: a row for
 * each call that has losses of groups, see `groupCsvRows`. Everything else is left out.
 *
 * @param folder Made if it is not there. Tables that an earlier logger wrote there are gone on with.
 * @param options Groups, by default those of a table's first row; steps of an epoch, and the steps that are done.
 * @returns Its `close` has nothing to do. A call throws a RangeError where a row has a group that its table lacks.
 * @throws What the file system says where a table cannot be written.
 * @example
 * ```ts
 * import { mkdtemp, readFile, rm } from 'node:fs/promises';
 * import { tmpdir } from 'node:os';
 * import { join } from 'node:path';
 * import { csvLogger } from 'model-patching/node';
 * const folder = await mkdtemp(join(tmpdir(), 'logs-'));
 * const logger = await csvLogger(folder, { groups: ['a', 'b'], stepsPerEpoch: 10 });
 * await logger.scalars(12, { 'validation/loss/a': 0.5, 'validation/loss/b': 0.25, 'validation/accuracy/a': 1 });
 * const [header, row] = (await readFile(join(folder, 'val.csv'), 'utf8')).split('\n');
 * if (!header!.startsWith('epoch,batch,avg_loss_group:0,avg_acc_group:0')) throw new Error(header);
 * if (!row!.startsWith('1,1,0.5,1,')) throw new Error(row);
 * await rm(folder, { recursive: true });
 * ```
 */
export async function csvLogger(folder: string, options: CsvLoggerOptions = {}): Promise<RunLogger> {
  await makeFolder(folder);
  const begun = await cutTables(folder, options);
  const first: Partial<Record<CsvSplit, readonly string[]>> = {};
  return loggerOf((entry) => {
    const before = new Map(begun);
    if (options.groups === undefined)
      for (const { split, groups } of groupCsvRows(entry, options)) first[split] ??= groups;
    return appendLines(
      folder,
      csvLines([entry], { ...options, groups: options.groups ?? first }, begun),
      before,
    );
  });
}
