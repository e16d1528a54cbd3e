/** The methods below each other: means and standard deviations over seeds, or the interval of a single seed. */
import type { MethodResult, Spread } from '../config/study-results.ts';
import type { SummaryName } from '../metrics/missing-groups.ts';
import type { ReportInput } from './input.ts';
import { html, type Markup } from './markup.ts';
import { duration, percentInterval, percentSpread, quantity } from './numbers.ts';
import { spread } from './summary.ts';
import { groupLabel, groupOf, missingReason, testedMethods, type TestedMethod } from './tested-methods.ts';

interface Column {
  readonly summary: SummaryName;
  readonly label: string;
  readonly note: string;
  readonly best: 'highest' | 'lowest';
  value(result: MethodResult): number | null;
}

const COLUMNS: readonly Column[] = [
  {
    summary: 'worstGroup',
    label: 'Worst group',
    note: 'the lowest accuracy of a group',
    best: 'highest',
    value: ({ worstGroup }) => worstGroup?.accuracy ?? null,
  },
  {
    summary: 'average',
    label: 'Average',
    note: 'groups weighted as in training',
    best: 'highest',
    value: ({ average }) => average,
  },
  {
    summary: 'groupAverage',
    label: 'Group average',
    note: 'every group counts the same',
    best: 'highest',
    value: ({ groupAverage }) => groupAverage,
  },
  {
    summary: 'gap',
    label: 'Gap',
    note: 'largest between groups of a class',
    best: 'lowest',
    value: ({ gap }) => gap,
  },
];

const spreadOf = ({ tests }: TestedMethod, { value }: Column): Spread =>
  spread(tests.map(({ result }) => value(result)));

/** The best mean of a column; null where a method lacks one, since nothing is the best of what is not known. */
function bestOf(column: Column, methods: readonly TestedMethod[]): number | null {
  const means = methods.flatMap((method) => spreadOf(method, column).mean ?? []);
  if (means.length < Math.max(2, methods.length)) return null;
  return column.best === 'highest' ? Math.max(...means) : Math.min(...means);
}

/** Which groups are the worst ones, the most frequent first, e.g. `odd clean, even zigzag (2 of 3)`. */
export function worstGroups(input: Pick<ReportInput, 'groupLabels'>, { tests }: TestedMethod): string {
  const names = tests.flatMap(({ result }) => result.worstGroup?.name ?? []);
  const counts = [...new Set(names)]
    .map((name) => ({ name, count: names.filter((each) => each === name).length }))
    .sort((a, b) => b.count - a.count);
  return counts
    .map(({ name, count }) => {
      const label = groupLabel(input, name);
      return counts.length === 1 ? label : `${label} (${count} of ${names.length})`;
    })
    .join(', ');
}

/** Below the worst group: its interval if there is one seed, and which group it is. */
function worstNote(input: ReportInput, method: TestedMethod): Markup {
  const [only, ...others] = method.tests;
  const worst = only?.result.worstGroup;
  const interval = worst && others.length === 0 ? groupOf(only!, worst.name)?.interval : undefined;
  return html`${interval && html`<small>${percentInterval(interval)}</small>`}<small
      >${worstGroups(input, method)}</small
    >`;
}

function cell(input: ReportInput, column: Column, method: TestedMethod, best: number | null): Markup {
  const shown = spreadOf(method, column);
  if (shown.mean === null) {
    const reason = missingReason(input, method, column.summary);
    return html`<td>–${reason !== undefined && html`<small>${reason}</small>`}</td>`;
  }
  const isWorst = column.summary === 'worstGroup';
  return html`<td${(shown.mean === best || isWorst) && html` class="${[isWorst && 'worst', shown.mean === best && 'best'].filter(Boolean).join(' ')}"`}>
    ${percentSpread(shown)}${isWorst && worstNote(input, method)}
  </td>`;
}

/** Steps, which every seed has alike, and the mean time. */
function cost({ tests }: TestedMethod): Markup {
  if (tests.length === 0)
    return html`<td>–</td>
      <td>–</td>`;
  const steps = [...new Set(tests.map(({ result }) => result.steps))];
  const seconds = tests.reduce((sum, { result }) => sum + result.seconds, 0) / tests.length;
  return html`<td>${steps.map((each, i) => html`${i > 0 && ', '}${quantity(each)}`)}</td>
    <td>${duration(seconds)}</td>`;
}

const headOf = ({ label, note }: Column): Markup => html`<th scope="col">${label}<small>${note}</small></th>`;

/** The table; a sentence if there is no method. */
export function methodTable(input: ReportInput): Markup {
  const methods = testedMethods(input);
  if (methods.length === 0) return html``;
  const several = input.seeds.length > 1;
  const over = several
    ? 'Mean ± standard deviation over seeds'
    : 'Shares of the test images, with 95 % intervals';
  return html`<section>
    <p class="note">${over}${methods.length > 1 && '; the best of each column is underlined'}.</p>
    <div class="scroll">
      <table class="methods">
        <thead>
          <tr>
            <th scope="col">Method</th>
            ${COLUMNS.map(headOf)} ${several && html`<th scope="col">Seeds</th>`}
            <th scope="col">Steps</th>
            <th scope="col">Time<small>of a run</small></th>
          </tr>
        </thead>
        <tbody>
          ${methods.map(
            (method) =>
              html`<tr>
                <th scope="row" style="--hue: ${method.color}"><span class="hue">${method.name}</span></th>
                ${COLUMNS.map((column) => cell(input, column, method, bestOf(column, methods)))}
                ${several && html`<td>${quantity(method.tests.length)}</td>`} ${cost(method)}
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </section>`;
}
