/** How it was made: every run with its seed, steps and time, and versions and machine. */
import type { ReportInput } from './input.ts';
import { html, type Markup } from './markup.ts';
import { duration, quantity } from './numbers.ts';
import { outcomeOf } from './tested-methods.ts';

/** What a row says of a run. */
interface RunFacts {
  readonly steps: number;
  readonly seconds: number;
  readonly selectedStep?: number;
}

type Outcome = RunFacts | { readonly failed: string } | undefined;

function cells(outcome: Outcome, usedStep: number | null): Markup {
  if (outcome === undefined) return html`<td class="reason" colspan="3">– not run yet</td>`;
  if ('failed' in outcome) return html`<td class="reason" colspan="3">– failed: ${outcome.failed}</td>`;
  const { steps, seconds } = outcome;
  return html`<td>${quantity(steps)}</td>
    <td>${usedStep === null ? '–' : quantity(usedStep)}</td>
    <td>${duration(seconds)}</td>`;
}

function row(seed: number, name: string, outcome: Outcome, usedStep: number | null): Markup {
  return html`<tr>
    <th scope="row">${name}</th>
    <td><data value="${seed}">${seed}</data></td>
    ${cells(outcome, usedStep)}
  </tr>`;
}

function runRows({ seeds, stageOne, methods, translationRuns }: ReportInput): readonly Markup[] {
  return seeds.flatMap((each) => [
    ...stageOne.map(({ name }) => {
      const run = translationRuns.find((one) => one.seed === each.seed && one.name === name);
      const outcome = each.stage1.find((one) => one.name === name);
      return row(each.seed, name, outcome, run?.bestStep ?? null);
    }),
    ...methods.map(({ name }) => {
      const outcome = outcomeOf(each, name);
      const used = outcome === undefined || 'failed' in outcome ? null : outcome.selectedStep;
      return row(each.seed, name, outcome, used);
    }),
  ]);
}

function facts(caption: string, entries: readonly (readonly [string, Markup | string])[]): Markup {
  return html`<table>
    <caption>
      ${caption}
    </caption>
    <tbody>
      ${entries.map(
        ([name, value]) =>
          html`<tr>
            <th scope="row">${name}</th>
            <td>${value}</td>
          </tr>`,
      )}
    </tbody>
  </table>`;
}

/** Which checkpoint of each run is used and why, and what else befell it; nothing if no run tells. */
function courses({ courses: told }: ReportInput): Markup {
  if (told.length === 0) return html``;
  return html`<div class="scroll">
    <table class="settings">
      <caption>
        Checkpoints used, and why
      </caption>
      <tbody>
        ${told.map(
          ({ seed, name, sentences }) =>
            html`<tr>
              <th scope="row">${name}</th>
              <td><data value="${seed}">${seed}</data></td>
              <td class="reason">${sentences.join(' ')}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

/** The runs, what they ran on, and how long all of it took. */
export function runsSection(input: ReportInput): Markup {
  const { backend, environment, seconds } = input;
  return html`<section>
    <h2>How it was made</h2>
    <div class="scroll">
      <table class="settings">
        <thead>
          <tr>
            ${['run', 'seed', 'steps', 'step used', 'time'].map((head) => html`<th scope="col">${head}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${runRows(input)}
        </tbody>
      </table>
    </div>
    ${courses(input)}
    <div class="facts">
      ${facts('Machine', [
        ['backend', backend.name],
        ['device', backend.device],
        ['time of all runs', duration(seconds)],
      ])}
      ${facts(
        'Versions',
        Object.entries(environment).map(
          ([name, value]) => [name, typeof value === 'number' ? quantity(value) : value] as const,
        ),
      )}
    </div>
  </section>`;
}
