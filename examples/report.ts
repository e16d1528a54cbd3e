/**
 * The group report of predictions that are at hand already, from any framework: a CSV file with one row an image.
 *
 *     npx tsx --conditions=source examples/report.ts predictions.csv
 *
 * The columns are `label`, `group` (a name without commas, such as `malignant without bandage`), `split` (`train` rows only
 * say how large groups are) and `p0`, `p1`, … with the probabilities of the classes.
 */
import { existsSync, readFileSync } from 'node:fs';
import { groupReport, groupTable } from 'model-patching';
import { nullReasons } from 'model-patching/metrics';

const [file] = process.argv.slice(2);
if (file === undefined || !existsSync(file)) {
  console.error(
    `report: expected a CSV file, found ${file ?? 'nothing'}; npx tsx --conditions=source examples/report.ts predictions.csv`,
  );
  process.exit(2);
}
const [header = '', ...lines] = readFileSync(file, 'utf8').trim().split(/\r?\n/);
const columns = header.split(',');
const rows = lines.map((line) => {
  const cells = line.split(',');
  return Object.fromEntries(columns.map((column, i) => [column, cells[i] ?? '']));
});
const classes = columns.filter((column) => /^p\d+$/.test(column));
const names = [...new Set(rows.map((row) => row['group']!))].sort();
const inSplit = (split: string) => rows.filter((row) => row['split'] === split);
const table = groupTable(
  names,
  names.map((name) => inSplit('train').filter((row) => row['group'] === name).length),
  names.map((name) => Number(rows.find((row) => row['group'] === name)!['label'])),
);
const tested = inSplit('test');
const report = groupReport({
  predictions: tested.map((row) => classes.map((column) => Number(row[column]))),
  labels: tested.map((row) => Number(row['label'])),
  groups: tested.map((row) => names.indexOf(row['group']!)),
  table,
});

const percent = (share: number | null): string => (share === null ? '–' : `${(100 * share).toFixed(1)} %`);
for (const { name, count, accuracy, interval } of report.groups) {
  const within = interval === null ? '' : ` (${percent(interval[0])} to ${percent(interval[1])})`;
  console.log(`${name}: ${percent(accuracy)}${within} of ${count}`);
}
console.log(`worst group: ${percent(report.worstGroup?.accuracy ?? null)} ${report.worstGroup?.name ?? ''}`);
console.log(`average: ${percent(report.average)}; gap within a class: ${percent(report.gap)}`);
nullReasons(report).forEach((line) => console.log(line));
