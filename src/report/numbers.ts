/** Numbers as a reader sees them. Each keeps its exact value beside the rounded one, in the page's `data` elements. */
import type { Spread } from '../config/study-results.ts';
import { html, type Markup } from './markup.ts';

const NARROW_SPACE = '\u202f';

/** Larger numbers have more digits than a reader counts. */
const MOST_WRITTEN = 1e12;

/** `92.4 %`; a dash where there is no number. */
export function percentText(share: number | null): string {
  return share === null || !Number.isFinite(share) ? '–' : `${(100 * share).toFixed(1)}${NARROW_SPACE}%`;
}

/** A share as a percentage. */
export function percent(share: number | null): Markup {
  return share === null || !Number.isFinite(share)
    ? html`–`
    : html`<data value="${share}">${percentText(share)}</data>`;
}

/** A mean of shares as a percentage, with its standard deviation if it is over several seeds. */
export function percentSpread({ mean, sd }: Spread): Markup {
  return sd === null
    ? percent(mean)
    : html`${percent(mean)} <small class="sd">± <data value="${sd}">${(100 * sd).toFixed(1)}</data></small>`;
}

/** An interval of shares, e.g. `29.1 – 33.0 %`. */
export function percentInterval([low, high]: readonly [number, number]): Markup {
  return html`<data value="${low}">${(100 * low).toFixed(1)}</data> – ${percent(high)}`;
}

/** At most three significant digits after the leading ones: `1,600`, `0.0412`. */
export function numberText(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (Math.abs(value) >= MOST_WRITTEN) return value.toExponential();
  return value.toLocaleString('en', Number.isInteger(value) ? {} : { maximumSignificantDigits: 3 });
}

/** A number with its exact value. */
export function quantity(value: number): Markup {
  return html`<data value="${value}">${numberText(value)}</data>`;
}

/** `6 min 12 s`. */
export function durationText(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${seconds < 10 ? Number(seconds.toFixed(1)) : whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${whole % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** A duration with its exact number of seconds. */
export function duration(seconds: number): Markup {
  return html`<data value="${seconds}">${durationText(seconds)}</data>`;
}
