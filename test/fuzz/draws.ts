/** Draws of one input: they depend on the seed, the decoder and the number of the input alone, so that it comes again. */

/** Draws one number after the other. */
export interface Draws {
  /** A whole number from 0 to `count` − 1. */
  below(count: number): number;
  /** True with this probability. */
  chance(probability: number): boolean;
  /** One of some items, of which there is at least one. */
  one<A>(items: readonly A[]): A;
}

/** FNV-1a of a text, 32 bits. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/** Numbers in [0, 1) by Mulberry32 (T. Ettinger), which has a state of 32 bits. */
function uniform(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The draws of an input. */
export function drawsOf(seed: number, decoder: string, input: number): Draws {
  const next = uniform(hashOf(`${seed} ${decoder} ${input}`));
  const below = (count: number): number => Math.floor(next() * count);
  return {
    below,
    chance: (probability) => next() < probability,
    one: (items) => items[below(items.length)]!,
  };
}
