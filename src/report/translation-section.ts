/** Stage 1: the images on their way there and back, what the quality gate says of them, and how training went. */
import { SATISFYING_GATE } from '../gan/quality-gate.ts';
import type { StageOneFigures } from '../config/study-results.ts';
import type { Gallery, ReportedStageOne, ReportInput, TranslationRun } from './input.ts';
import { lineChart, type Series } from './line-chart.ts';
import { html, type Markup } from './markup.ts';
import { duration, percent, quantity } from './numbers.ts';

/** Pictures narrower than this show their pixels as squares. */
const SMALL_PICTURE = 640;
const LARGEST_SCALE = 2.5;

function rowLabels({ source, target }: ReportedStageOne): readonly string[] {
  return [source, `→ ${target}`, '→ back', target, `→ ${source}`, '→ back'];
}

function gallery(domains: ReportedStageOne, { step, png, width }: Gallery, used: boolean): Markup {
  const small = width < SMALL_PICTURE;
  return html`<figure class="gallery">
    <figcaption>
      After ${quantity(step)} steps${used && ', the checkpoint that translates'}. A column is an image: as it
      is, translated, and translated back.
    </figcaption>
    <div class="gallery-grid" style="--width: ${Math.round(small ? LARGEST_SCALE * width : width)}px">
      <div class="gallery-labels">
        ${rowLabels(domains).map((label) => html`<span title="${label}">${label}</span>`)}
      </div>
      <img
        ${small && html`class="pixels"`}
        src="data:image/png;base64,${png}"
        alt="${domains.source} and ${domains.target} images with their translations"
      />
    </div>
  </figure>`;
}

/** The first picture, and the others folded away. */
function galleries(domains: ReportedStageOne, { bestStep, galleries: all }: TranslationRun): Markup {
  const [first, ...others] = all;
  if (first === undefined) return html`<p class="none">No pictures were kept.</p>`;
  return html`${gallery(domains, first, first.step === bestStep)}
  ${
    others.length > 0 &&
    html`<details>
      <summary>${others.map(({ step }) => `after ${step} steps`).join(', ')}</summary>
      ${others.map((each) => gallery(domains, each, each.step === bestStep))}
    </details>`
  }`;
}

const shareCell = (share: number | null, limit: number): Markup =>
  share !== null && share < limit
    ? html`<td class="poor">⚠ ${percent(share)}</td>`
    : html`<td>${percent(share)}</td>`;

const numberCell = (value: number | null): Markup => html`<td>${value === null ? '–' : quantity(value)}</td>`;

function figuresRow(seed: number, figures: StageOneFigures): Markup {
  const { flipRate, labelPreservation, frechetDistance, cycleError, gateClassifierAccuracy } = figures;
  return html`<tr>
    <th scope="row">${seed}</th>
    ${(['toTarget', 'toSource'] as const).map(
      (direction) =>
        html`${shareCell(flipRate?.[direction] ?? null, SATISFYING_GATE.flipRate)}
        ${shareCell(labelPreservation?.[direction] ?? null, SATISFYING_GATE.labelPreservation)}
        ${numberCell(frechetDistance?.[direction] ?? null)}`,
    )}
    ${numberCell(cycleError)} ${shareCell(gateClassifierAccuracy, SATISFYING_GATE.classifierAccuracy)}
    <td>${quantity(figures.steps)}</td>
    <td>${duration(figures.seconds)}</td>
  </tr>`;
}

function failedRow(seed: number, reason: string): Markup {
  return html`<tr>
    <th scope="row">${seed}</th>
    <td class="reason" colspan="10">– ${reason}</td>
  </tr>`;
}

/** Why figures are missing where no gate has measured them. */
function ungatedNote({ seeds }: ReportInput, { name }: ReportedStageOne): Markup {
  const figures = seeds.flatMap(({ stage1 }) => stage1.filter((each) => each.name === name));
  return figures.some((each) => 'flipRate' in each && each.flipRate === null)
    ? html`<p class="none">No gate has judged these translations, so most figures are missing.</p>`
    : html``;
}

