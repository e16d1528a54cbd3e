/**
 * Interval of a proportion from few examples (Wilson, "Probable inference, the law of succession, and statistical
 * inference", JASA 1927): the proportions that a score test would not reject. Unlike p̂ ± z·√(p̂(1−p̂)/n) it
 * stays within [0, 1] and does not vanish at 0 or n successes, which small groups reach.
 */

/**
 * Wilson's interval: the p with |p̂ − p| ≤ z·√(p(1−p)/n), that is
 * (p̂ + z²/2n ± z·√(p̂(1−p̂)/n + z²/4n²)) / (1 + z²/n), p̂ = successes/n.
 *
 * @param successes Integer in [0, n].
 * @param n Number of trials, an integer ≥ 1.
 * @param z Quantile of the normal distribution, > 0; default 1.96 (95 %).
 * @returns `[low, high]` within [0, 1].
 * @throws RangeError if an argument is outside its range.
 * @example
 * ```ts
 * import { wilsonInterval } from 'model-patching/metrics';
 * const [low, high] = wilsonInterval(90, 100);
 * if (Math.abs(low - 0.8256) > 1e-4 || Math.abs(high - 0.9448) > 1e-4) throw new Error('82.6 to 94.5 %');
 * ```
 */
export function wilsonInterval(successes: number, n: number, z = 1.959963984540054): [number, number] {
  if (!(Number.isInteger(n) && n >= 1)) throw new RangeError(`n: expected an integer ≥ 1, received ${n}`);
  if (!(Number.isInteger(successes) && successes >= 0 && successes <= n)) {
    throw new RangeError(`successes: expected an integer in [0, ${n}], received ${successes}`);
  }
  if (!(z > 0 && Number.isFinite(z))) throw new RangeError(`z: expected a number > 0, received ${z}`);
  const share = successes / n;
  const spread = (z * z) / n;
  const centre = (share + spread / 2) / (1 + spread);
  const half = (z * Math.sqrt((share * (1 - share)) / n + spread / (4 * n))) / (1 + spread);
  return [successes === 0 ? 0 : Math.max(0, centre - half), successes === n ? 1 : Math.min(1, centre + half)];
}
