/** Writes JPEG files of blocks of one colour each (ITU-T T.81), whose pixels are known without a transform. */
import { draws, exif, xmp, type DrawnFile, type FileOptions, type Note } from './plain-pictures.ts';

const segment = (marker: number, ...data: readonly (number | Buffer)[]): Buffer => {
  const body = Buffer.concat(data.map((part) => (typeof part === 'number' ? Buffer.of(part) : part)));
  return Buffer.concat([Buffer.of(0xff, marker, (body.length + 2) >> 8, (body.length + 2) & 255), body]);
};

const jpegNote = (note: Note, orientation: number): Buffer =>
  note.startsWith('xmp')
    ? Buffer.from(`http://ns.adobe.com/xap/1.0/\0${xmp(orientation, note === 'xmp-element')}`)
    : Buffer.concat([Buffer.from('Exif\0\0'), exif(orientation, note !== 'exif-big')]);

/** How a JPEG stores its pixels. */
export type JpegKind = 'grey' | 'rgb' | 'ycc';
export const JPEG_KINDS: readonly JpegKind[] = ['grey', 'rgb', 'ycc'];

/** R, G and B of Y, Cb and Cr (JFIF 1.02). */
const colourOf = ([y, cb, cr]: readonly number[]): readonly number[] =>
  [
    y! + 1.402 * (cr! - 128),
    y! - 0.344136 * (cb! - 128) - 0.714136 * (cr! - 128),
    y! + 1.772 * (cb! - 128),
  ].map((value) => Math.min(255, Math.max(0, Math.round(value))));

/**
 * A JPEG whose blocks of 8 × 8 pixels have one colour each: the mean of a block is eight times smaller than its first
 * coefficient, and the others are zero (T.81, A.3.3). Every length of a coefficient has a code of four bits, and the
 * end of a block one of one bit.
 */
export function drawnJpeg(
  height: number,
  width: number,
  kind: JpegKind,
  { seed, orientation = 1, note = 'exif-little' }: FileOptions,
): DrawnFile {
  const random = draws(seed);
  const count = kind === 'grey' ? 1 : 3;
  const [down, right] = [Math.ceil(height / 8), Math.ceil(width / 8)];
  const blocks = Array.from({ length: down * right }, () => Array.from({ length: count }, () => random(256)));
  const last = Array.from({ length: count }, () => 0);
  const bits = blocks.flatMap((block) =>
    block.map((value, c) => {
      const difference = 8 * (value - 128) - last[c]!;
      last[c] = 8 * (value - 128);
      const length = difference === 0 ? 0 : Math.abs(difference).toString(2).length;
      const stored = difference < 0 ? difference + 2 ** length - 1 : difference;
      return `${length.toString(2).padStart(4, '0')}${length === 0 ? '' : stored.toString(2).padStart(length, '0')}0`;
    }),
  );
  const scan = bits
    .join('')
    .match(/.{1,8}/g)!
    .flatMap((byte) => {
      const value = parseInt(byte.padEnd(8, '1'), 2);
      return value === 255 ? [255, 0] : [value];
    });
  const ids = kind === 'rgb' ? [...Buffer.from('RGB')] : [1, 2, 3];
  const components = ids.slice(0, count);
  const bytes = Buffer.concat([
    Buffer.of(0xff, 0xd8),
    ...(kind === 'ycc' ? [segment(0xe0, Buffer.from('JFIF\0'), 1, 1, 0, 0, 1, 0, 1, 0, 0)] : []),
    ...(orientation === 1 ? [] : [segment(0xe1, jpegNote(note, orientation))]),
    ...(kind === 'rgb' ? [segment(0xee, Buffer.from('Adobe'), 0, 100, 0, 0, 0, 0, 0)] : []),
    segment(0xdb, 0, Buffer.alloc(64, 1)),
    segment(
      0xc0,
      8,
      height >> 8,
      height & 255,
      width >> 8,
      width & 255,
      count,
      Buffer.from(components.flatMap((id) => [id, 0x11, 0])),
    ),
    segment(
      0xc4,
      0,
      Buffer.of(0, 0, 0, 12, ...Array<number>(12).fill(0)),
      Buffer.from(Array.from({ length: 12 }, (_, i) => i)),
    ),
    segment(0xc4, 0x10, Buffer.of(1, ...Array<number>(15).fill(0)), 0),
    segment(0xda, count, Buffer.from(components.flatMap((id) => [id, 0])), 0, 63, 0),
    Buffer.from(scan),
    Buffer.of(0xff, 0xd9),
  ]);
  const shown = blocks.map((block) => (kind === 'ycc' ? colourOf(block) : block));
  const pixels = Uint8Array.from({ length: height * width * count }, (_, i) => {
    const [y, x] = [Math.floor(i / count / width), Math.floor(i / count) % width];
    return shown[(y >> 3) * right + (x >> 3)]![i % count]!;
  });
  return { bytes, picture: { height, width, channels: count, pixels }, within: kind === 'ycc' ? 1 : 0 };
}
