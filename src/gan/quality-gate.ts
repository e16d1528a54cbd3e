/**
 * The quality gate of stage 1: what decides which generators translate the training set. Cycle and identity
 * losses say nothing about whether a translation reaches the other domain, and a translation that changes the
 * class poisons stage 2; so the gate asks two classifiers that the generators never saw. The domain classifier
 * must be strict, see `strict-domain.ts`. The third measure, the Fréchet distance of a classifier's features, is
 * in `metrics/frechet-distance.ts`.
 *
 * The two directions are `toTarget` (G, source → target) and `toSource` (F, target → source).
 */

/** A share for each direction of translation, in [0, 1]. */
export interface DirectionalShare {
  /** Of source images translated to the target domain. */
  readonly toTarget: number;
  /** Of target images translated to the source domain. */
  readonly toSource: number;
}

/** What the score is made of. */
export interface GateShares {
  /** Share of translations that the strict domain classifier gives to the domain aimed at. */
  readonly flipRate: DirectionalShare;
  /** Share of translations for which the label classifier keeps the class. */
  readonly labelPreservation: DirectionalShare;
}

/**
 * Share of translated images that a domain classifier gives to the target domain:
 * (1/n) Σᵢ 1[predictedᵢ = target].
 *
 * @param predictedDomains `[n]`, n ≥ 1, the classifier's domain index for every translated image.
 * @param targetDomain Index of the domain that the images were translated to.
 * @returns In [0, 1].
 * @throws RangeError if there is no prediction or one is no integer ≥ 0.
 * @example
 * ```ts
 * import { flipRate } from 'model-patching/gan';
 * if (flipRate([1, 0, 1, 1], 1) !== 0.75) throw new Error('three of four reached domain 1');
 * ```
 */
export function flipRate(predictedDomains: ArrayLike<number>, targetDomain: number): number {
  checkIndex(targetDomain, 'targetDomain');
  return shareWhere(predictedDomains, 'predictedDomains', (domain) => domain === targetDomain);
}

/**
 * Share of translated images for which a label classifier still finds the original's class:
 * (1/n) Σᵢ 1[predictedᵢ = yᵢ].
 *
 * @param predictedLabels `[n]`, n ≥ 1, the classifier's class for every translated image.
 * @param labels `[n]`, classes of the originals.
 * @returns In [0, 1].
 * @throws RangeError if the lengths differ, there is no prediction, or an entry is no integer ≥ 0.
 * @example
 * ```ts
 * import { labelPreservation } from 'model-patching/gan';
 * if (labelPreservation([0, 1, 1, 0], [0, 1, 0, 0]) !== 0.75) throw new Error('three of four kept');
 * ```
 */
export function labelPreservation(predictedLabels: ArrayLike<number>, labels: ArrayLike<number>): number {
  if (predictedLabels.length !== labels.length) {
    throw new RangeError(`predictedLabels: expected ${labels.length}, received ${predictedLabels.length}`);
  }
  return shareWhere(predictedLabels, 'predictedLabels', (label, i) => {
    checkIndex(labels[i]!, `labels[${i}]`);
    return label === labels[i];
  });
}

function checkIndex(value: number, argument: string): void {
  if (!(Number.isInteger(value) && value >= 0)) {
    throw new RangeError(`${argument}: expected an integer ≥ 0, received ${value}`);
  }
}

function shareWhere(
  values: ArrayLike<number>,
  argument: string,
  holds: (value: number, index: number) => boolean,
): number {
  if (values.length === 0) throw new RangeError(`${argument}: expected at least one, received none`);
  let count = 0;
  for (let i = 0; i < values.length; i++) {
    checkIndex(values[i]!, `${argument}[${i}]`);
    if (holds(values[i]!, i)) count += 1;
  }
  return count / values.length;
}

