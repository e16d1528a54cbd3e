/** Batches of stage 1 with the same number of images of each class, and further images where classes are scarce. */
import { furtherImages, type ClassMixOptions, type MixedDomain } from '../gan/class-mix.ts';
import { groupBatches } from '../group-batches.ts';
import { foldKey, type RandomKey } from '../random/random.ts';

/** One of the two domains. */
export type Domain = 'source' | 'target';

const otherOf = (domain: Domain): Domain => (domain === 'source' ? 'target' : 'source');

/** The classes of the images of both domains; see {@link stageOneClasses}. */
export interface StageOneClasses {
  /** Class of each image. */
  readonly labels: Readonly<Record<Domain, ArrayLike<number>>>;
  /** Images of each class in a domain, and in a batch of it. */
  readonly domains: Readonly<Record<Domain, MixedDomain>>;
  /** What happens to classes that are scarce in a domain; unless given, the same as to all others. */
  readonly mix?: ClassMixOptions;
  /** Steps of the run, over which the mix changes. */
  readonly steps: number;
}

function mixedDomain(
  labels: ArrayLike<number>,
  classCount: number,
  batchSize: number,
  realInputs: number,
): MixedDomain {
  const counts = Array.from({ length: classCount }, () => 0);
  for (let i = 0; i < labels.length; i++) counts[labels[i]!]!++;
  const present = counts.flatMap((count, label) => (count > 0 ? [label] : []));
  if (present.length === 0)
    throw new RangeError('labels: expected at least one of each domain, received none');
  const least = realInputs * present.length;
  if (!(Number.isInteger(batchSize) && batchSize >= least))
    throw new RangeError(
      `batchSize: expected an integer ≥ ${least}, ${realInputs} of each class, received ${batchSize}`,
    );
  const shares = counts.map((_, label) => {
    const place = present.indexOf(label);
    return place < 0 ? 0 : Math.floor((batchSize + place) / present.length);
  });
  return { counts, shares };
}

/**
 * The classes of a stage 1 whose batches hold equal numbers of them.
 *
 * @param options `labels` of the images of both domains; `batchSize`, images of each domain in a step; `steps` of the
 *   run; `mix`, what happens to classes of which a domain has less than half as many images as the other one.
 * @returns What `stageOneBatches` takes as `classes`. Where a batch is no multiple of the classes, the last ones have one
 *   image more.
 * @throws RangeError if a domain has no image, `mix.realInputs` is below 1, or a batch holds fewer images of a class than
 *   that, or none.
 * @example
 * ```ts
 * import { stageOneClasses } from 'model-patching/training';
 * const labels = { source: [0, 0, 0, 1], target: [0, 1, 1, 1] };
 * const { domains } = stageOneClasses({ labels, batchSize: 4, steps: 10 });
 * if (domains.source.shares.join() !== '2,2') throw new Error('two of each class in a batch');
 * ```
 */
export function stageOneClasses({
  labels,
  batchSize,
  ...rest
}: Pick<StageOneClasses, 'labels' | 'mix' | 'steps'> & { readonly batchSize: number }): StageOneClasses {
  const realInputs = rest.mix?.realInputs ?? 1;
  if (!(Number.isInteger(realInputs) && realInputs >= 1))
    throw new RangeError(`mix.realInputs: expected an integer ≥ 1, received ${realInputs}`);
  const largest = (list: ArrayLike<number>): number =>
    Array.from(list).reduce((most, label) => Math.max(most, label), 0);
  const classCount = 1 + Math.max(largest(labels.source), largest(labels.target));
  const of = (domain: Domain): MixedDomain => mixedDomain(labels[domain], classCount, batchSize, realInputs);
  return { labels, domains: { source: of('source'), target: of('target') }, ...rest };
}

/**
 * The images of a domain at every step: equal numbers of each class, those of the first class first, then further ones
 * of the classes that are scarce in the other domain.
 *
 * @param domain Each has its own order.
 * @param classes Of both domains.
 * @param key Of the order, used for nothing else.
 */
export function orderByClass(
  domain: Domain,
  { labels, domains, mix }: StageOneClasses,
  key: RandomKey,
): (index: number) => Int32Array {
  const own = labels[domain];
  const { counts, shares } = domains[domain];
  const streamOf = (label: number, images: number, purpose: string): ((index: number) => Int32Array) => {
    const members = Int32Array.from(Array.from(own).flatMap((y, i) => (y === label ? [i] : [])));
    const [seed] = foldKey(key, purpose, label);
    const places = groupBatches(new Int32Array(members.length), { batchSize: images, seed, balanced: false });
    return (index) => places(index).map((place) => members[place]!);
  };
  const further =
    mix === undefined
      ? counts.map(() => 0)
      : furtherImages(domains[domain], domains[otherOf(domain)], mix.realInputs);
  const streams = [
    ...shares.flatMap((images, label) => (images > 0 ? [streamOf(label, images, 'balanced')] : [])),
    ...further.flatMap((images, label) => (images > 0 ? [streamOf(label, images, 'further')] : [])),
  ];
  return (index) => Int32Array.from(streams.flatMap((at) => [...at(index)]));
}
