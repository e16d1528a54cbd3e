/**
 * One picture of several studies: the worst group of every method against a number that differs between the studies,
 * such as the size of the smallest group. Accuracies are drawn by their logit, which shows 90 and 95 % as far apart as
 * 5 and 10 %.
 */
import type { MethodResult, StudyResults } from '../config/study-results.ts';
import { spreadLabels } from './line-chart.ts';
import { html, type Markup } from './markup.ts';
import { meanInterval } from './student-interval.ts';

/** A study with its place on the axis. */
export interface CurvePoint {
  /** Above 0, since the axis is logarithmic. */
  readonly x: number;
  readonly results: StudyResults;
}

/** What a figure shows. */
export interface CurveFigure {
  /** Of the horizontal axis. */
  readonly axis: string;
  /** At least one, in any order. */
  readonly points: readonly CurvePoint[];
}

const COLORS = [
  '#5c6673',
  '#0a6fb3',
  '#cf5300',
  '#00795c',
  '#8a4fa3',
  '#a8790a',
  '#c2356b',
  '#4d7a1e',
] as const;

const HEIGHT = 400;
const FRAME = { left: 56, right: 590, top: 40, bottom: 344 } as const;
const TICKS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99] as const;
const LABEL_HEIGHT = 17;
/** Of a letter of a label. */
const LETTER_WIDTH = 8.5;
/** How far the bars of two methods are apart, so that they do not hide each other. */
const ASIDE = 6;

