/**
 * Learning rates as plain functions of the number of updates already made: the first update takes step 0. A
 * schedule holds no counter, so a run that is resumed at step t goes on with `schedule(t)`.
 *
 * The shapes are those of the published model-patching configurations. With l the start, D the length and t the
 * step, a piecewise schedule still has its old value *at* a boundary.
 */

/** The learning rate of a step (0, 1, 2, …). */
export type Schedule = (step: number) => number;

/** Start and length of a schedule. */
export interface DecayOptions {
  /** l, the learning rate of step 0. */
  readonly start: number;
  /** D > 0, the number of steps after which the schedule has run its course. */
  readonly steps: number;
}

/**
 * The same learning rate at every step.
 *
 * @param rate The rate.
 * @example
 * ```ts
 * import { constantSchedule } from 'model-patching/optimizers';
 * if (constantSchedule(1e-3)(10 ** 6) !== 1e-3) throw new Error('constant');
 * ```
 */
export const constantSchedule =
  (rate: number): Schedule =>
  () =>
    rate;

/**
 * A straight line from start to end, then the end.
 *
 * (l − e)(1 − min(t, D)/D) + e.
 *
 * @param options `end` is e, 0 unless given.
 * @throws RangeError unless `steps` > 0.
 * @example
 * ```ts
 * import { linearDecay } from 'model-patching/optimizers';
 * const schedule = linearDecay({ start: 1, end: 0.5, steps: 4 });
 * if (schedule(2) !== 0.75 || schedule(9) !== 0.5) throw new Error('a line, then its end');
 * ```
 */
export function linearDecay({ start, end = 0, steps }: DecayOptions & { readonly end?: number }): Schedule {
  assertLength(steps);
  return (step) => (start - end) * (1 - Math.min(step, steps) / steps) + end;
}

/**
 * Constant for the first half, then a straight line to 0, as in CycleGAN.
 *
 * l while t < h, then l·(1 − (t − h)/(D − h)), h = ⌊D/2⌋; 0 from D on.
 *
 * @param options `clamped: false` lets the line go on below 0 after D, as in the published code, where the
 *   optimizer then climbs; true unless given.
 * @throws RangeError unless `steps` > 0.
 * @see Zhu et al., ICCV 2017, section 4
 * @example
 * ```ts
 * import { linearDecayFromHalf } from 'model-patching/optimizers';
 * const schedule = linearDecayFromHalf({ start: 1, steps: 8 });
 * if (schedule(3) !== 1 || schedule(6) !== 0.5 || schedule(10) !== 0) throw new Error('flat, then a line');
 * ```
 */
export function linearDecayFromHalf({
  start,
  steps,
  clamped = true,
}: DecayOptions & { readonly clamped?: boolean }): Schedule {
  assertLength(steps);
  const half = Math.floor(steps / 2);
  return (step) => {
    if (step < half) return start;
    const rate = start * (1 - (step - half) / (steps - half));
    return clamped ? Math.max(0, rate) : rate;
  };
}

/**
 * Half a cosine from start to 0, then 0.
 *
 * l·½(1 + cos(π·min(t, D)/D)).
 *
 * @param options Start and length.
 * @throws RangeError unless `steps` > 0.
 * @see Loshchilov and Hutter, "SGDR", ICLR 2017, equation 5 without restarts
 * @example
 * ```ts
 * import { cosineDecay } from 'model-patching/optimizers';
 * const schedule = cosineDecay({ start: 1, steps: 10 });
 * if (Math.abs(schedule(5) - 0.5) > 1e-12 || schedule(10) !== 0) throw new Error('half-way is a half');
 * ```
 */
export function cosineDecay({ start, steps }: DecayOptions): Schedule {
  assertLength(steps);
  return (step) => (start * (1 + Math.cos((Math.PI * Math.min(step, steps)) / steps))) / 2;
}

/**
 * A staircase.
 *
 * values[number of boundaries < t].
 *
 * @param options Increasing `boundaries`, and one more of `values`.
 * @throws RangeError if the boundaries do not increase or the numbers do not match.
 * @example
 * ```ts
 * import { piecewiseConstant } from 'model-patching/optimizers';
 * const schedule = piecewiseConstant({ boundaries: [10], values: [1, 0.1] });
 * if (schedule(10) !== 1 || schedule(11) !== 0.1) throw new Error('the old value still holds at a boundary');
 * ```
 */
