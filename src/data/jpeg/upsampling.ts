/**
 * Samples of a component that is stored at a lower resolution, spread over the image as libjpeg does: where there are
 * half as many, each of two new samples takes three quarters of the nearest old one and a quarter of the next; other
 * ratios repeat samples. Roundings alternate between down and up, as libjpeg's do.
 */
import type { Component, Frame } from './frame.ts';

/** Writes a row of the image's width, or somewhat more, from a component. */
export type WriteRow = (component: Component, row: number, out: Uint8Array) => void;

/** Where row `row` of the old samples begins; rows outside are the nearest inside. */
const rowAt = ({ height, stride }: Component, row: number): number =>
  Math.min(Math.max(row, 0), height - 1) * stride;

/** Every sample is repeated. */
const repeat =
  (horizontal: number, vertical: number): WriteRow =>
  ({ plane, stride, width }, row, out) => {
    const from = Math.floor(row / vertical) * stride;
    for (let i = 0, to = 0; i < width; i++) {
      for (let copy = 0; copy < horizontal; copy++) out[to++] = plane[from + i]!;
    }
  };

/** Twice as many columns. */
const widen: WriteRow = ({ plane, stride, width }, row, out) => {
  const from = row * stride;
  const last = from + width - 1;
  out[0] = plane[from]!;
  for (let i = from, to = 1; i < last; i++, to += 2) {
    const left = plane[i]!;
    const right = plane[i + 1]!;
    out[to] = (3 * left + right + 2) >> 2;
    out[to + 1] = (3 * right + left + 1) >> 2;
  }
  out[2 * width - 1] = plane[last]!;
};

/** Twice as many rows. */
const heighten: WriteRow = (component, row, out) => {
  const { plane, width } = component;
  const near = rowAt(component, row >> 1);
  const far = rowAt(component, (row >> 1) + ((row & 1) === 0 ? -1 : 1));
  const half = 1 + (row & 1);
  for (let i = 0; i < width; i++) out[i] = (3 * plane[near + i]! + plane[far + i]! + half) >> 2;
};

/** Twice as many rows and columns, rounded once. */
const enlarge: WriteRow = (component, row, out) => {
  const { plane, width } = component;
  const near = rowAt(component, row >> 1);
  const far = rowAt(component, (row >> 1) + ((row & 1) === 0 ? -1 : 1));
  let left = 3 * plane[near]! + plane[far]!;
  out[0] = (4 * left + 8) >> 4;
  for (let i = 1, to = 1; i < width; i++, to += 2) {
    const right = 3 * plane[near + i]! + plane[far + i]!;
    out[to] = (3 * left + right + 7) >> 4;
    out[to + 1] = (3 * right + left + 8) >> 4;
    left = right;
  }
  out[2 * width - 1] = (4 * left + 7) >> 4;
};

/**
 * How a component's rows are written.
 *
 * @param component The component.
 * @param frame Its frame.
 */
export function upsampling(component: Component, frame: Frame): WriteRow {
  const horizontal = frame.horizontal / component.horizontal;
  const vertical = frame.vertical / component.vertical;
  // Of one or two columns libjpeg makes copies.
  const isWide = component.width > 2;
  if (horizontal === 1 && vertical === 2) return heighten;
  if (horizontal === 2 && vertical === 1 && isWide) return widen;
  if (horizontal === 2 && vertical === 2 && isWide) return enlarge;
  return repeat(horizontal, vertical);
}
