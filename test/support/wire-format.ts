/** Protocol buffers read by their wire format alone, with no description of the messages. */

/** The fields of a message by number: the bytes of each occurrence, a varint as eight bytes, little-endian. */
export type WireFields = ReadonlyMap<number, readonly Uint8Array[]>;

/** Reads a message. */
export function fieldsOf(message: Uint8Array): WireFields {
  const fields = new Map<number, Uint8Array[]>();
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = message[at++]!;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  const take = (length: number): Uint8Array => {
    at += length;
    if (at > message.length) throw new Error('a field beyond the end of its message');
    return message.subarray(at - length, at);
  };
  const asBytes = (value: bigint): Uint8Array => {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setBigUint64(0, value, true);
    return bytes;
  };
  while (at < message.length) {
    const key = Number(varint());
    const value = [() => asBytes(varint()), () => take(8), () => take(Number(varint()))][key & 7];
    if (value === undefined && (key & 7) !== 5) throw new Error(`wire type ${key & 7}`);
    fields.set(key >> 3, [...(fields.get(key >> 3) ?? []), value === undefined ? take(4) : value()]);
  }
  return fields;
}

/** The bytes of a field that occurs once. */
export function only(fields: WireFields, number: number): Uint8Array {
  const found = fields.get(number) ?? [];
  if (found.length !== 1) throw new Error(`field ${number} occurs ${found.length} times`);
  return found[0]!;
}

/** A field of text. */
export const stringField = (fields: WireFields, number: number): string =>
  new TextDecoder().decode(only(fields, number));

/** A field of a whole number; 0 if it is absent, as protocol buffers have it. */
export const numberField = (fields: WireFields, number: number): number =>
  fields.has(number) ? Number(new DataView(only(fields, number).slice().buffer).getBigInt64(0, true)) : 0;
