/** Pictures in the folder of a run, which its log names. */
import { join } from 'node:path';
import type { Images } from '../../augmentation/images.ts';
import { encodePng } from '../../data/png.ts';
import { writeFileAtomically } from '../../system/atomic-file.ts';
import { pictureRecord, type PictureRecord } from './scalar-names.ts';

/**
 * Writes a picture.
 *
 * @param folder Of the run.
 * @param step Steps done.
 * @param name What it shows.
 * @param picture One image, bytes.
 * @returns The record by which the run's log names it.
 */
export async function writePicture(
  folder: string,
  step: number,
  name: string,
  { pixels, shape: [, height, width, channels] }: Images<Uint8Array>,
): Promise<PictureRecord> {
  const file = `gallery/step-${String(step).padStart(9, '0')}.png`;
  const png = encodePng({ height, width, channels, pixels });
  await writeFileAtomically(join(folder, ...file.split('/')), [png]);
  return pictureRecord(step, name, file);
}
