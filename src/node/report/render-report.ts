/** The report of an experiment: one HTML file that needs no other file, no network and no script. */
import { headline } from './headline.ts';
import type { ReportInput } from './input.ts';
import { html, type Markup } from './markup.ts';
import { duration, durationText, quantity } from './numbers.ts';
import { STYLE } from './style.ts';
import { groupLabel, groupSection, methodTable } from './summary-sections.ts';
import { trainingSection } from './training-section.ts';
import { gallerySection, gateNotice, gateSection } from './translation-sections.ts';

function facts(caption: string, entries: readonly (readonly [string, Markup | string])[]): Markup {
  if (entries.length === 0) return html``;
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

function valueOf(value: string | number | boolean | null): Markup | string {
  if (typeof value === 'number') return quantity(value);
  return value === null ? 'none' : String(value);
}

function factsSection({ settings, environment, backend, seed, seconds, results }: ReportInput): Markup {
  const entriesOf = (record: ReportInput['settings']): (readonly [string, Markup | string])[] =>
    Object.entries(record).map(([name, value]) => [name, valueOf(value)] as const);
  return html`<section>
    <h2>How it was made</h2>
    <div class="facts">
      ${facts('Run', [
        ...(results.preset === undefined ? [] : [['preset', results.preset] as const]),
        ...(results.name === undefined ? [] : [['name', results.name] as const]),
        ['seed', html`<data value="${seed}">${String(seed)}</data>`],
        ['duration', duration(seconds)],
        ['backend', backend.name],
        ['device', backend.device],
      ])}
      ${facts('Versions', entriesOf(environment))} ${facts('Settings', entriesOf(settings))}
    </div>
  </section>`;
}

/**
 * The report as the text of an HTML file: a headline computed from the numbers, the methods' table, the translations,
 * accuracy per group, training curves, the gate's figures and the settings. Light and dark by the reader's
 * preference. Every string of the input is escaped. The exact numbers are in `data` elements.
 *
 * @param input See {@link ReportInput}; methods, stage 1, curves and images may be missing, and the report then says so
 *   or leaves the part out.
 * @returns A complete HTML document.
 * @example
 * ```ts
 * import { renderReport } from 'model-patching/node';
 * const page = renderReport({
 *   title: 'My <experiment>', settings: {}, environment: {}, backend: { name: 'cpu', device: 'JavaScript' },
 *   seed: 0, seconds: 1, sourceName: 'clean', targetName: 'zigzag',
 *   results: { preset: 'smoke', backend: 'cpu', seed: 0, seconds: 1, stage1: null, methods: {} },
 *   gallery: { toTarget: [], toSource: [] }, stage1Curve: [], methodCurves: {},
 * });
 * if (!page.includes('My &lt;experiment&gt;')) throw new Error('text stays text');
 * ```
 */
export function renderReport(input: ReportInput): string {
  const { title, subtitle, results, backend } = input;
  const page = html`<html lang="en">
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <meta
        http-equiv="Content-Security-Policy"
        content="default-src 'none'; img-src data:; style-src 'unsafe-inline'"
      />
      <title>${title}</title>
      <style>
        ${STYLE}
      </style>
    </head>
    <body>
      <main>
        <header>
          <p>${title}</p>
          <h1>${headline(results, (name) => groupLabel(input, name))}</h1>
          <p>
            ${subtitle && html`${subtitle} · `}${results.preset ?? results.name ?? ''} · seed ${input.seed} ·
            ${backend.name} · ${durationText(input.seconds)}
          </p>
        </header>
        ${gateNotice(input)}
        <section>${methodTable(input)}</section>
        ${gallerySection(input)} ${groupSection(input)} ${gateSection(input)} ${trainingSection(input)}
        ${factsSection(input)}
      </main>
    </body>
  </html>`;
  return `<!DOCTYPE html>\n${page.markup}\n`;
}
