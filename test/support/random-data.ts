/** Random data sets that plain code has written, and what is held to what their maker knows. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { either as E } from 'fp-ts';
import { expect } from 'vitest';
import { DataCodec } from '../../src/config/schema/data-settings.ts';
import { openExperimentImages } from '../../src/experiment/images/open-images.ts';
import { closing } from '../../src/system/closing.ts';
import { drawnJpeg, JPEG_KINDS } from './plain-jpeg.ts';
import { shownPicture, type DrawnFile, type Note } from './plain-pictures.ts';
import { drawnPng, PNG_KINDS } from './plain-png.ts';

/** Of all draws; `DATA_SET_SEED` gives one again. */
const seed = Number(process.env['DATA_SET_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
/** How many times as many data sets are tried; `DATA_SET_TIMES` asks for more. */
const times = Number(process.env['DATA_SET_TIMES'] ?? 1);
/** How fast-check runs a property. It says the seed and the smallest data set that fails. */
export const runs = (count: number) => ({ seed, numRuns: count * times });

export const SPLITS = ['train', 'validation', 'test'] as const;
export type Split = (typeof SPLITS)[number];

/** An image of a data set: what its maker knows of it. */
export interface Known {
  readonly y: number;
  readonly z: number;
  readonly split: Split;
  readonly pixels: Uint8Array;
  readonly within: number;
}

/** Groups, splits and pixels, by what the maker of the images knows. */
function plainReading(all: readonly Known[], limits: Readonly<Record<string, number>> = {}) {
  const seen: Record<string, number> = {};
  const kept = all.filter(({ y, z, split }) => {
    if (split !== 'train') return true;
    const cell = `y${y}z${z}`;
    seen[cell] = (seen[cell] ?? 0) + 1;
    return seen[cell] <= (limits[cell] ?? Infinity);
  });
  const names = [...new Set(kept.map(({ y, z }) => `(Y=${y})(Z=${z})`))].sort();
  const of = (split: Split) => kept.filter((image) => image.split === split);
  const nameOf = ({ y, z }: Known): string => `(Y=${y})(Z=${z})`;
  const counts = names.map((name) => of('train').filter((image) => nameOf(image) === name).length);
  return { names, counts, of, groupOf: (image: Known) => names.indexOf(nameOf(image)) };
}

/** Holds what is opened by settings to what the maker knows. */
export async function expectRead(
  settings: Readonly<Record<string, unknown>> & { readonly root: string },
  known: readonly Known[],
  limits?: Record<string, number>,
) {
  const decoded = DataCodec.decode({ ...settings, root: '${DATA}' });
  if (E.isLeft(decoded)) throw new Error(JSON.stringify(decoded.left.map(({ context }) => context.at(-1))));
  const expected = plainReading(known, limits);
  await closing(
    await openExperimentImages({ ...decoded.right, root: settings.root }, { workers: 0 }),
    async (images) => {
      expect({ names: images.table.names, counts: [...images.table.trainingCounts] }).toEqual({
        names: expected.names,
        counts: expected.counts,
      });
      for (const split of SPLITS) {
        const examples = images.examples(split);
        const wanted = expected.of(split);
        expect(
          examples.map(({ label, subgroup, group }) => [label, subgroup, group]),
          split,
        ).toEqual(wanted.map((image) => [image.y, image.z, expected.groupOf(image)]));
        for (const [i, { image }] of examples.entries()) {
          const loaded = await images.load(image);
          if (E.isLeft(loaded)) throw new Error(JSON.stringify(loaded.left));
          const { pixels, within } = wanted[i]!;
          expect(loaded.right.length).toBe(pixels.length);
          const off = Math.max(0, ...loaded.right.map((value, k) => Math.abs(value - pixels[k]!)));
          expect(off, `${split} ${i}`).toBeLessThanOrEqual(within);
        }
      }
    },
  );
}

/** Runs a check in a folder of its own. */
export async function inFolder(check: (root: string) => Promise<void>): Promise<void> {
  const root = mkdtempSync(join(tmpdir(), 'random-data-sets-'));
  try {
    await check(root);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/** Writes a file, with its folders. */
export function write(root: string, name: string, bytes: Uint8Array | string): void {
  mkdirSync(dirname(join(root, name)), { recursive: true });
  writeFileSync(join(root, name), bytes);
}

/** The size and the channels of every image of a data set. */
export interface Shape {
  readonly height: number;
  readonly width: number;
  readonly channels: 1 | 3;
}

export const shapes = fc.record({
  height: fc.integer({ min: 1, max: 20 }),
  width: fc.integer({ min: 1, max: 20 }),
  channels: fc.constantFrom<1 | 3>(1, 3),
});

/** How an image is stored. */
export interface Stored {
  readonly kind: number;
  readonly seed: number;
  readonly orientation: number;
  readonly note: Note;
}

export const stored = fc.record({
  kind: fc.nat(99),
  seed: fc.nat(99_999),
  orientation: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 8 })),
  note: fc.constantFrom<Note>('exif-little', 'exif-big', 'xmp-attribute', 'xmp-element', 'raw-profile'),
});

/** An image file that is shown with a shape, of one of the kinds that its channels allow. */
export function fileOf(
  { height, width, channels }: Shape,
  { kind, seed: ofImage, orientation, note }: Stored,
  format: 'jpeg' | 'png' | 'any' = 'any',
): DrawnFile & { readonly ending: string; readonly shown: Uint8Array } {
  const pngs = PNG_KINDS.filter(([colour]) => channels === 3 || colour === 0 || colour === 4);
  const jpegs = JPEG_KINDS.filter((each) => channels === 3 || each === 'grey');
  const isJpeg = format === 'jpeg' || (format === 'any' && kind % 3 === 0);
  const [h, w] = orientation >= 5 ? [width, height] : [height, width];
  const how = { seed: ofImage, orientation, note };
  const file = isJpeg
    ? drawnJpeg(h, w, jpegs[kind % jpegs.length]!, how)
    : drawnPng(h, w, pngs[kind % pngs.length]!, how);
  const { pixels, channels: ofFile } = shownPicture(file.picture, orientation);
  const shown =
    ofFile === channels
      ? pixels
      : Uint8Array.from({ length: 3 * pixels.length }, (_, i) => pixels[Math.floor(i / 3)]!);
  return { ...file, ending: isJpeg ? '.jpg' : '.png', shown };
}
