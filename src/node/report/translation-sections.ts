/** Stage 1: the images on their way there and back, and what the quality gate says of them. */
import { GATE_LIMITS, gateWarnings } from './headline.ts';
import type { GalleryExample, ReportInput } from './input.ts';
import { lineChart } from './line-chart.ts';
import { html, type Markup } from './markup.ts';
import { percent, percentText, quantity } from './numbers.ts';

function imageRow(label: string, images: readonly (Uint8Array | undefined)[]): Markup {
  return html`<tr>
    <th scope="row">${label}</th>
    ${images.map((png, i) =>
      png
        ? html`<td>
            <img
              src="data:image/png;base64,${Buffer.from(png).toString('base64')}"
              alt="${label}, example ${i + 1}"
            />
          </td>`
        : html`<td class="missing">–</td>`,
    )}
  </tr>`;
}

function direction(title: string, from: string, to: string, examples: readonly GalleryExample[]): Markup {
  const rows = [
    imageRow(
      `real ${from}`,
      examples.map(({ real }) => real),
    ),
    imageRow(
      `→ ${to}`,
      examples.map(({ translated }) => translated),
    ),
    ...(examples.some(({ back }) => back)
      ? [
          imageRow(
            `→ back`,
            examples.map(({ back }) => back),
          ),
        ]
      : []),
  ];
  return html`<div class="direction">
    <h3>${title}</h3>
    ${
      examples.length === 0
        ? html`<p class="none">No examples.</p>`
        : html`<table class="gallery">
            <tbody>
              ${rows}
            </tbody>
          </table>`
    }
  </div>`;
}

/** Real → translated → back, in both directions, one column an image. */
export function gallerySection({ gallery, sourceName, targetName }: ReportInput): Markup {
  return html`<section>
    <h2>Translations</h2>
    <p class="lead">
      Each column is one image: as it is, translated to the other domain, and translated back.
    </p>
    <div class="directions">
      ${direction(`${sourceName} → ${targetName}`, sourceName, targetName, gallery.toTarget)}
      ${direction(`${targetName} → ${sourceName}`, targetName, sourceName, gallery.toSource)}
    </div>
  </section>`;
}

/** The warnings of the gate, meant for the top of the page; nothing if there are none. */
export function gateNotice(input: ReportInput): Markup {
  const { stage1 } = input.results;
  const warnings = stage1 ? gateWarnings(stage1, input) : [];
  if (warnings.length === 0) return html``;
  return html`<aside class="warning" role="note">
    <strong>⚠ The translations are poor.</strong>
    <ul>
      ${warnings.map((warning) => html`<li>${warning}</li>`)}
    </ul>
    ${input.results.methods.camel && html`<p>CAMEL here says little about model patching with good translations.</p>`}
  </aside>`;
}

/** The gate's figures with what they mean, and how they went during training. */
export function gateSection(input: ReportInput): Markup {
  const { stage1 } = input.results;
  const { sourceName, targetName } = input;
  const figures = stage1 && [
    {
      label: 'Strict flip rate',
      words:
        'translations that really look like the other domain, to a classifier that specks and blurs do not fool',
      values: [stage1.flipRate.toTarget, stage1.flipRate.toSource],
      limit: GATE_LIMITS.flipRate,
    },
    {
      label: 'Class kept',
      words: 'translations in which a second classifier still finds the original’s class',
      values: [stage1.labelPreservation.toTarget, stage1.labelPreservation.toSource],
      limit: GATE_LIMITS.labelPreservation,
    },
  ];
  const cell = (share: number, limit: number): Markup =>
    share >= limit
      ? html`<td>${percent(share)}</td>`
      : html`<td class="poor">${percent(share)}<small>⚠ below ${percentText(limit)}</small></td>`;
  const table =
    stage1 &&
    figures &&
    html`<table class="figures">
      <thead>
        <tr>
          <td></td>
          <th scope="col">${sourceName} → ${targetName}</th>
          <th scope="col">${targetName} → ${sourceName}</th>
        </tr>
      </thead>
      <tbody>
        ${figures.map(
          ({ label, words, values, limit }) =>
            html`<tr>
              <th scope="row">${label}<small>${words}</small></th>
              ${values.map((value) => cell(value, limit))}
            </tr>`,
        )}
        <tr>
          <th scope="row">
            There and back<small>mean difference of a pixel from the original, black to white being 1</small>
          </th>
          <td colspan="2">${quantity(stage1.cycleError)}</td>
        </tr>
        <tr>
          <th scope="row">
            The gate’s own accuracy<small>of its classifiers on held-out real images</small>
          </th>
          <td
            colspan="2"
            ${stage1.gateClassifierAccuracy < GATE_LIMITS.classifierAccuracy && html` class="poor"`}
          >
            ${percent(stage1.gateClassifierAccuracy)}
          </td>
        </tr>
      </tbody>
    </table>`;
  return html`<section>
    <h2>Are the translations good enough?</h2>
    ${table ?? html`<p class="lead">No generators were trained in this run: the translations were given, so there is nothing to judge.</p>`}
    ${input.stage1Curve.length > 0 && stageOneCharts(input)}
  </section>`;
}

function stageOneCharts({ stage1Curve, stage1BestStep, sourceName, targetName }: ReportInput): Markup {
  const series = (label: string, color: string, value: (point: (typeof stage1Curve)[number]) => number) => ({
    label,
    color,
    points: stage1Curve.map((point) => ({ x: point.step, y: value(point) })),
  });
  const mark =
    stage1BestStep === null || stage1BestStep === undefined
      ? {}
      : { mark: { x: stage1BestStep, label: 'used' } };
  return html`<div class="charts">
    ${lineChart({
      title: 'Strict flip rate and score',
      description: 'Strict flip rates in both directions and the gate’s score, by step.',
      note: `On fixed images during stage 1. The score is the lower flip rate times the lower share of kept classes; the checkpoint with the best one, of equal ones the nearest to real images by the Fréchet distance, translates the images${stage1BestStep ? ` (step ${stage1BestStep})` : ''}.`,
      format: 'share',
      series: [
        { ...series(`→ ${targetName}`, 'var(--target)', (point) => point.flipRateToTarget), dash: '7 3' },
        { ...series(`→ ${sourceName}`, 'var(--source)', (point) => point.flipRateToSource), dash: '2 3' },
        { ...series('score', 'var(--ink)', (point) => point.score), emphasis: true },
      ],
      ...mark,
    })}
    ${lineChart({
      title: 'Cycle loss',
      description: 'Cycle loss by step.',
      note: 'How well images survive the way there and back. It says nothing about reaching the other domain, so the gate does not use it.',
      format: 'number',
      series: [series('cycle loss', 'var(--ink)', (point) => point.cycleLoss)],
      ...mark,
    })}
  </div>`;
}
