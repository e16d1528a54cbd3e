/** What a reader must know before the numbers: runs that are missing, and translations that are poor. */
import type { StageOneFigures } from '../config/study-results.ts';
import { gateWarnings } from './gate-warnings.ts';
import type { ReportInput } from './input.ts';
import { html, type Markup } from './markup.ts';
import { outcomeOf } from './tested-methods.ts';

/** A run that has no result, and why. */
export interface MissingRun {
  readonly seed: number;
  readonly name: string;
  readonly reason: string;
}

/** The runs without a result, those of stage 1 first. */
export function missingRuns({ seeds, stageOne, methods }: ReportInput): readonly MissingRun[] {
  const reasonOf = (outcome: object | undefined): string | undefined => {
    if (outcome === undefined) return 'not run yet';
    return 'failed' in outcome ? String(outcome.failed) : undefined;
  };
  return seeds.flatMap((each) =>
    [
      ...stageOne.map(({ name }) => ({ name, outcome: each.stage1.find((one) => one.name === name) })),
      ...methods.map(({ name }) => ({ name, outcome: outcomeOf(each, name) })),
    ].flatMap(({ name, outcome }) => {
      const reason = reasonOf(outcome);
      return reason === undefined ? [] : [{ seed: each.seed, name, reason }];
    }),
  );
}

/** More lines than these hide the report itself. */
const MOST_LINES = 6;

function warning(title: string, lines: readonly string[]): Markup {
  const left = lines.length - MOST_LINES;
  return html`<aside class="warning" role="note">
    <strong>⚠ ${title}</strong>
    <ul>
      ${lines.slice(0, MOST_LINES).map((line) => html`<li>${line}</li>`)}
      ${left > 0 && html`<li>and ${left} more</li>`}
    </ul>
  </aside>`;
}

/** What the gate says of each experiment of stage 1, with its name and seed where there are several. */
function poorTranslations({ seeds, stageOne }: ReportInput): readonly string[] {
  return seeds.flatMap(({ seed, stage1 }) =>
    stage1
      .filter((each): each is StageOneFigures => !('failed' in each))
      .flatMap((figures) => {
        const domains = stageOne.find(({ name }) => name === figures.name);
        const where = [
          ...(stageOne.length > 1 ? [figures.name] : []),
          ...(seeds.length > 1 ? [`seed ${seed}`] : []),
        ].join(', ');
        return gateWarnings(figures, domains ?? { source: 'source', target: 'target' }).map((line) =>
          where === '' ? line : `${where}: ${line}`,
        );
      }),
  );
}

/** Warnings for the top of the page; nothing if there are none. */
export function noticeSection(input: ReportInput): Markup {
  const missing = missingRuns(input).map(({ seed, name, reason }) => `seed ${seed}, ${name}: ${reason}`);
  const poor = poorTranslations(input);
  return html`${missing.length > 0 && warning('Some runs have no result.', missing)}
  ${poor.length > 0 && warning('Translations do not satisfy the gate: what is learnt from poor ones says little about good ones.', poor)}
  ${input.notices.length > 0 && warning('Note.', input.notices)}`;
}
