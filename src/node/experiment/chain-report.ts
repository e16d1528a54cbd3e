/** What a chain found, as tables: one for each seed, and mean and standard deviation over them. */
import type { GroupReport } from '../../metrics/group-report.ts';
import { nullReasons } from '../../metrics/missing-groups.ts';
import type { MethodName } from '../report/results.ts';
import type { ChainOfSeed } from './chain.ts';

const TITLES: Readonly<Record<MethodName, string>> = { erm: 'ERM', gdro: 'Group DRO', camel: 'CAMEL' };
const METHODS = Object.keys(TITLES) as readonly MethodName[];

/** The numbers of a row: shares, null where there are none. */
const numbersOf = ({ worstGroup, average, groupAverage, gap, groups }: GroupReport): (number | null)[] => [
  worstGroup?.accuracy ?? null,
  average,
  groupAverage,
  gap,
  ...groups.map(({ accuracy }) => accuracy),
];

const percent = (share: number): string => (100 * share).toFixed(1);

/**
 * Mean ± standard deviation (of a sample, n − 1), in percent; the value itself if there is one only. A dash unless
 * every seed has a number: a mean over those that do would say less than it seems to.
 */
function summary(shares: readonly (number | null | undefined)[]): string {
  const known = shares.filter((share) => share !== null && share !== undefined);
  if (known.length < shares.length) return '–';
  if (known.length < 2) return percent(known[0]!);
  const mean = known.reduce((sum, share) => sum + share, 0) / known.length;
  const variance = known.reduce((sum, share) => sum + (share - mean) ** 2, 0) / (known.length - 1);
  return `${percent(mean)} ± ${percent(Math.sqrt(variance))}`;
}

function markdown(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [line(rows[0]!), rule, ...rows.slice(1).map(line)].join('\n');
}

/** A table of some seeds: the methods that all of them have, and why some summaries are missing. */
function tableOf(seeds: readonly ChainOfSeed[]): string {
  const methods = METHODS.filter((method) => seeds.every((seed) => seed.methods[method] !== undefined));
  const rows = methods.map((method) => {
    const columns = seeds.map((seed) => numbersOf(seed.methods[method]!));
    return [TITLES[method], ...columns[0]!.map((_, i) => summary(columns.map((column) => column[i])))];
  });
  const groups = seeds[0]!.methods[methods[0]!]!.groups.map(({ name, count }) => `${name} (${count})`);
  const table = markdown([['method', 'worst group', 'average', 'group average', 'gap', ...groups], ...rows]);
  const reasons = methods.flatMap((method) => seeds.flatMap((seed) => nullReasons(seed.methods[method]!)));
  return [table, ...new Set(reasons.map((line) => `– ${line}.`))].join('\n\n');
}

/**
 * Accuracies on the test split in percent, as Markdown; in the heads of the groups their numbers of test images.
 *
 * @param title Of the whole.
 * @param seeds What they came to, one at least.
 * @param legend What the numbers in the names of groups stand for.
 */
export function chainReport(title: string, seeds: readonly ChainOfSeed[], legend: string): string {
  const each = seeds.map((seed) => {
    const { count, seconds } = seed.translations;
    const runs = Object.entries(seed.stageOne).map(
      ([name, outcome]) => `${name} ${outcome.steps} steps in ${outcome.seconds.toFixed(0)} s`,
    );
    const trained = METHODS.flatMap((method) => {
      const result = seed.methods[method];
      return result === undefined
        ? []
        : [`${TITLES[method]} ${result.steps} steps in ${result.seconds.toFixed(0)} s`];
    });
    const facts = [...runs, `${count} translations in ${seconds.toFixed(0)} s`, ...trained].join('; ');
    return `Seed ${seed.seed}\n\n${tableOf([seed])}\n\n${facts}.`;
  });
  const all =
    seeds.length > 1 ? [`Mean ± standard deviation, ${seeds.length} seeds\n\n${tableOf(seeds)}`] : [];
  return `${[title, ...each, ...all, `${legend}.`].join('\n\n')}\n`;
}
