/**
 * A share of a number of things as a whole number of them. Shares are written as decimals, most of which a double
 * cannot hold: 100 · 0.29 is 28.999…, and 60,000 · (1 − 0.8) is 11,999.999….
 */

/** More than the roundings of a share and of its product together, relative to the product. */
const ROUNDING = 4 * Number.EPSILON;

/**
 * ⌊count · share⌋, of the share as it is written: exact for decimals of up to three places and counts below 10¹².
 *
 * @param count A whole number ≥ 0.
 * @param share In [0, 1].
 */
export const wholeShare = (count: number, share: number): number =>
  Math.floor(count * share * (1 + ROUNDING));
