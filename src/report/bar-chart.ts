/**
 * Accuracy per group and method: one bar each on a common scale from 0 to 100 %, with its interval as a whisker, a dot
 * for every seed and its number beside it. The drawing is as wide as the page, in percentages; text stays at the
 * reader's size.
 */
import type { Spread } from '../config/study-results.ts';
import { html, type Markup } from './markup.ts';
import { percentSpread, percentText } from './numbers.ts';

/** The value of a seed. */
export interface SeedDot {
  readonly seed: number;
  /** In [0, 1]. */
  readonly share: number;
}

/** One bar. */
export interface Bar {
  readonly label: string;
  /** A CSS colour. */
  readonly color: string;
  /** In [0, 1]; its mean is null if there is nothing to show. */
  readonly share: Spread;
  /** The whisker. */
  readonly interval: readonly [number, number] | null;
  /** One a seed where there are several. */
  readonly dots: readonly SeedDot[];
  /** Said beside the number, e.g. `worst`. */
  readonly mark?: string;
}

/** The bars of one group. */
export interface BarGroup {
  readonly label: string;
  readonly note?: string;
  readonly bars: readonly Bar[];
}

const TICKS = [0.25, 0.5, 0.75, 1] as const;
const MIDDLE = 11;
const DOT_REACH = 5.5;

/** Where a share is on the scale. */
export const position = (share: number): string => `${(100 * Math.min(1, Math.max(0, share))).toFixed(2)}%`;

function whisker([low, high]: readonly [number, number]): Markup {
  const [left, right] = [position(low), position(high)];
  return html`<g class="whisker"
    ><line x1="${left}" x2="${right}" y1="${MIDDLE}" y2="${MIDDLE}" /><line
      x1="${left}"
      x2="${left}"
      y1="6"
      y2="16" /><line x1="${right}" x2="${right}" y1="6" y2="16"
  /></g>`;
}

/** The height of the i-th of several dots: each seed has its own, so that dots at the same share do not hide each other. */
const dotHeight = (i: number, count: number): number =>
  count === 1 ? MIDDLE : MIDDLE - DOT_REACH + (2 * DOT_REACH * i) / (count - 1);

/** Dots of seeds at their shares. */
export const seedDots = (dots: readonly SeedDot[], className: string): Markup =>
  html`${dots.map(
    ({ seed, share }, i) =>
      html`<circle class="${className}" cx="${position(share)}" cy="${dotHeight(i, dots.length)}" r="3.5"
        ><title>seed ${seed}: ${percentText(share)}</title></circle
      >`,
  )}`;

/** The lines of the scale. */
export const gridLines = (): Markup =>
  html`${TICKS.map(
    (tick) => html`<line class="grid" x1="${position(tick)}" x2="${position(tick)}" y1="0" y2="22" />`,
  )}`;

/** The scale below the rows. */
export const shareAxis = (): Markup =>
  html`<div class="bar-row bar-axis" aria-hidden="true">
    <span class="bar-label"></span>
    <div class="bar-ticks">
      ${[0, ...TICKS].map((tick) => html`<span style="left: ${100 * tick}%">${100 * tick}${tick === 1 && ' %'}</span>`)}
    </div>
    <span class="bar-value"></span>
  </div>`;

function row(group: BarGroup, { label, color, share, interval, dots, mark }: Bar): Markup {
  const between = interval && `, between ${percentText(interval[0])} and ${percentText(interval[1])}`;
  const description = `${label}, ${group.label}: ${percentText(share.mean)}${between ?? ''}`;
  return html`<div class="bar-row${mark ? ' marked' : ''}" style="--hue: ${color}">
    <span class="bar-label" title="${label}">${label}</span>
    <svg class="bar" role="img" width="100%" height="22">
      <title>${description}</title>
      ${gridLines()}
      ${share.mean !== null && html`<rect class="bar-fill" x="0" y="3" height="16" width="${position(share.mean)}" />`}
      ${interval && whisker(interval)} ${seedDots(dots, 'seed-dot')}
    </svg>
    <span class="bar-value"
      >${percentSpread(share)} ${mark && html`<span class="mark">◂ ${mark}</span>`}</span
    >
  </div>`;
}

/**
 * The chart, group by group.
 *
 * @param groups In the order in which they are shown.
 */
export function barChart(groups: readonly BarGroup[]): Markup {
  return html`<div class="bars">
    ${groups.map(
      (group) =>
        html`<div class="bar-group">
          <h3>${group.label} ${group.note && html`<small>${group.note}</small>`}</h3>
          ${group.bars.map((bar) => row(group, bar))}
        </div>`,
    )}
    ${shareAxis()}
  </div>`;
}
