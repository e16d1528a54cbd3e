/**
 * How a CycleGAN is trained where a class has few images in one domain. Its discriminator soon knows these by heart, and
 * the generator then has to copy them. Translations of the same class's many images in the other domain take the place
 * of most of them, and the discriminators are shown fewer of that class as the training goes on, real and generated
 * ones alike.
 */
import * as tf from '@tensorflow/tfjs';

/** What a domain's networks are given, as positions in the batch. */
export type DomainMix = {
  /** Of the other domain's images: those that are translated into this one beforehand. */
  readonly back: tf.Tensor1D;
  /** What is translated out of this domain, `[batch]`: positions in its own images, then in those translations. */
  readonly input: tf.Tensor1D;
  /** The real images that the discriminator of this domain sees, `[batch]`. */
  readonly real: tf.Tensor1D;
  /** The generated ones that it sees, `[batch]`: positions in the translations of the other domain's inputs. */
  readonly generated: tf.Tensor1D;
};

/** Settings of {@link classMix}. */
export interface ClassMixOptions {
  /** Real images of a scarce class among its inputs, at least 1; translations take the other places. */
  readonly realInputs: number;
  /** What the scarce classes' share of what a discriminator sees falls to, in (0, 1], 1 being that of a balanced batch. */
  readonly finalShare: number;
  /** Share of the training in which it falls, in [0, 1]. */
  readonly until: number;
}

/** The images of a domain, by class. */
export interface MixedDomain {
  /** Images of each class in the domain. */
  readonly counts: readonly number[];
  /** Images of each class in a balanced batch of it, in the order of classes. */
  readonly shares: readonly number[];
}

/** Whether a domain has less than half as many images of a class as the other domain. */
const isScarce = (own: MixedDomain, other: MixedDomain, label: number): boolean =>
  own.counts[label]! > 0 && 2 * own.counts[label]! < other.counts[label]!;

/**
 * Images of each class that a batch holds beside the balanced ones: they are translated into the domain in which the
 * class is scarce.
 *
 * @param own The domain.
 * @param other The other one.
 * @param realInputs As in {@link ClassMixOptions}.
 */
export const furtherImages = (own: MixedDomain, other: MixedDomain, realInputs: number): readonly number[] =>
  own.counts.map((_, label) =>
    isScarce(other, own, label) ? Math.max(0, other.shares[label]! - realInputs) : 0,
  );

const startsOf = (sizes: readonly number[]): readonly number[] =>
  sizes.map((_, i) => sizes.slice(0, i).reduce((sum, size) => sum + size, 0));
const total = (sizes: readonly number[]): number => sizes.reduce((sum, size) => sum + size, 0);
const span = (start: number, length: number): number[] => Array.from({ length }, (_, i) => start + i);
/** As many of a list as are asked for, from its start again when it ends. */
const cycled = (list: readonly number[], count: number): number[] =>
  Array.from({ length: count }, (_, i) => list[i % list.length]!);

/** Images of each class that a discriminator sees: fewer of the scarce ones, and more of the others in equal parts. */
function seenOf(shares: readonly number[], scarce: readonly boolean[], share: number): readonly number[] {
  const plenty = shares.flatMap((size, label) => (size > 0 && !scarce[label] ? [label] : []));
  const kept = shares.map((size, label) =>
    scarce[label] && size > 0 ? Math.max(1, Math.round(size * share)) : size,
  );
  const free = total(shares) - total(kept);
  return kept.map((size, label) => {
    const place = plenty.indexOf(label);
    return place < 0 ? size : size + Math.floor((free + place) / plenty.length);
  });
}

/** Positions of a domain of a batch, as lists. */
function mixOf(
  own: MixedDomain,
  other: MixedDomain,
  share: number,
  realInputs: number,
): Readonly<Record<keyof DomainMix, readonly number[]>> {
  const classes = own.counts.map((_, label) => label);
  const scarce = classes.map((label) => isScarce(own, other, label));
  const [ownFurther, otherFurther] = [
    furtherImages(own, other, realInputs),
    furtherImages(other, own, realInputs),
  ];
  const [balanced, further] = [startsOf(own.shares), startsOf(ownFurther)];
  const size = total(own.shares);
  const blockOf = (label: number): number[] => span(balanced[label]!, own.shares[label]!);
  const translated = startsOf(otherFurther);
  const ofOther = startsOf(other.shares);
  // Only if real and generated images alike can be of other classes: else their classes would tell them apart.
  const falls = [own, other].every(({ shares }) => shares.some((size, label) => size > 0 && !scarce[label]));
  const seen = falls ? seenOf(own.shares, scarce, share) : own.shares;
  const seenOfOther = falls ? seenOf(other.shares, scarce, share) : other.shares;
  return {
    back: classes.flatMap((label) => span(total(other.shares) + translated[label]!, otherFurther[label]!)),
    input: classes.flatMap((label) => [
      ...blockOf(label).slice(0, own.shares[label]! - otherFurther[label]!),
      ...span(size + total(ownFurther) + translated[label]!, otherFurther[label]!),
    ]),
    real: classes.flatMap((label) =>
      cycled([...blockOf(label), ...span(size + further[label]!, ownFurther[label]!)], seen[label]!),
    ),
    generated: classes.flatMap((label) =>
      cycled(span(ofOther[label]!, other.shares[label]!), seenOfOther[label]!),
    ),
  };
}

/**
 * What a step gives to the networks of both domains.
 *
 * @param domains Their images by class.
 * @param options How many of a scarce class are real, and how its share falls.
 * @param progress Share of the training that is done, in [0, 1].
 * @returns int32 tensors owned by the caller; null if no class is scarce.
 */
export function classMix(
  { source, target }: { readonly source: MixedDomain; readonly target: MixedDomain },
  { realInputs, finalShare, until }: ClassMixOptions,
  progress: number,
): { readonly source: DomainMix; readonly target: DomainMix } | null {
  const labels = source.counts.map((_, label) => label);
  if (!labels.some((label) => isScarce(source, target, label) || isScarce(target, source, label)))
    return null;
  const share = 1 + (finalShare - 1) * (until === 0 ? 1 : Math.min(1, progress / until));
  const tensors = (own: MixedDomain, other: MixedDomain): DomainMix => {
    const positions = mixOf(own, other, share, realInputs);
    const tensor = (list: readonly number[]): tf.Tensor1D => tf.tensor1d([...list], 'int32');
    return {
      back: tensor(positions.back),
      input: tensor(positions.input),
      real: tensor(positions.real),
      generated: tensor(positions.generated),
    };
  };
  return { source: tensors(source, target), target: tensors(target, source) };
}
