/**
 * Accuracy per group and method: one bar each on a common scale from 0 to 100 %, with its interval as a whisker and
 * its number beside it. The drawing is as wide as the page, in percentages; text stays at the reader's size.
 */
import { html, type Markup } from './markup.ts';
import { percent, percentText } from './numbers.ts';

/** One bar. */
export interface Bar {
  readonly label: string;
  /** A CSS colour. */
  readonly color: string;
  /** In [0, 1]; null if there is nothing to show. */
  readonly share: number | null;
  readonly interval: readonly [number, number] | null;
  /** Said beside the number, e.g. `worst`. */
  readonly mark?: string;
}

/** The bars of one group. */
export interface BarGroup {
  readonly label: string;
  readonly note?: string;
  readonly bars: readonly Bar[];
}

const position = (share: number): string => `${(100 * Math.min(1, Math.max(0, share))).toFixed(2)}%`;

function whisker([low, high]: readonly [number, number]): Markup {
  const [left, right] = [position(low), position(high)];
  return html`<g class="whisker"
    ><line x1="${left}" x2="${right}" y1="11" y2="11" /><line x1="${left}" x2="${left}" y1="6" y2="16" /><line
      x1="${right}"
      x2="${right}"
      y1="6"
      y2="16"
  /></g>`;
}

function row(group: BarGroup, { label, color, share, interval, mark }: Bar): Markup {
  const between = interval && `, 95 % interval ${percentText(interval[0])} to ${percentText(interval[1])}`;
  const description = `${label}, ${group.label}: ${percentText(share)}${between ?? ''}`;
  const grid = [0.25, 0.5, 0.75, 1].map(
    (tick) => html`<line class="grid" x1="${position(tick)}" x2="${position(tick)}" y1="0" y2="22" />`,
  );
  return html`<div class="bar-row${mark ? ' marked' : ''}" style="--hue: ${color}">
    <span class="bar-label">${label}</span>
    <svg class="bar" role="img" width="100%" height="22">
      <title>${description}</title>
      ${grid}
      ${share !== null && html`<rect class="bar-fill" x="0" y="3" height="16" width="${position(share)}" />`}
      ${interval && whisker(interval)}
    </svg>
    <span class="bar-value">${percent(share)}${mark && html`<span class="mark">◂ ${mark}</span>`}</span>
  </div>`;
}

/**
 * The chart, group by group.
 *
 * @param groups In the order in which they are shown.
 */
export function barChart(groups: readonly BarGroup[]): Markup {
  const ticks = [0, 25, 50, 75, 100].map(
    (tick) => html`<span style="left: ${tick}%">${tick}${tick === 100 && ' %'}</span>`,
  );
  return html`<div class="bars">
    ${groups.map(
      (group) =>
        html`<div class="bar-group">
          <h3>${group.label} ${group.note && html`<small>${group.note}</small>`}</h3>
          ${group.bars.map((bar) => row(group, bar))}
        </div>`,
    )}
    <div class="bar-row bar-axis" aria-hidden="true">
      <span class="bar-label"></span>
      <div class="bar-ticks">${ticks}</div>
      <span class="bar-value"></span>
    </div>
  </div>`;
}
