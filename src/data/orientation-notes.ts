/**
 * Where an image file notes how it is turned. Exif data come first, in the segment APP1 of a JPEG, and in the chunk
 * eXIf or the text `Raw profile type exif` of a PNG. Where they have no orientation, that of XMP counts (Adobe, "XMP
 * specification", part 3). This is the order of Pillow's `ImageOps.exif_transpose`; browsers read Exif data alone.
 */
import { unzlibSync } from 'fflate';
import { exifOrientation, isOrientation, type Orientation } from './orientation.ts';

/** A part of a file: a segment of a JPEG or a chunk of a PNG. */
export interface FilePart {
  /** `APP1`, or the name of a chunk. */
  readonly type: string;
  readonly data: Uint8Array;
}

const EXIF = 'Exif\0\0';
const XMP = 'http://ns.adobe.com/xap/1.0/\0';
const XMP_TEXT = 'XML:com.adobe.xmp';
const EXIF_TEXT = 'Raw profile type exif';

/** Compressed texts beyond this are not looked into. */
const MOST_COMPRESSED = 2 ** 18;
/** What is behind so many bytes of a text is not looked at. */
const MOST_TEXT = 2 ** 20;

/** Bytes that are given to a function at once. */
const PIECE = 2 ** 12;

/** The beginning of bytes as a text of one letter a byte. */
function asText(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < Math.min(bytes.length, MOST_TEXT); at += PIECE)
    text += String.fromCharCode(...bytes.subarray(at, at + PIECE));
  return text;
}

/** What is behind a text that data begin with; undefined if they do not. */
const behind = (data: Uint8Array, text: string): Uint8Array | undefined =>
  asText(data.subarray(0, text.length)) === text ? data.subarray(text.length) : undefined;

/** The orientation in an XMP packet, as an attribute or as an element. */
function xmpOrientation(packet: Uint8Array): Orientation | undefined {
  const [, digit] = /tiff:Orientation(?:\s*=\s*["']|>)([0-9])/.exec(asText(packet)) ?? [];
  const value = Number(digit);
  return isOrientation(value) ? value : undefined;
}

/** Compressed text; nothing where it is damaged. */
function inflated(data: Uint8Array): Uint8Array {
  if (data.length > MOST_COMPRESSED) return new Uint8Array(0);
  try {
    return unzlibSync(data, { out: new Uint8Array(MOST_TEXT) });
  } catch {
    return new Uint8Array(0);
  }
}

/** The text of a chunk, if it is called so: plain (tEXt), compressed (zTXt), or either with a language (iTXt). */
function textCalled(keyword: string, { type, data }: FilePart): Uint8Array | undefined {
  const text = /^(?:tEXt|zTXt|iTXt)$/.test(type) ? behind(data, `${keyword}\0`) : undefined;
  if (text === undefined || type === 'tEXt') return text;
  if (type === 'zTXt') return inflated(text.subarray(1));
  const language = text.indexOf(0, 2);
  const translated = language < 0 ? -1 : text.indexOf(0, language + 1);
  if (translated < 0) return undefined;
  const rest = text.subarray(translated + 1);
  return text[0] === 1 ? inflated(rest) : rest;
}

/** Bytes that ImageMagick writes as a text: a name and a length in lines of their own, then hexadecimal digits. */
function profileBytes(text: Uint8Array): Uint8Array {
  const digits = asText(text).split('\n').slice(3).join('').replace(/\s/g, '');
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

/** The first that there is. */
function first<A, B>(items: readonly A[], of: (item: A) => B | undefined): B | undefined {
  for (const item of items) {
    const found = of(item);
    if (found !== undefined) return found;
  }
  return undefined;
}

const exifOf = (parts: readonly FilePart[]): Uint8Array | undefined => {
  const own = first(parts, ({ type, data }) =>
    type === 'APP1' ? behind(data, EXIF) : type === 'eXIf' ? (behind(data, EXIF) ?? data) : undefined,
  );
  if (own !== undefined) return own;
  const text = first(parts, (part) => textCalled(EXIF_TEXT, part));
  const profile = text && profileBytes(text);
  return profile && (behind(profile, EXIF) ?? profile);
};

const xmpOf = (parts: readonly FilePart[]): Uint8Array | undefined =>
  first(parts, (part) => (part.type === 'APP1' ? behind(part.data, XMP) : textCalled(XMP_TEXT, part)));

/**
 * How a file is turned.
 *
 * @param parts Its segments APP1, or its chunks.
 * @returns The orientation; 1 where none is noted, or none that makes sense.
 */
export function notedOrientation(parts: readonly FilePart[]): Orientation {
  const exif = exifOf(parts);
  const ofExif = exif && exifOrientation(exif);
  if (ofExif !== undefined) return ofExif;
  const xmp = xmpOf(parts);
  return (xmp && xmpOrientation(xmp)) ?? 1;
}
