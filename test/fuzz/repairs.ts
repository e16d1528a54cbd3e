/** Checksums set right again behind a mutation, so that it gets behind them into the decoder. */
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { maskedCrc32c } from '../../src/data/tfrecord.ts';

/** Sets what a file says of its own contents to what they are, as far as it still has the format's outline. */
export type Repair = (file: Uint8Array) => Uint8Array;

const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** The checksum of every chunk of a PNG. */
export const repairPng: Repair = (file) => {
  const copy = file.slice();
  const view = viewOf(copy);
  for (let at = 8; at + 12 <= copy.length;) {
    const end = at + 8 + view.getUint32(at);
    if (end + 4 > copy.length) break;
    view.setUint32(end, crc32(copy.subarray(at + 4, end)));
    at = end + 4;
  }
  return copy;
};

/** Both checksums of every record of a TFRecord file. */
export const repairRecords: Repair = (file) => {
  const copy = file.slice();
  const view = viewOf(copy);
  for (let at = 0; at + 12 <= copy.length;) {
    view.setUint32(at + 8, maskedCrc32c(copy.subarray(at, at + 8)), true);
    const end = at + 12 + Number(view.getBigUint64(at, true));
    if (end + 4 > copy.length) break;
    view.setUint32(end, maskedCrc32c(copy.subarray(at + 12, end)), true);
    at = end + 4;
  }
  return copy;
};

/** The checksums of the stored entries of a zip archive, in its directory. */
export const repairZip: Repair = (file) => {
  const copy = file.slice();
  const view = viewOf(copy);
  for (let at = 0; at + 46 <= copy.length; at++) {
    if (view.getUint32(at, true) !== 0x02014b50) continue;
    const [packed, offset] = [view.getUint32(at + 20, true), view.getUint32(at + 42, true)];
    if (view.getUint16(at + 10, true) !== 0 || offset + 30 > copy.length) continue;
    const start = offset + 30 + view.getUint16(offset + 26, true) + view.getUint16(offset + 28, true);
    view.setUint32(at + 16, crc32(copy.subarray(start, start + packed)), true);
  }
  return copy;
};

/** The checksum in the metadata of a safetensors file. */
export const repairSafetensors: Repair = (file) => {
  const text = Buffer.from(file).toString('latin1');
  const found = /"model-patching\.sha256":"([0-9a-f]{64})"/.exec(text);
  if (found === null) return file;
  const copy = Buffer.from(file);
  const at = found.index + found[0].length - 65;
  copy.fill('0', at, at + 64);
  copy.write(createHash('sha256').update(copy).digest('hex'), at, 'latin1');
  return new Uint8Array(copy);
};