export function piecewiseConstant({
  boundaries,
  values,
}: {
  readonly boundaries: readonly number[];
  readonly values: readonly number[];
}): Schedule {
  if (values.length !== boundaries.length + 1)
    throw new RangeError(
      `values: expected ${boundaries.length + 1}, one more than boundaries, received ${values.length}`,
    );
  if (boundaries.some((boundary, i) => i > 0 && !(boundary > boundaries[i - 1]!)))
    throw new RangeError(`boundaries: expected increasing numbers, received ${boundaries.join(', ')}`);
  return (step) => values[boundaries.filter((boundary) => boundary < step).length]!;
}

/** Names of the schedules in the published configurations. */
export type PublishedScheduleName =
  | 'constant'
  | 'linear'
  | 'linear_decay_0.5'
  | 'cosine'
  | 'piecewise_quarter'
  | 'piecewise_custom_1'
  | 'piecewise_cifar10';

/**
 * A schedule of the published configurations by its name there, has its quirks. `linear_decay_0.5` goes below
 * 0 after D. `piecewise_cifar10` ignores start and length. Quarters are not rounded to whole steps while
 * `piecewise_custom_1`'s boundaries ⌊D/2⌋ and ⌊3D/4⌋ are.
 *
 * @param name The published name.
 * @param options `end` is used by `linear` only.
 * @throws RangeError unless `steps` > 0 where a length is used.
 * @example
 * ```ts
 * import { publishedSchedule } from 'model-patching/optimizers';
 * const schedule = publishedSchedule('piecewise_quarter', { start: 1, steps: 8 });
 * if (schedule(2) !== 1 || schedule(3) !== 0.1) throw new Error('a tenth after each quarter');
 * ```
 */
export function publishedSchedule(
  name: PublishedScheduleName,
  options: DecayOptions & { readonly end?: number },
): Schedule {
  const { start, steps } = options;
  switch (name) {
    case 'constant':
      return constantSchedule(start);
    case 'linear':
      return linearDecay(options);
    case 'linear_decay_0.5':
      return linearDecayFromHalf({ start, steps, clamped: false });
    case 'cosine':
      return cosineDecay(options);
    case 'piecewise_quarter':
      return staircase([steps / 4, steps / 2, (steps * 3) / 4], start);
    case 'piecewise_custom_1':
      return staircase([Math.floor(steps / 2), Math.floor((steps * 3) / 4)], start);
    case 'piecewise_cifar10':
      return piecewiseConstant({
        boundaries: [30_000, 60_000, 90_000, 120_000],
        values: [0.1, 0.01, 0.001, 0.0001, 0.00005],
      });
  }
}

const staircase = (boundaries: readonly number[], start: number): Schedule =>
  piecewiseConstant({
    boundaries,
    values: [1, 10, 100, 1000].slice(0, boundaries.length + 1).map((d) => start / d),
  });

/**
 * Another schedule behind a linear warm-up. The schedule is scaled, not moved, so its end stays where it was.
 *
 * schedule(t)·min(1, (t + 1)/n).
 *
 * @param schedule What to scale.
 * @param steps n ≥ 0, the first step that has the full rate is n − 1.
 * @throws RangeError if `steps` is negative or not a number.
 * @see Goyal et al., "Accurate, large minibatch SGD", 2017, section 2.2
 * @example
 * ```ts
 * import { constantSchedule, warmUp } from 'model-patching/optimizers';
 * const schedule = warmUp(constantSchedule(1), 4);
 * if (schedule(0) !== 0.25 || schedule(3) !== 1 || schedule(99) !== 1) throw new Error('a ramp of four steps');
 * ```
 */
export function warmUp(schedule: Schedule, steps: number): Schedule {
  if (!(steps >= 0)) throw new RangeError(`steps: expected a number ≥ 0, received ${steps}`);
  return (step) => (step < steps ? (schedule(step) * (step + 1)) / steps : schedule(step));
}

function assertLength(steps: number): void {
  if (!(steps > 0)) throw new RangeError(`steps: expected a positive number, received ${steps}`);
}
