/** The galleries of a run of stage 1 as W&B is sent them. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { either as E } from 'fp-ts';
import { decodeImage } from '../../data/decode-image.ts';
import { encodePng, type ByteImage } from '../../data/png.ts';
import { hasCode } from '../../system/text-file.ts';

const fileAt = (step: number): string => `step-${String(step).padStart(9, '0')}.png`;

/** The steps after which a gallery was made, in their order. */
export async function gallerySteps(run: string): Promise<readonly number[]> {
  const names = await readdir(join(run, 'gallery')).catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) return [];
    throw error;
  });
  return names
    .flatMap((name) => /^step-(\d{9})\.png$/.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
}

/** The rows of a gallery by the published names: X is the source, Y the target. */
const ROWS = ['real_x', 'fake_y', 'cycled_x', 'real_y', 'fake_x', 'cycled_y'] as const;

/** A picture cut into as many rows as there are names. */
function rowsOf({ height, width, channels, pixels }: ByteImage): Readonly<Record<string, Uint8Array>> {
  const rowHeight = height / ROWS.length;
  const size = rowHeight * width * channels;
  return Object.fromEntries(
    ROWS.map((name, r) => [
      name,
      encodePng({ height: rowHeight, width, channels, pixels: pixels.subarray(r * size, (r + 1) * size) }),
    ]),
  );
}

const inBase64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

/**
 * A gallery as PNG files in base64.
 *
 * @param run Folder of the run.
 * @param step After which it was made.
 * @param published Whether its rows are told apart, as the published system does; else it is one picture.
 * @returns By name; none if it is damaged, or no gallery of six rows.
 */
export async function readPictures(
  run: string,
  step: number,
  published: boolean,
): Promise<Readonly<Record<string, string>>> {
  const bytes = await readFile(join(run, 'gallery', fileAt(step)));
  const decoded = decodeImage(bytes);
  if (E.isLeft(decoded)) return {};
  if (!published) return { gallery: inBase64(bytes) };
  if (decoded.right.height % ROWS.length !== 0) return {};
  return Object.fromEntries(
    Object.entries(rowsOf(decoded.right)).map(([name, png]) => [name, inBase64(png)]),
  );
}
