/**
 * One image from the disk to pixels: its file or record is read, checked, decoded and brought to the wanted shape. This
 * is what decode workers do.
 */
import { either as E, function as F } from 'fp-ts';
import type { DataError } from '../data/data-error.ts';
import type { ImageLocation } from '../data/dataset.ts';
import { decodeImage, type DecodeImageOptions } from '../data/decode-image.ts';
import { fitImage, type FitImageOptions } from '../data/fit-image.ts';
import { imageBytesReader, nameOf } from './image-bytes.ts';

/** How images are decoded, and to what they are brought. */
export interface LoadImageOptions extends FitImageOptions, Omit<DecodeImageOptions, 'name'> {
  /** Height, width, channels (1 or 3) of the result. */
  readonly shape: readonly [height: number, width: number, channels: number];
}

/** Reads images; holds the shards open that it read last. */
export interface ImageReader {
  load(location: ImageLocation): Promise<E.Either<DataError, Uint8Array>>;
  close(): Promise<void>;
}

/**
 * A reader of images.
 *
 * @param options The shape to bring images to, and how.
 * @returns `load` gives the pixels, `[h, w, c]`, or what is wrong with the file, its record or its image.
 */
export function imageReader({ shape, ...options }: LoadImageOptions): ImageReader {
  const { read, close } = imageBytesReader();
  return {
    load: async (location) =>
      F.pipe(
        await read(location),
        E.chain((file) => decodeImage(file, { ...options, name: nameOf(location) })),
        E.map((image) => fitImage(image, shape, options).pixels),
      ),
    close,
  };
}
