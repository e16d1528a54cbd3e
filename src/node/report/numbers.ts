/** Numbers as a reader sees them. Each keeps its exact value beside the rounded one, in the page's `data` elements. */
import { html, type Markup } from './markup.ts';

const NARROW_SPACE = '\u202f';

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

/** Points between two percentages, e.g. `6.1 points`. */
export function points(share: number): Markup {
  return html`<data value="${share}">${(100 * share).toFixed(1)}${NARROW_SPACE}pts</data>`;
}

/** At most three significant digits after the leading ones: `1,600`, `0.0412`. */
export function numberText(value: number): string {
  if (!Number.isFinite(value)) return String(value);
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
