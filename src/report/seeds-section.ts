/** One dot a seed: how far apart runs of the same method are, and how far the worst group is from the average. */
import { gridLines, seedDots, shareAxis, type SeedDot } from './bar-chart.ts';
import { differencesTable } from './differences-table.ts';
import type { ReportInput } from './input.ts';
import { html, type Markup } from './markup.ts';
import { percent } from './numbers.ts';
import { testedMethods, type TestedMethod } from './tested-methods.ts';

const dotsOf = ({ tests }: TestedMethod, value: (test: TestedMethod['tests'][number]) => number | null) =>
  tests.flatMap((test): SeedDot[] => {
    const share = value(test);
    return share === null ? [] : [{ seed: test.seed, share }];
  });

function row(method: TestedMethod): Markup {
  const averages = dotsOf(method, ({ result }) => result.average);
  const worst = dotsOf(method, ({ result }) => result.worstGroup?.accuracy ?? null);
  return html`<div class="bar-row" style="--hue: ${method.color}">
    <span class="bar-label" title="${method.name}">${method.name}</span>
    <svg class="bar" role="img" width="100%" height="22">
      <title>${method.name}: worst group and average of each seed</title>
      ${gridLines()}
      <line class="track" x1="0" x2="100%" y1="11" y2="11" />
      ${seedDots(averages, 'average-dot')} ${seedDots(worst, 'worst-dot')}
    </svg>
    <span class="bar-value"></span>
  </div>`;
}

function numbers(methods: readonly TestedMethod[], seeds: readonly number[]): Markup {
  return html`<details>
    <summary>Numbers</summary>
    <div class="scroll">
      <table>
        <caption>
          Worst group and average of each seed
        </caption>
        <thead>
          <tr>
            <th scope="col">method</th>
            ${seeds.map((seed) => html`<th scope="col">seed ${seed}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${methods.map(
            ({ name, tests }) =>
              html`<tr>
                <th scope="row">${name}</th>
                ${seeds.map((seed) => {
                  const result = tests.find((test) => test.seed === seed)?.result;
                  return html`<td>
                    ${percent(result?.worstGroup?.accuracy ?? null)}, ${percent(result?.average ?? null)}
                  </td>`;
                })}
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </details>`;
}

/** The dots of every method; nothing for a single seed, whose numbers are in the table. */
export function seedsSection(input: ReportInput): Markup {
  const methods = testedMethods(input).filter(({ tests }) => tests.length > 0);
  if (methods.length === 0 || input.seeds.length < 2) return html``;
  return html`<section>
    <h2>Seed by seed</h2>
    <p class="lead">
      <span class="key worst-key"></span> accuracy of the worst group,
      <span class="key average-key"></span> average, one dot a seed. Seeds:
      ${input.seeds.map(({ seed }) => seed).join(', ')}.
    </p>
    <div class="bars">${methods.map(row)} ${shareAxis()}</div>
    ${numbers(
      methods,
      input.seeds.map(({ seed }) => seed),
    )}
    ${differencesTable(input)}
  </section>`;
}
