/**
 * What the components of a JPEG image stand for, and how they become grey or red, green and blue. YCbCr is that of
 * JFIF: R = Y + 1.402 (Cr − 128), G = Y − 0.34414 (Cb − 128) − 0.71414 (Cr − 128), B = Y + 1.772 (Cb − 128), in
 * integers of 16 bits behind the point as libjpeg computes it.
 *
 * Programs store cyan, magenta, yellow and black inverted, with 255 for no ink, as Adobe's do. With stored C, M, Y and
 * K each colour is K − ⌊K (255 − C) / 255⌉, that is, C · K / 255, which is what Pillow's `convert('RGB')` gives.
 */

/** What components stand for. */
export type ColourSpace = 'grey' | 'rgb' | 'ycbcr' | 'cmyk' | 'ycck';

/** What tells the colour space: as in libjpeg, a JFIF marker comes before Adobe's, and that before the names. */
export interface ColourHints {
  /** Names of the components, one byte each. */
  readonly ids: readonly number[];
  /** Whether there is a JFIF marker. */
  readonly isJfif: boolean;
  /** The transform of Adobe's marker; null without one. */
  readonly adobe: number | null;
}

/** The colour space of 1, 3 or 4 components. */
export function colourSpaceOf({ ids, isJfif, adobe }: ColourHints): ColourSpace {
  if (ids.length === 1) return 'grey';
  if (ids.length === 4) return adobe === null || adobe === 0 ? 'cmyk' : 'ycck';
  if (isJfif) return 'ycbcr';
  if (adobe !== null) return adobe === 0 ? 'rgb' : 'ycbcr';
  return String.fromCharCode(...ids) === 'RGB' ? 'rgb' : 'ycbcr';
}

/** Writes a row of pixels from rows of the components. */
export type WritePixels = (
  rows: readonly Uint8Array[],
  width: number,
  out: Uint8ClampedArray,
  at: number,
) => void;

const HALF = 1 << 15;
/** ⌊2¹⁶ x⌉ of the four factors. */
const RED_OF_CR = 91_881;
const GREEN_OF_CB = 22_554;
const GREEN_OF_CR = 46_802;
const BLUE_OF_CB = 116_130;

const writeGrey: WritePixels = ([grey], width, out, at) => out.set(grey!.subarray(0, width), at);

const writeRgb: WritePixels = ([red, green, blue], width, out, at) => {
  for (let i = 0, to = at; i < width; i++, to += 3) {
    out[to] = red![i]!;
    out[to + 1] = green![i]!;
    out[to + 2] = blue![i]!;
  }
};

const writeYcbcr: WritePixels = ([lumas, blues, reds], width, out, at) => {
  for (let i = 0, to = at; i < width; i++, to += 3) {
    const luma = lumas![i]!;
    const blue = blues![i]! - 128;
    const red = reds![i]! - 128;
    out[to] = luma + ((RED_OF_CR * red + HALF) >> 16);
    out[to + 1] = luma + ((HALF - GREEN_OF_CB * blue - GREEN_OF_CR * red) >> 16);
    out[to + 2] = luma + ((BLUE_OF_CB * blue + HALF) >> 16);
  }
};

/** Takes ink away from colours, by stored black: ⌊a b / 255⌉ in integers. */
function withBlack(black: Uint8Array, width: number, out: Uint8ClampedArray, at: number, isInverse: boolean) {
  for (let i = 0, to = at; i < width; i++) {
    const light = black[i]!;
    for (let colour = 0; colour < 3; colour++, to++) {
      const ink = isInverse ? 255 - out[to]! : out[to]!;
      const product = light * ink + 128;
      out[to] = light - ((product + (product >> 8)) >> 8);
    }
  }
}

const writeCmyk: WritePixels = (rows, width, out, at) => {
  writeRgb(rows, width, out, at);
  withBlack(rows[3]!, width, out, at, true);
};

/** YCbCr of inverted inks: what it makes is the ink that is there. */
const writeYcck: WritePixels = (rows, width, out, at) => {
  writeYcbcr(rows, width, out, at);
  withBlack(rows[3]!, width, out, at, false);
};

/** How pixels of a colour space are written. */
export const PIXELS: Readonly<Record<ColourSpace, WritePixels>> = {
  grey: writeGrey,
  rgb: writeRgb,
  ycbcr: writeYcbcr,
  cmyk: writeCmyk,
  ycck: writeYcck,
};