/**
 * Mean absolute difference between images and their translation there and back, in units of the range:
 * (1/N) Σ |a − b| / (high − low).
 *
 * Small even for generators that change nothing: read it beside the flip rate, never alone.
 *
 * @param original `[N]`, all pixels of all images.
 * @param cycled `[N]`, the same images translated to the other domain and back.
 * @param range `[low, high]` of the pixels, for instance `[-1, 1]`.
 * @returns 0 … 1, 0 if they are equal.
 * @throws RangeError if the lengths differ or are 0, a pixel is not finite, or not low < high.
 * @example
 * ```ts
 * import { cycleError } from 'model-patching/gan';
 * if (cycleError([-1, 1], [-1, 0], [-1, 1]) !== 0.25) throw new Error('0 and one half');
 * ```
 */
export function cycleError(
  original: ArrayLike<number>,
  cycled: ArrayLike<number>,
  range: readonly [number, number],
): number {
  const [low, high] = range;
  if (!(low < high)) throw new RangeError(`range: expected low < high, received ${low}, ${high}`);
  if (original.length === 0) throw new RangeError('original: expected at least one pixel, received none');
  if (cycled.length !== original.length) {
    throw new RangeError(`cycled: expected ${original.length} pixels, received ${cycled.length}`);
  }
  let sum = 0;
  for (let i = 0; i < original.length; i++) sum += Math.abs(original[i]! - cycled[i]!);
  if (!Number.isFinite(sum)) throw new RangeError('original, cycled: expected finite pixels');
  return sum / (high - low) / original.length;
}

/**
 * The gate's score: min(flip rates of both directions) · min(label preservations of both directions).
 *
 * Minima, because stage 2 uses both translations and one that fails spoils it whatever the other does.
 *
 * @param shares Flip rates of the strict domain classifier and label preservations, all in [0, 1].
 * @returns In [0, 1]; the checkpoint of the highest score feeds stage 2, of equal ones that of `checkpointScore`.
 * @throws RangeError if a share is outside [0, 1].
 * @example
 * ```ts
 * import { gateScore } from 'model-patching/gan';
 * const score = gateScore({
 *   flipRate: { toSource: 0.5, toTarget: 1 },
 *   labelPreservation: { toSource: 1, toTarget: 0.5 },
 * });
 * if (score !== 0.25) throw new Error('the worse direction of each');
 * ```
 */
export function gateScore(shares: GateShares): number {
  for (const measure of ['flipRate', 'labelPreservation'] as const) {
    for (const direction of ['toSource', 'toTarget'] as const) {
      const share = shares[measure][direction];
      if (!(share >= 0 && share <= 1)) {
        throw new RangeError(`${measure}.${direction}: expected a share in [0, 1], received ${share}`);
      }
    }
  }
  const { flipRate: flips, labelPreservation: kept } = shares;
  return Math.min(flips.toSource, flips.toTarget) * Math.min(kept.toSource, kept.toTarget);
}

/** What translations have to reach before a classifier learns from them, both ways. */
export const SATISFYING_GATE = { flipRate: 0.95, labelPreservation: 0.97, classifierAccuracy: 0.98 } as const;

/**
 * Whether translations are good enough to learn from, see {@link SATISFYING_GATE}. It says nothing if the gate's own
 * classifiers are not good enough.
 *
 * @param shares Strict flip rate and label preservation in both directions.
 * @param accuracy Of the gate's classifiers on held-out images.
 * @returns Whether all of them reach what is asked for.
 * @example
 * ```ts
 * import { gateIsSatisfied } from 'model-patching/gan';
 * const both = (share: number) => ({ toTarget: share, toSource: share });
 * const shares = { flipRate: both(0.96), labelPreservation: both(0.98) };
 * if (!gateIsSatisfied(shares, { domain: 0.99, label: 0.98 })) throw new Error('all is reached');
 * if (gateIsSatisfied(shares, { domain: 0.99, label: 0.9 })) throw new Error('a judge is too weak');
 * ```
 */
export function gateIsSatisfied(
  { flipRate, labelPreservation }: GateShares,
  accuracy: { readonly domain: number; readonly label: number },
): boolean {
  const lowest = ({ toTarget, toSource }: DirectionalShare): number => Math.min(toTarget, toSource);
  return (
    lowest(flipRate) >= SATISFYING_GATE.flipRate &&
    lowest(labelPreservation) >= SATISFYING_GATE.labelPreservation &&
    Math.min(accuracy.domain, accuracy.label) >= SATISFYING_GATE.classifierAccuracy
  );
}
