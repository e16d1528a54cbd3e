/**
 * A small line chart with its labels at the lines' ends instead of a legend. Only the lines are stretched to the
 * width of the page; text and strokes stay at the reader's size. A table of the same numbers is folded away below.
 */
import { html, type Markup } from './markup.ts';
import { numberText, percentText } from './numbers.ts';

/** One line; null breaks it. */
export interface Series {
  readonly label: string;
  readonly points: readonly { readonly x: number; readonly y: number | null }[];
  /** A CSS colour. */
  readonly color: string;
  /** Lengths of strokes and gaps, e.g. `6 3`; solid by default. */
  readonly dash?: string;
  /** Drawn over the others and thicker. */
  readonly emphasis?: boolean;
}

/** What a chart shows. */
export interface LineChart {
  readonly title: string;
  /** What the lines are, for those who do not see them. */
  readonly description: string;
  /** Said beside the title. */
  readonly note?: string;
  readonly series: readonly Series[];
  readonly format: 'share' | 'number';
  /** The axis reaches at least this far up; for charts that are compared. */
  readonly maximum?: number;
  /** Said when there is nothing to draw. */
  readonly none?: string;
  /** A CSS colour beside the title. */
  readonly hue?: string;
  /** A vertical line at x with a word. */
  readonly mark?: { readonly x: number; readonly label: string };
}

const HEIGHT = 150;
const LABEL_HEIGHT = 15;
const MOST_POINTS = 150;
/** What the stroke beside a label takes, and the longest label that is shown whole, in characters. */
const STROKE_WIDTH = 4;
const LONGEST_LABEL = 24;
/** Of a letter as a part of a digit's width, which is CSS's character. */
const LETTER_WIDTH = 0.8;

/** At most {@link MOST_POINTS} points, each the mean of its stretch; a missing value counts for nothing in it. */
export function thinned(points: Series['points']): Series['points'] {
  const stretch = Math.ceil(points.length / MOST_POINTS);
  if (stretch <= 1) return points;
  return Array.from({ length: Math.ceil(points.length / stretch) }, (_, i) => {
    const part = points.slice(i * stretch, (i + 1) * stretch);
    const values = part.flatMap(({ y }) => (y === null || !Number.isFinite(y) ? [] : [y]));
    return {
      x: part.at(-1)!.x,
      y: values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length,
    };
  });
}

/** Round steps that cover 0 … maximum in two to five parts. */
export function axisTicks(maximum: number): number[] {
  if (!(maximum > 0 && Number.isFinite(maximum))) return [0, 1];
  const magnitude = 10 ** Math.floor(Math.log10(maximum));
  const step = [0.2, 0.25, 0.5, 1, 2, 2.5]
    .map((part) => part * magnitude)
    .find((part) => maximum / part <= 4)!;
  const count = Math.ceil(maximum / step - 1e-9);
  return Array.from({ length: count + 1 }, (_, i) => Number((i * step).toPrecision(6)));
}

/** Heights moved apart until neighbours are `gap` away from each other, inside 0 … limit where there is room. */
export function spreadLabels(heights: readonly number[], gap: number, limit: number): number[] {
  const order = heights.map((_, i) => i).sort((a, b) => heights[a]! - heights[b]! || a - b);
  const placed = [...heights];
  let free = 0;
  for (const i of order) {
    placed[i] = Math.max(placed[i]!, free);
    free = placed[i]! + gap;
  }
  let ceiling = limit;
  for (const i of order.reverse()) {
    placed[i] = Math.min(placed[i]!, ceiling);
    ceiling = placed[i]! - gap;
  }
  return placed;
}

/** The room for labels, in characters. */
const labelWidth = (series: readonly Series[]): number =>
  STROKE_WIDTH +
  Math.min(LONGEST_LABEL, Math.ceil(LETTER_WIDTH * Math.max(0, ...series.map(({ label }) => label.length))));

/** A path through the points; a missing one starts it anew. */
function path(points: Series['points'], toX: (x: number) => number, toY: (y: number) => number): string {
  let pen = 'M';
  return points
    .map(({ x, y }) => {
      if (y === null || !Number.isFinite(y)) {
        pen = 'M';
        return '';
      }
      const command = `${pen}${toX(x).toFixed(2)} ${toY(y).toFixed(2)}`;
      pen = 'L';
      return command;
    })
    .join('');
}

