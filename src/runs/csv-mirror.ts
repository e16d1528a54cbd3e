/** The CSV tables of a run: `train.csv`, `val.csv` and `test.csv`, made of `metrics.jsonl` row by row. */
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { CSV_FILES, groupCsvRows, type CsvSplit, type GroupCsvOptions } from '../logs/group-csv.ts';
import type { LogEntry } from '../logs/run-logger.ts';
import { isThere, readText } from '../system/text-file.ts';
import { alignFile, appendTo, type AlignmentRule } from './aligned-file.ts';
import type { LogMirror, LogView } from './log-mirrors.ts';

/** Lines by table; the first of a table is its header. */
export type CsvLines = Map<string, string[]>;

/** The tables that have been begun, by file, with their headers. */
export type BegunTables = Map<string, string>;

/**
 * The lines that entries stand for.
 *
 * @param entries What is logged.
 * @param options How rows are counted.
 * @param begun Tables that have a header, to which others are added.
 * @throws RangeError if a row has other columns than its table.
 */
export function csvLines(
  entries: readonly LogEntry[],
  options: GroupCsvOptions,
  begun: BegunTables,
): CsvLines {
  const lines: CsvLines = new Map();
  for (const { file, columns, cells } of entries.flatMap((entry) => groupCsvRows(entry, options))) {
    const those = lines.get(file) ?? [];
    const header = columns.map(quoted).join(',');
    if (!begun.has(file)) those.push(header);
    else if (begun.get(file) !== header)
      throw new RangeError(
        `${file}: expected a row of ${begun.get(file)}, received one of ${header}; name all groups in the option groups`,
      );
    begun.set(file, header);
    those.push(cells.join(','));
    lines.set(file, those);
  }
  return lines;
}

/** A cell in which a comma or a quotation mark may stand. */
const quoted = (cell: string): string => (/[",\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);

/** Appends lines to the tables of a folder. */
export async function appendLines(
  folder: string,
  lines: CsvLines,
  begun: ReadonlyMap<string, string>,
): Promise<void> {
  for (const [file, those] of lines)
    await appendTo(
      join(folder, file),
      Buffer.from(those.map((line) => `${line}\n`).join('')),
      !begun.has(file),
    );
}

const LINES: AlignmentRule = {
  endOf(bytes, start, expected) {
    const end = start + expected.length;
    return end <= bytes.length && Buffer.compare(bytes.subarray(start, end), expected) === 0 ? end : null;
  },
  isTorn: (bytes, start) => !bytes.includes(10, start),
};

async function* asBytes(lines: readonly string[]) {
  for (const line of lines) yield Buffer.from(`${line}\n`);
}

/** Gives a table of others another name. */
async function setAside(path: string, header: string): Promise<readonly string[]> {
  const text = await readText(path);
  const found = text?.includes('\n') ? text.slice(0, text.indexOf('\n')) : undefined;
  if (found === undefined || found === header) return [];
  const aside = join(path, '..', `damaged.${path.split(/[\\/]/).at(-1)!}`);
  await rename(path, aside);
  return [`${path}: its header is another one; it is now ${aside}, and a new one is written`];
}

/** Makes a table agree with the lines that it is to have. */
async function alignTable(path: string, lines: readonly string[]): Promise<readonly string[]> {
  if (lines.length === 0 && !(await isThere(path))) return [];
  const notes = lines.length === 0 ? [] : await setAside(path, lines[0]!);
  const from = await alignFile(path, asBytes(lines), LINES);
  return from === null
    ? notes
    : [...notes, `${path}: damaged from byte ${from} on; it is written anew from metrics.jsonl`];
}

/** The tables that a run has in the end: of the splits whose groups are named. */
const tablesOf = ({ groups }: GroupCsvOptions): readonly string[] =>
  groups === undefined || Array.isArray(groups)
    ? [CSV_FILES.train]
    : (Object.keys(CSV_FILES) as CsvSplit[])
        .filter((split) => split in groups)
        .map((split) => CSV_FILES[split]);

/**
 * The tables in the folder of a run.
 *
 * @param folder Of the run.
 * @param view What its log says.
 * @param options Groups, and steps of an epoch.
 */
export function csvMirror<Outcome>(
  folder: string,
  view: LogView<Outcome>,
  options: GroupCsvOptions,
): LogMirror<Outcome> {
  let begun: BegunTables = new Map();
  const add = async (entries: readonly LogEntry[]): Promise<void> => {
    const before = new Map(begun);
    await appendLines(folder, csvLines(entries, options, begun), before);
  };
  return {
    name: join(folder, 'train.csv'),
    isMissing: async () => {
      for (const file of tablesOf(options)) if (!(await isThere(join(folder, file)))) return true;
      return false;
    },
    async agree(records) {
      const entries = (await Promise.all(records.map((record) => view.entriesOf(record)))).flat();
      begun = new Map();
      const lines = csvLines(entries, options, begun);
      const notes: string[] = [];
      for (const file of Object.values(CSV_FILES))
        notes.push(...(await alignTable(join(folder, file), lines.get(file) ?? [])));
      return notes;
    },
    async add(records) {
      await add((await Promise.all(records.map((record) => view.entriesOf(record)))).flat());
    },
    conclude: (outcome) => add(view.conclusion(outcome)),
  };
}
