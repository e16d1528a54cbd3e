/** What a reader looks at first: the methods side by side, and accuracy per group. */
import { whyNull, type SummaryName } from '../../metrics/missing-groups.ts';
import { barChart } from './bar-chart.ts';
import { methodLabel, methodsOf } from './headline.ts';
import type { ReportInput } from './input.ts';
import { html, type Markup } from './markup.ts';
import { duration, numberText, percent, points, quantity } from './numbers.ts';
import type { MethodResults } from './results.ts';

/** The CSS colour of a method, the same everywhere. */
export function methodColor(method: string): string {
  return ['erm', 'gdro', 'camel'].includes(method) ? `var(--${method})` : 'var(--other)';
}

/** What a reader calls a group. */
export function groupLabel({ groupLabels }: Pick<ReportInput, 'groupLabels'>, name: string): string {
  return groupLabels && Object.hasOwn(groupLabels, name) ? groupLabels[name]! : name;
}

interface TableRow {
  readonly label: string;
  readonly note: string;
  value(result: MethodResults): number | null;
  show(result: MethodResults): Markup;
  readonly best?: 'highest' | 'lowest';
}

function tableRows(input: ReportInput): readonly TableRow[] {
  const nameOf = (name: string): string => groupLabel(input, name);
  /** A dash, and why there is no number. */
  const missing = (result: MethodResults, summary: SummaryName): Markup => {
    const reason = whyNull(result, summary, nameOf);
    return html`–${reason !== undefined && html`<small>${reason}</small>`}`;
  };
  return [
    {
      label: 'Worst group',
      note: 'accuracy of the group with the lowest',
      value: ({ worstGroup }) => worstGroup?.accuracy ?? null,
      show: (result) =>
        result.worstGroup === null
          ? missing(result, 'worstGroup')
          : html`<strong>${percent(result.worstGroup.accuracy)}</strong
              ><small>${nameOf(result.worstGroup.name)}</small>`,
      best: 'highest',
    },
    {
      label: 'Average',
      note: 'groups weighted as in training',
      value: ({ average }) => average,
      show: (result) => (result.average === null ? missing(result, 'average') : percent(result.average)),
      best: 'highest',
    },
    {
      label: 'Group average',
      note: 'every group counts the same',
      value: ({ groupAverage }) => groupAverage,
      show: (result) =>
        result.groupAverage === null ? missing(result, 'groupAverage') : percent(result.groupAverage),
      best: 'highest',
    },
    {
      label: 'Gap',
      note: 'largest between two groups of one class',
      value: ({ gap }) => gap,
      show: (result) => (result.gap === null ? missing(result, 'gap') : points(result.gap)),
      best: 'lowest',
    },
    {
      label: 'Steps',
      note: 'of the optimizer',
      value: ({ steps }) => steps,
      show: ({ steps }) => quantity(steps),
    },
    { label: 'Time', note: 'training and tests', value: (r) => r.seconds, show: (r) => duration(r.seconds) },
  ];
}

/** Methods as columns, so that the table also fits a narrow page. */
export function methodTable(input: ReportInput): Markup {
  const methods = methodsOf(input.results);
  if (methods.length === 0) return html`<p class="none">No classifier was trained.</p>`;
  const best = ({ value, best: which }: TableRow): number | null => {
    const values = methods.flatMap(({ result }) => value(result) ?? []);
    if (which === undefined || values.length < Math.max(2, methods.length)) return null;
    return which === 'highest' ? Math.max(...values) : Math.min(...values);
  };
  return html`<table class="methods">
    <caption>
      Accuracy on the test images; the best of each row is underlined.
    </caption>
    <thead>
      <tr>
        <td></td>
        ${methods.map(
          ({ name }) => html`<th scope="col" style="--hue: ${methodColor(name)}">${methodLabel(name)}</th>`,
        )}
      </tr>
    </thead>
    <tbody>
      ${tableRows(input).map(
        (row) =>
          html`<tr>
            <th scope="row">${row.label}<small>${row.note}</small></th>
            ${methods.map(
              ({ result }) =>
                html`<td${row.value(result) !== null && row.value(result) === best(row) && html` class="best"`}>${row.show(result)}</td>`,
            )}
          </tr>`,
      )}
    </tbody>
  </table>`;
}

/** Bars per group and method, and the same numbers as a table. */
export function groupSection(input: ReportInput): Markup {
  const methods = methodsOf(input.results);
  if (methods.length === 0) return html``;
  const names = [...new Set(methods.flatMap(({ result }) => result.groups.map(({ name }) => name)))];
  const groups = names.map((name) => {
    const found = methods.map(({ name: method, result }) => ({
      method,
      result,
      group: result.groups.find((group) => group.name === name),
    }));
    return {
      label: groupLabel(input, name),
      note: `${numberText(Math.max(0, ...found.map(({ group }) => group?.count ?? 0)))} test images`,
      bars: found.map(({ method, result, group }) => ({
        label: methodLabel(method),
        color: methodColor(method),
        share: group?.accuracy ?? null,
        interval: group?.interval ?? null,
        ...(result.worstGroup?.name === name && { mark: 'worst' }),
      })),
    };
  });
  const rows = groups.flatMap(({ label, bars }, g) =>
    bars.map((bar, m) => {
      const group = methods[m]!.result.groups.find(({ name }) => name === names[g]);
      return html`<tr>
        <th scope="row">${label}</th>
        <td>${bar.label}</td>
        <td>${percent(bar.share)}</td>
        <td>${bar.interval ? html`${percent(bar.interval[0])} – ${percent(bar.interval[1])}` : '–'}</td>
        <td>${group?.loss === null || group === undefined ? '–' : quantity(group.loss)}</td>
        <td>${quantity(group?.count ?? 0)}</td>
      </tr>`;
    }),
  );
  return html`<section>
    <h2>Accuracy per group</h2>
    <p class="lead">
      On test images. The thin lines are Wilson 95 % intervals; ◂ marks the worst group of each method.
    </p>
    ${barChart(groups)}
    <details>
      <summary>Numbers</summary>
      <div class="scroll">
        <table>
          <caption>
            Accuracy per group and method
          </caption>
          <thead>
            <tr>
              <th scope="col">group</th>
              <th scope="col">method</th>
              <th scope="col">accuracy</th>
              <th scope="col">95 % interval</th>
              <th scope="col">loss</th>
              <th scope="col">images</th>
            </tr>
          </thead>
          <tbody>
            ${rows}
          </tbody>
        </table>
      </div>
    </details>
  </section>`;
}