function dataTable({ title, series, format }: LineChart): Markup {
  const rows = series.reduce<readonly number[]>(
    (longest, { points }) => (points.length > longest.length ? points.map(({ x }) => x) : longest),
    [],
  );
  const every = Math.ceil(rows.length / 20);
  const shown = rows.filter((_, i) => (rows.length - 1 - i) % every === 0);
  const text = (y: number | null | undefined): string =>
    y === null || y === undefined ? '–' : format === 'share' ? percentText(y) : numberText(y);
  return html`<details>
    <summary>Numbers</summary>
    <div class="scroll">
      <table>
        <caption>
          ${title}
        </caption>
        <thead>
          <tr>
            <th scope="col">step</th>
            ${series.map(({ label }) => html`<th scope="col">${label}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${shown.map(
            (x) =>
              html`<tr>
                <th scope="row">${numberText(x)}</th>
                ${series.map(
                  ({ points }) => html`<td>${text(points.find((point) => point.x === x)?.y)}</td>`,
                )}
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </details>`;
}

const isKnown = ({ y }: Series['points'][number]): boolean => y !== null && Number.isFinite(y);

/** A chart with its lines and the way from their values to places. */
interface Drawing {
  readonly chart: LineChart;
  /** The lines that have a point. */
  readonly series: readonly Series[];
  /** The x of the last point. */
  readonly last: number;
  readonly ticks: readonly number[];
  toX(x: number): number;
  toY(y: number): number;
}

function drawingOf(chart: LineChart, series: readonly Series[]): Drawing {
  const drawn = series.flatMap(({ points }) => points.filter(isKnown));
  const last = Math.max(...drawn.map(({ x }) => x), 1);
  const ticks =
    chart.format === 'share'
      ? [0, 0.5, 1]
      : axisTicks(Math.max(chart.maximum ?? 0, ...drawn.map(({ y }) => y!)));
  const top = ticks.at(-1)!;
  return {
    chart,
    series,
    last,
    ticks,
    toX: (x) => (100 * x) / last,
    toY: (y) => HEIGHT * (1 - Math.min(1, Math.max(0, y / top))),
  };
}

const styleOf = (one: Series): Markup =>
  html`style="stroke: ${one.color}" ${one.dash !== undefined && html`stroke-dasharray="${one.dash}"`}
  class="line${one.emphasis ? ' emphasis' : ''}"`;

function lines({ chart, series, ticks, toX, toY }: Drawing): Markup {
  const sorted = [...series].sort((a, b) => Number(a.emphasis ?? false) - Number(b.emphasis ?? false));
  return html`<svg
    role="img"
    width="100%"
    height="${HEIGHT}"
    viewBox="0 0 100 ${HEIGHT}"
    preserveAspectRatio="none"
  >
    <title>${chart.title}</title>
    <desc>${chart.description}</desc>
    ${ticks.map((tick) => html`<line class="grid" x1="0" x2="100" y1="${toY(tick)}" y2="${toY(tick)}" />`)}
    ${chart.mark && html`<line class="mark-line" x1="${toX(chart.mark.x)}" x2="${toX(chart.mark.x)}" y1="0" y2="${HEIGHT}" />`}
    ${sorted.map((one) => html`<path ${styleOf(one)} d="${path(one.points, toX, toY)}" />`)}
    ${sorted
      .filter(({ points }) => points.length === 1)
      .map((one) => html`<path ${styleOf(one)} d="M90 ${toY(one.points[0]!.y!)}h10" />`)}
  </svg>`;
}

/** The labels at the ends of the lines. */
function endLabels({ series, toY }: Drawing): Markup {
  const ends = series.map(({ points }) => toY(points.filter(isKnown).at(-1)!.y!));
  const labels = spreadLabels(ends, LABEL_HEIGHT, HEIGHT);
  return html`<div class="end-labels" aria-hidden="true">
    ${series.map(
      (one, i) =>
        html`<span
          title="${one.label}"
          style="top: ${labels[i]!.toFixed(1)}px"
          ${one.emphasis && html` class="emphasis"`}
          ><svg width="18" height="8"><line x1="0" x2="18" y1="4" y2="4" ${styleOf(one)} /></svg>
          ${one.label}</span
        >`,
    )}
  </div>`;
}

function plot(drawing: Drawing, all: readonly Series[]): Markup {
  const { chart, last, ticks, toX, toY } = drawing;
  const tickText = (tick: number): string =>
    chart.format === 'share' ? `${100 * tick} %` : numberText(tick);
  return html`<div class="plot" style="--labels: ${labelWidth(all)}ch">
    ${chart.mark && html`<div class="marks" aria-hidden="true"><span style="left: ${toX(chart.mark.x)}%">${chart.mark.label}</span></div>`}
    <div class="y-axis" aria-hidden="true">
      ${ticks.map((tick) => html`<span style="top: ${toY(tick)}px">${tickText(tick)}</span>`)}
    </div>
    ${lines(drawing)} ${endLabels(drawing)}
    <div class="x-axis" aria-hidden="true"><span>0</span><span>step ${numberText(last)}</span></div>
  </div>`;
}

/** The chart as a figure. Where there is nothing to draw, a sentence says so. */
export function lineChart(chart: LineChart): Markup {
  const all = chart.series.map((one) => ({ ...one, points: thinned(one.points) }));
  // A label without a line would stand at 0, as if that had been measured.
  const series = all.filter(({ points }) => points.some(isKnown));
  const missing = all.filter(({ points }) => !points.some(isKnown)).map(({ label }) => label);
  const caption = html`<figcaption><strong${chart.hue !== undefined && html` class="hue" style="--hue: ${chart.hue}"`}>${chart.title}</strong>${chart.note !== undefined && html` <span>${chart.note}</span>`}</figcaption>`;
  if (series.length === 0)
    return html`<figure class="chart">
      ${caption}
      <p class="none">${chart.none ?? 'Nothing was recorded.'}</p>
    </figure>`;
  return html`<figure class="chart">
    ${caption} ${plot(drawingOf(chart, series), all)}
    ${missing.length > 0 && html`<p class="none">Not measured: ${missing.join(', ')}.</p>`}
    ${dataTable({ ...chart, series: all })}
  </figure>`;
}
