/**
 * Threefry-2x32 with 20 rounds is the block function of every random number here (Salmon, Moraes, Dror, Shaw: "Parallel
 * random numbers: as easy as 1, 2, 3", SC 2011). It needs only 32-bit additions, rotations and exclusive ors.
 */

/** Two unsigned 32-bit words. Make one with `randomKey`, derive others with `foldKey`. */
export type RandomKey = readonly [number, number];

/** They start anew after eight rounds. */
export const ROTATIONS = [13, 15, 26, 6, 17, 29, 16, 24] as const;

/** The third word of the key schedule is this and both words of the key, exclusively or-ed. */
export const KEY_PARITY = 0x1bd11bda;

/**
 * One block of Threefry-2x32-20.
 *
 * @param key Two unsigned 32-bit words.
 * @param counter0 First counter word.
 * @param counter1 Second counter word.
 * @returns Two unsigned 32-bit words.
 */
export function threefry2x32(key: RandomKey, counter0: number, counter1: number): [number, number] {
  const schedule = [key[0] | 0, key[1] | 0, (KEY_PARITY ^ key[0] ^ key[1]) | 0];
  let x0 = (counter0 + schedule[0]!) | 0;
  let x1 = (counter1 + schedule[1]!) | 0;
  for (let round = 0; round < 20; round++) {
    x0 = (x0 + x1) | 0;
    const rotation = ROTATIONS[round & 7]!;
    x1 = ((x1 << rotation) | (x1 >>> (32 - rotation))) ^ x0;
    if ((round & 3) === 3) {
      const injection = (round + 1) >> 2;
      x0 = (x0 + schedule[injection % 3]!) | 0;
      x1 = (x1 + schedule[(injection + 1) % 3]! + injection) | 0;
    }
  }
  return [x0 >>> 0, x1 >>> 0];
}

/** The stream of a key that uniform and normal draws and dropout masks take their words from. */
export const DRAWN_STREAM = 0x80000000;

/** The stream of its integer draws. */
export const INTEGER_STREAM = 0xc0000000;