/** The gate's figures, a row a seed. */
function figuresTable({ seeds }: ReportInput, { name, source, target }: ReportedStageOne): Markup {
  const rows = seeds.map(({ seed, stage1 }) => {
    const found = stage1.find((each) => each.name === name);
    if (found === undefined) return failedRow(seed, 'not run yet');
    return 'failed' in found ? failedRow(seed, found.failed) : figuresRow(seed, found);
  });
  const [there, back] = [`${source} → ${target}`, `${target} → ${source}`];
  const measures = ['flip rate', 'class kept', 'distance'];
  return html`<div class="scroll">
    <table class="figures">
      <thead>
        <tr>
          <td></td>
          <th scope="colgroup" colspan="3">${there}</th>
          <th scope="colgroup" colspan="3">${back}</th>
          <td colspan="4"></td>
        </tr>
        <tr>
          ${['seed', ...measures, ...measures, 'there and back', 'gate', 'steps', 'time'].map(
            (head) => html`<th scope="col">${head}</th>`,
          )}
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </div>`;
}

function curves({ source, target }: ReportedStageOne, { bestStep, curve }: TranslationRun): Markup {
  if (curve.length === 0) return html`<p class="none">Nothing was measured during training.</p>`;
  const series = (
    label: string,
    color: string,
    value: (point: (typeof curve)[number]) => number | null,
  ): Series => ({
    label,
    color,
    // The gate measures at some steps only; its lines join these.
    points: curve.flatMap((point) => {
      const y = value(point);
      return y === null ? [] : [{ x: point.step, y }];
    }),
  });
  const mark = bestStep === null ? {} : { mark: { x: bestStep, label: 'used' } };
  return html`<div class="charts">
    ${lineChart({
      title: 'Strict flip rate and score',
      description: 'Strict flip rates in both directions and the gate’s score, by step.',
      format: 'share',
      none: 'There was no gate.',
      series: [
        {
          ...series(`→ ${target}`, 'var(--target)', ({ flipRate }) => flipRate?.toTarget ?? null),
          dash: '7 3',
        },
        {
          ...series(`→ ${source}`, 'var(--source)', ({ flipRate }) => flipRate?.toSource ?? null),
          dash: '2 3',
        },
        { ...series('score', 'var(--ink)', ({ score }) => score), emphasis: true },
      ],
      ...mark,
    })}
    ${lineChart({
      title: 'Cycle loss',
      description: 'Cycle loss by step.',
      format: 'number',
      series: [series('cycle loss', 'var(--ink)', ({ cycleLoss }) => cycleLoss)],
      ...mark,
    })}
  </div>`;
}

/** Which checkpoint the gate would have taken, where it is not the one that translates. */
function bestByGate({ bestStep, curve }: TranslationRun): Markup {
  const scored = curve.flatMap(({ step, score }) => (score === null ? [] : [{ step, score }]));
  const used = scored.find(({ step }) => step === bestStep);
  const best = scored.reduce<(typeof scored)[number] | undefined>(
    (highest, point) => (highest === undefined || point.score > highest.score ? point : highest),
    undefined,
  );
  if (best === undefined || bestStep === null || best.step === bestStep) return html``;
  return html`<p class="none">
    Step ${quantity(bestStep)} translates${used && html`, with a score of ${quantity(used.score)}`}. The
    gate’s best is step ${quantity(best.step)} with ${quantity(best.score)}.
  </p>`;
}

/** Pictures and curves of one seed, open for the first one. */
function seedDetails(
  domains: ReportedStageOne,
  run: TranslationRun,
  isFirst: boolean,
  several: boolean,
): Markup {
  const body = html`${galleries(domains, run)} ${bestByGate(run)} ${curves(domains, run)}`;
  return several
    ? html`<details class="seed" ${isFirst && html`open="open"`}>
        <summary>Seed ${run.seed}</summary>
        ${body}
      </details>`
    : body;
}

/** Every experiment of stage 1; nothing if there is none. */
export function translationSection(input: ReportInput): Markup {
  if (input.stageOne.length === 0) return html``;
  const several = input.seeds.length > 1;
  return html`<section>
    <h2>Translations</h2>
    <p class="lead">
      Flip rate: translations that really look like the other domain to a strict classifier. Class kept:
      translations in which a second classifier still finds the class. Distance: Fréchet distance to real
      images. There and back: mean difference of a pixel, black to white being 1. Gate: the lower accuracy of
      its classifiers on real images. ⚠ is below what the gate asks for. The score in the charts is the lower
      flip rate times the lower share of kept classes.
    </p>
    ${input.stageOne.map((domains) => {
      const runs = input.translationRuns.filter(({ name }) => name === domains.name);
      return html`<h3>
          ${domains.name} <small>${domains.classes}, ${domains.source} ↔ ${domains.target}</small>
        </h3>
        ${ungatedNote(input, domains)} ${figuresTable(input, domains)}
        ${runs.map((run, i) => seedDetails(domains, run, i === 0, several))}`;
    })}
  </section>`;
}
