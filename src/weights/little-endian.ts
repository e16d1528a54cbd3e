/** Unsigned numbers as bytes, the lowest byte first, for the formats of files that are written here. */

const numbers =
  (size: number) =>
  (...values: readonly number[]): Uint8Array =>
    Uint8Array.from({ length: size * values.length }, (_, i) =>
      Math.floor(values[Math.floor(i / size)]! / 2 ** (8 * (i % size))),
    );

/** Numbers of one byte each. */
export const u8 = numbers(1);
/** Numbers of two bytes each. */
export const u16 = numbers(2);
/** Numbers of four bytes each. */
export const u32 = numbers(4);
/** Numbers of eight bytes each, of which only exact ones are meant. */
export const u64 = numbers(8);

/** The parts one after the other, and zeros up to `size` if it is given. */
export function joinedBytes(parts: readonly Uint8Array[], size?: number): Uint8Array {
  const bytes = new Uint8Array(size ?? parts.reduce((sum, { length }) => sum + length, 0));
  parts.reduce((at, part) => {
    bytes.set(part, at);
    return at + part.length;
  }, 0);
  return bytes;
}
