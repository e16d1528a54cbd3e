import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Orientation } from '../../src/data/orientation.ts';

interface FileCase {
  readonly what: string;
  readonly base64: string;
}

/** What Pillow and libjpeg-turbo make of files over a grid; `make_jpeg_images.py` beside the fixture wrote it. */
export const JPEG_IMAGES = JSON.parse(
  readFileSync(new URL('../fixtures/jpeg-images.json', import.meta.url), 'utf8'),
) as {
  readonly cases: readonly (FileCase & {
    readonly shape: readonly [number, number, number];
    readonly sha256: string;
  })[];
  readonly turned: readonly (FileCase & {
    readonly orientation: Orientation;
    readonly shape: readonly [number, number, number];
    readonly pixels: string;
  })[];
  readonly refused: readonly FileCase[];
  /** Hashes of the files that Pillow writes, by quality. */
  readonly written: readonly {
    readonly what: string;
    readonly shape: readonly [number, number, number];
    readonly pixels: string;
    readonly files: Readonly<Record<string, string>>;
  }[];
};

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** The file of the first case whose words begin so. */
export const jpegFile = (what: string): Uint8Array =>
  new Uint8Array(
    Buffer.from(JPEG_IMAGES.cases.find((image) => image.what.startsWith(what))!.base64, 'base64'),
  );