/** A mean over seeds with its interval. */
interface Mean {
  readonly x: number;
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

const logit = (share: number): number => Math.log(share / (1 - share));

function meanOf(x: number, tests: readonly MethodResult[]): readonly Mean[] {
  const worst = tests.flatMap(({ worstGroup, groups }) => {
    const interval = groups.find(({ name }) => name === worstGroup?.name)?.interval;
    return worstGroup === null || !interval ? [] : [{ accuracy: worstGroup.accuracy, interval }];
  });
  if (worst.length === 0) return [];
  const accuracies = worst.map(({ accuracy }) => accuracy);
  const [low, high] = meanInterval(
    accuracies,
    worst.map(({ interval }) => interval),
  );
  return [{ x, low, high, mean: accuracies.reduce((sum, value) => sum + value, 0) / accuracies.length }];
}

/** The means of a method, from left to right. */
function curveOf(points: readonly CurvePoint[], method: string): readonly Mean[] {
  return [...points]
    .sort((a, b) => a.x - b.x)
    .flatMap(({ x, results }) =>
      meanOf(
        x,
        results.seeds.flatMap(({ methods }) => {
          const result = Object.hasOwn(methods, method) ? methods[method] : undefined;
          return result === undefined || 'failed' in result ? [] : [result];
        }),
      ),
    );
}

/** The ways from values to places. */
interface Scales {
  readonly shownTicks: readonly number[];
  toX(x: number): number;
  toY(share: number): number;
}

function scalesOf(curves: readonly (readonly Mean[])[]): Scales {
  const all = curves.flat();
  const [least, most] = [Math.min(...all.map(({ low }) => low)), Math.max(...all.map(({ high }) => high))];
  const bottom = [...TICKS].reverse().find((tick) => tick <= least) ?? TICKS[0];
  const top = TICKS.find((tick) => tick >= most) ?? TICKS.at(-1)!;
  const xs = all.map(({ x }) => Math.log(x));
  const [first, last] = [Math.min(...xs), Math.max(...xs)];
  const share = (value: number): number =>
    (logit(Math.min(top, Math.max(bottom, value))) - logit(bottom)) / (logit(top) - logit(bottom));
  return {
    shownTicks: TICKS.filter((tick) => tick >= bottom && tick <= top),
    toX: (x) =>
      FRAME.left +
      30 +
      (last === first ? 0 : ((FRAME.right - FRAME.left - 60) * (Math.log(x) - first)) / (last - first)),
    toY: (value) => FRAME.bottom - (FRAME.bottom - FRAME.top) * share(value),
  };
}

function curve(points: readonly Mean[], color: string, aside: number, { toX, toY }: Scales): Markup {
  const places = points.map((point) => ({ point, x: (toX(point.x) + aside).toFixed(1) }));
  return html`<g stroke="${color}" fill="${color}">
    <polyline
      fill="none"
      stroke-width="2.5"
      points="${places.map(({ point, x }) => `${x},${toY(point.mean).toFixed(1)}`).join(' ')}"
    />
    ${places.map(
      ({ point, x }) =>
        html`<path stroke-width="1.5" d="M${x} ${toY(point.low).toFixed(1)}V${toY(point.high).toFixed(1)}" />
          <circle cx="${x}" cy="${toY(point.mean).toFixed(1)}" r="4" stroke="none" />`,
    )}
  </g>`;
}

function axes(axis: string, xs: readonly number[], { toX, toY, shownTicks }: Scales): Markup {
  const middle = (FRAME.left + FRAME.right) / 2;
  return html`<g font-size="13" fill="#5c6673">
    ${shownTicks.map(
      (tick) =>
        html`<path stroke="#d8dde3" d="M${FRAME.left} ${toY(tick).toFixed(1)}H${FRAME.right}" />
          <text x="${FRAME.left - 8}" y="${(toY(tick) + 4).toFixed(1)}" text-anchor="end">
            ${Math.round(100 * tick)} %
          </text>`,
    )}
    ${xs.map((x) => html`<text x="${toX(x).toFixed(1)}" y="${FRAME.bottom + 20}" text-anchor="middle">${x}</text>`)}
    <text x="${middle}" y="${FRAME.bottom + 42}" text-anchor="middle">${axis}</text>
    <text x="${FRAME.left - 40}" y="${FRAME.top - 18}">accuracy of the worst group</text>
  </g>`;
}

/**
 * The figure as the text of an SVG file.
 *
 * @param figure See {@link CurveFigure}. Bars are 95 % intervals of the means, as in a report.
 * @returns A complete document with its own white ground. Methods without a result in any study are left out.
 */
export function renderCurves({ axis, points }: CurveFigure): string {
  const names = [...new Set(points.flatMap(({ results }) => Object.keys(results.summary)))];
  const curves = names
    .map((name, i) => ({ name, color: COLORS[i % COLORS.length]!, means: curveOf(points, name) }))
    .filter(({ means }) => means.length > 0);
  const scales = scalesOf(curves.map(({ means }) => means));
  const heights = curves.map(({ means }) => scales.toY(means.at(-1)!.mean));
  const labels = spreadLabels(heights, LABEL_HEIGHT, FRAME.bottom);
  const longest = Math.max(...curves.map(({ name }) => name.length));
  const width = Math.ceil(FRAME.right + 20 + LETTER_WIDTH * longest);
  const xs = [...new Set(points.map(({ x }) => x))];
  const drawing = html`<svg
    xmlns="http://www.w3.org/2000/svg"
    width="${width}"
    height="${HEIGHT}"
    viewBox="0 0 ${width} ${HEIGHT}"
    font-family="system-ui, sans-serif"
    role="img"
  >
    <title>Accuracy of the worst group by ${axis}</title>
    <rect width="${width}" height="${HEIGHT}" fill="#ffffff" />
    ${axes(axis, xs, scales)}
    ${curves.map(({ means, color }, i) => curve(means, color, ASIDE * (i - (curves.length - 1) / 2), scales))}
    ${curves.map(
      ({ name, color }, i) =>
        html`<text
          x="${FRAME.right + 8}"
          y="${(labels[i]! + 5).toFixed(1)}"
          font-size="15"
          font-weight="600"
          fill="${color}"
        >
          ${name}
        </text>`,
    )}
  </svg>`;
  return `${drawing.markup}\n`;
}
