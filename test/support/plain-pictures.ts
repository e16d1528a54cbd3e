/**
 * Pictures that plain code draws, for writers of image files that share nothing with the readers of `src`. Whoever writes
 * an image knows its pixels, whatever reads them.
 */

/** Eight-bit pixels, `[height, width, channels]`. */
export interface Picture {
  readonly height: number;
  readonly width: number;
  readonly channels: 1 | 3;
  readonly pixels: Uint8Array;
}

/** A file with what it shows before it is turned, and how far a reader may be off. */
export interface DrawnFile {
  readonly bytes: Buffer;
  readonly picture: Picture;
  readonly within: 0 | 1;
}

/** Integers below a bound, always the same for a seed (a linear congruential generator). */
export function draws(seed: number): (below: number) => number {
  let state = (seed * 2_654_435_761 + 12_345) >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** The orientation as Exif has it, in either order of bytes. */
export const exif = (orientation: number, little: boolean): Buffer =>
  little
    ? Buffer.from([
        0x49,
        0x49,
        42,
        0,
        8,
        0,
        0,
        0,
        1,
        0,
        0x12,
        1,
        3,
        0,
        1,
        0,
        0,
        0,
        orientation,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
      ])
    : Buffer.from([
        0x4d,
        0x4d,
        0,
        42,
        0,
        0,
        0,
        8,
        0,
        1,
        1,
        0x12,
        0,
        3,
        0,
        0,
        0,
        1,
        0,
        orientation,
        0,
        0,
        0,
        0,
        0,
        0,
      ]);

/** The orientation as XMP has it, as an attribute or as an element. */
export const xmp = (orientation: number, asElement: boolean): string => {
  const [attribute, element] = asElement
    ? ['', `<tiff:Orientation>${orientation}</tiff:Orientation>`]
    : [` tiff:Orientation="${orientation}"`, ''];
  return `<?xpacket begin="\ufeff"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description xmlns:tiff="http://ns.adobe.com/tiff/1.0/"${attribute}>${element}</rdf:Description></rdf:RDF></x:xmpmeta>`;
};

/** Where a file notes how it is turned. */
export type Note = 'exif-little' | 'exif-big' | 'xmp-attribute' | 'xmp-element' | 'raw-profile';

/** A picture as it is to be shown: for each orientation, which stored pixel comes to row y and column x (Exif 3.0). */
export function shownPicture(picture: Picture, orientation: number): Picture {
  const { height: h, width: w, channels, pixels } = picture;
  const from = (y: number, x: number): readonly [number, number] =>
    (
      [
        [y, x],
        [y, w - 1 - x],
        [h - 1 - y, w - 1 - x],
        [h - 1 - y, x],
        [x, y],
        [h - 1 - x, y],
        [h - 1 - x, w - 1 - y],
        [x, w - 1 - y],
      ] as const
    )[orientation - 1]!;
  const [height, width] = orientation >= 5 ? [w, h] : [h, w];
  const shown = Uint8Array.from({ length: pixels.length }, (_, i) => {
    const pixel = Math.floor(i / channels);
    const [y, x] = from(Math.floor(pixel / width), pixel % width);
    return pixels[(y * w + x) * channels + (i % channels)]!;
  });
  return { height, width, channels, pixels: shown };
}

/** How a file is written beside its size. */
export interface FileOptions {
  readonly seed: number;
  readonly orientation?: number;
  readonly note?: Note;
}
