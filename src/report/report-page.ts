/** The report of a study or of a single run: one HTML file that needs no other file, no network and no script. */
import { groupSection } from './group-section.ts';
import { headline } from './headline.ts';
import type { ReportInput } from './input.ts';
import { html, type Markup } from './markup.ts';
import { methodTable } from './method-table.ts';
import { noticeSection } from './notices.ts';
import { durationText } from './numbers.ts';
import { runsSection } from './runs-section.ts';
import { seedsSection } from './seeds-section.ts';
import { settingsSection } from './settings-section.ts';
import { STYLE } from './style.ts';
import { trainingSection } from './training-section.ts';
import { translationSection } from './translation-section.ts';

const many = (count: number, one: string): string => `${count} ${one}${count === 1 ? '' : 's'}`;

/** What the report is of, below its headline. */
function subtitle({ data, backend, seconds, seeds, methods }: ReportInput): string {
  const [only, ...others] = seeds;
  return [
    data,
    ...(methods.length > 1 ? [many(methods.length, 'method')] : methods.map(({ name }) => name)),
    only !== undefined && others.length === 0 ? `seed ${only.seed}` : many(seeds.length, 'seed'),
    backend.name,
    durationText(seconds),
  ].join(' · ');
}

function page(input: ReportInput): Markup {
  return html`<html lang="en">
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <meta
        http-equiv="Content-Security-Policy"
        content="default-src 'none'; img-src data:; style-src 'unsafe-inline'"
      />
      <title>${input.name}</title>
      <style>
        ${STYLE}
      </style>
    </head>
    <body>
      <main>
        <header>
          <p>${input.name}</p>
          <h1>${headline(input)}</h1>
          <p>${subtitle(input)}</p>
        </header>
        ${noticeSection(input)} ${methodTable(input)} ${seedsSection(input)} ${groupSection(input)}
        ${translationSection(input)} ${trainingSection(input)} ${settingsSection(input)} ${runsSection(input)}
      </main>
    </body>
  </html>`;
}

/**
 * The report as the text of an HTML file: a headline computed from the numbers, what is missing and why, the methods
 * over their seeds, accuracy per group, the translations with the gate's figures, training curves, settings and runs.
 * Light and dark by the reader's preference. Every string of the input is escaped. The exact numbers are in `data`
 * elements.
 *
 * @param input See {@link ReportInput}; of any number of methods, groups, seeds and experiments of stage 1.
 * @returns A complete HTML document.
 */
export function renderReport(input: ReportInput): string {
  return `<!DOCTYPE html>\n${page(input).markup}\n`;
}
