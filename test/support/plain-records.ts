/** Writes TFRecord and IDX files in plain code that shares nothing with the readers of `src`. */

const big32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};

/** CRC-32C, bit by bit, masked as TFRecord files do. */
function maskedCrc(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
  }
  crc = ~crc >>> 0;
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

const varint = (value: number): Buffer =>
  value < 128 ? Buffer.of(value) : Buffer.concat([Buffer.of((value & 127) | 128), varint(value >>> 7)]);
const field = (number: number, data: Uint8Array): Buffer =>
  Buffer.concat([Buffer.of((number << 3) | 2), varint(data.length), data]);

/** A `tf.train.Example` of image files and integers. */
export const plainExample = (features: Readonly<Record<string, Uint8Array | number>>): Buffer =>
  field(
    1,
    Buffer.concat(
      Object.entries(features).map(([name, value]) =>
        field(
          1,
          Buffer.concat([
            field(1, Buffer.from(name)),
            field(
              2,
              typeof value === 'number' ? field(3, field(1, varint(value))) : field(1, field(1, value)),
            ),
          ]),
        ),
      ),
    ),
  );

/** The bytes of a TFRecord file. */
export const plainRecords = (records: readonly Uint8Array[]): Buffer =>
  Buffer.concat(
    records.flatMap((record) => {
      const [length, checks] = [Buffer.alloc(8), [Buffer.alloc(4), Buffer.alloc(4)] as const];
      length.writeBigUInt64LE(BigInt(record.length));
      checks[0].writeUInt32LE(maskedCrc(length));
      checks[1].writeUInt32LE(maskedCrc(record));
      return [length, checks[0], record, checks[1]];
    }),
  );

/** An IDX file of bytes, as MNIST is handed out. */
export const plainIdx = (shape: readonly number[], values: Uint8Array): Buffer =>
  Buffer.concat([Buffer.of(0, 0, 8, shape.length), ...shape.map(big32), values]);
