/** Accuracy of every group under every method, as bars and, with all that is known of each seed, as a table. */
import { barChart, type Bar, type BarGroup } from './bar-chart.ts';
import type { ReportInput } from './input.ts';
import { html, type Markup } from './markup.ts';
import { numberText, percent, percentInterval, quantity } from './numbers.ts';
import { spread } from './summary.ts';
import { groupLabel, groupOf, testedMethods, type TestedMethod } from './tested-methods.ts';

/** In how many of its seeds a group is the worst one, in words. */
function markOf({ tests }: TestedMethod, name: string): string | undefined {
  const count = tests.filter(({ result }) => result.worstGroup?.name === name).length;
  if (count === 0) return undefined;
  return count === tests.length ? 'worst' : `worst in ${count} of ${tests.length}`;
}

function barOf(method: TestedMethod, name: string): Bar {
  const groups = method.tests.map((test) => ({ seed: test.seed, group: groupOf(test, name) }));
  const share = spread(groups.map(({ group }) => group?.accuracy ?? null));
  const dots = groups.flatMap(({ seed, group }) =>
    group === undefined || group.accuracy === null ? [] : [{ seed, share: group.accuracy }],
  );
  const { mean, sd } = share;
  const own = groups.length === 1 ? groups[0]!.group?.interval : undefined;
  const mark = markOf(method, name);
  return {
    label: method.name,
    color: method.color,
    share,
    interval: mean !== null && sd !== null ? [mean - sd, mean + sd] : (own ?? null),
    dots: groups.length > 1 ? dots : [],
    ...(mark !== undefined && { mark }),
  };
}

/** How many test images a group has, where seeds may differ. */
function countNote(methods: readonly TestedMethod[], name: string): string {
  const counts = methods.flatMap(({ tests }) => tests.map((test) => groupOf(test, name)?.count ?? 0));
  const [fewest, most] = [Math.min(...counts), Math.max(...counts)];
  return `${fewest === most ? '' : `${numberText(fewest)} to `}${numberText(most)} test ${most === 1 ? 'image' : 'images'}`;
}

/** The names of all groups, in the order in which results list them. */
export const groupNames = (methods: readonly TestedMethod[]): readonly string[] => [
  ...new Set(
    methods.flatMap(({ tests }) => tests.flatMap(({ result }) => result.groups.map(({ name }) => name))),
  ),
];

function seedRow(
  input: ReportInput,
  name: string,
  method: TestedMethod,
  test: TestedMethod['tests'][number],
): Markup {
  const group = groupOf(test, name);
  return html`<tr>
    <th scope="row">${groupLabel(input, name)}</th>
    <td>${method.name}</td>
    <td>${test.seed}</td>
    <td>${percent(group?.accuracy ?? null)}</td>
    <td>${group?.interval ? percentInterval(group.interval) : '–'}</td>
    <td>${group === undefined || group.loss === null ? '–' : quantity(group.loss)}</td>
    <td>${quantity(group?.count ?? 0)}</td>
  </tr>`;
}

function numbers(input: ReportInput, methods: readonly TestedMethod[], names: readonly string[]): Markup {
  const heads = ['group', 'method', 'seed', 'accuracy', '95 % interval', 'loss', 'images'];
  return html`<details>
    <summary>Numbers</summary>
    <div class="scroll">
      <table>
        <caption>
          Accuracy per group, method and seed
        </caption>
        <thead>
          <tr>
            ${heads.map((head) => html`<th scope="col">${head}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${names.map((name) =>
            methods.map((method) => method.tests.map((test) => seedRow(input, name, method, test))),
          )}
        </tbody>
      </table>
    </div>
  </details>`;
}

/** Bars per group and method, and the same numbers as a table. */
export function groupSection(input: ReportInput): Markup {
  const methods = testedMethods(input).filter(({ tests }) => tests.length > 0);
  if (methods.length === 0) return html``;
  const names = groupNames(methods);
  const groups = names.map((name): BarGroup => ({
    label: groupLabel(input, name),
    note: countNote(methods, name),
    bars: methods.map((method) => barOf(method, name)),
  }));
  const several = methods.some(({ tests }) => tests.length > 1);
  return html`<section>
    <h2>Accuracy per group</h2>
    <p class="lead">
      On test images.
      ${several ? 'Bars are means over seeds, dots are the seeds, thin lines reach one standard deviation either way' : 'The thin lines are Wilson 95 % intervals'};
      ◂ marks the worst group of each method.
    </p>
    ${barChart(groups)} ${numbers(input, methods, names)}
  </section>`;
}
