/** Bits of a scan, gathered into bytes; a byte of 255 is followed by a zero (ITU-T T.81, F.1.2.3). */
export interface BitWriter {
  readonly bytes: number[];
  /** Its lowest `count` bits, fewer than eight, wait for others. */
  buffer: number;
  count: number;
}

/** A writer that goes on behind some bytes. */
export const bitWriter = (bytes: number[]): BitWriter => ({ bytes, buffer: 0, count: 0 });

/** Writes the lowest `size` bits, 0 to 16 of them, of a number. */
export function putBits(writer: BitWriter, bits: number, size: number): void {
  writer.buffer = (writer.buffer << size) | (bits & ((1 << size) - 1));
  writer.count += size;
  while (writer.count >= 8) {
    writer.count -= 8;
    const byte = (writer.buffer >> writer.count) & 255;
    writer.bytes.push(byte);
    if (byte === 255) writer.bytes.push(0);
  }
}

/** Fills the last byte with ones. */
export const fillLast = (writer: BitWriter): void => putBits(writer, 127, 7);
