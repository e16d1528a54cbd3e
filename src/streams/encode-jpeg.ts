/** JPEG files. The encoder keeps colour at full resolution (4:4:4), as the published translations are stored. */
import jpeg from 'jpeg-js';
import { checkShape, type ByteImage } from '../data/png.ts';

/**
 * Encodes an image as baseline JPEG.
 *
 * @param image Bytes of grey or colour, `[h, w, 1]` or `[h, w, 3]`.
 * @param quality 1 … 100. Default 95, as published.
 * @returns The bytes of the file.
 * @throws RangeError if the shape does not fit the pixels, or the quality is out of its range.
 */
export function encodeJpeg(image: ByteImage, quality = 95): Uint8Array {
  checkShape(image);
  const { height, width, channels, pixels } = image;
  if (!(quality >= 1 && quality <= 100)) {
    throw new RangeError(`quality: expected 1 … 100, received ${quality}`);
  }
  const data = new Uint8Array(height * width * 4).fill(255);
  for (let i = 0; i < height * width; i++) {
    for (let c = 0; c < 3; c++) data[4 * i + c] = pixels[channels * i + (channels === 1 ? 0 : c)]!;
  }
  // A plain array, since the encoder's Buffer may share its memory.
  return new Uint8Array(jpeg.encode({ data, height, width }, quality).data);
}
