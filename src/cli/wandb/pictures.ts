/** What the log says of a record, with its pictures as W&B is sent them. */
import { either as E } from 'fp-ts';
import { decodeImage } from '../../data/decode-image.ts';
import { encodePng, type ByteImage } from '../../data/png.ts';
import type { LogEntry } from '../../logs/run-logger.ts';
import type { RowContents } from './metric-values.ts';

/** The rows of a picture of translations by the published names: X is the source, Y the target. */
const ROWS = ['real_x', 'fake_y', 'cycled_x', 'real_y', 'fake_x', 'cycled_y'] as const;

/** A picture cut into as many rows as there are names. */
function rowsOf({ height, width, channels, pixels }: ByteImage): readonly (readonly [string, Uint8Array])[] {
  const rowHeight = height / ROWS.length;
  const size = rowHeight * width * channels;
  return ROWS.map((name, r) => [
    name,
    encodePng({ height: rowHeight, width, channels, pixels: pixels.subarray(r * size, (r + 1) * size) }),
  ]);
}

/** A picture as PNG files in base64, by name; none if its file is damaged. */
function pictureFiles(
  name: string,
  png: Uint8Array,
  published: boolean,
): readonly (readonly [string, string])[] {
  const decoded = decodeImage(png);
  if (E.isLeft(decoded)) return [];
  const isCut = published && name === 'translations' && decoded.right.height % ROWS.length === 0;
  const files = isCut ? rowsOf(decoded.right) : [[name, png] as const];
  return files.map(([each, bytes]) => [each, Buffer.from(bytes).toString('base64')]);
}

/**
 * What a record says.
 *
 * @param entries Of the log.
 * @param published Whether the rows of translations are told apart, as the published system does.
 */
export function rowContents(entries: readonly LogEntry[], published: boolean): RowContents {
  const values = entries.map((entry) => (entry.kind === 'scalars' ? entry.values : {}));
  const images = entries.flatMap((entry) =>
    entry.kind === 'images'
      ? entry.images.flatMap((image) =>
          image instanceof Uint8Array ? pictureFiles(entry.name, image, published) : [],
        )
      : [],
  );
  return {
    values: Object.assign({}, ...values) as RowContents['values'],
    images: Object.fromEntries(images),
  };
}
