/** Images for the report: real, translated, and back. */
import { minusOneToOne, toBytes } from '../../augmentation/scaling.ts';
import type { Images } from '../../augmentation/images.ts';
import { encodePng } from '../../data/png.ts';
import { gatherExamples, type Examples } from '../../training/examples.ts';
import { translateImages, type TrainedGenerator } from '../../training/generator-measure.ts';
import { pause } from '../experiment/context.ts';
import { ofDomain } from './experiment-data.ts';

/** PNG files in Base64, as a run file can hold them. */
export interface GalleryImages {
  readonly real: string;
  readonly translated: string;
  readonly back: string;
}

/** Both directions. */
export interface Gallery {
  readonly toTarget: readonly GalleryImages[];
  readonly toSource: readonly GalleryImages[];
}

const COLUMNS = 12;

function pngs(images: Images<Float32Array>): string[] {
  const { pixels, shape } = toBytes(images);
  const [count, height, width, channels] = shape;
  const size = height * width * channels;
  return Array.from({ length: count }, (_, i) =>
    Buffer.from(
      encodePng({ height, width, channels, pixels: pixels.subarray(i * size, (i + 1) * size) }),
    ).toString('base64'),
  );
}

/** The first images of both classes, translated there and back. */
export async function makeGallery(
  generators: { readonly toTarget: TrainedGenerator; readonly toSource: TrainedGenerator },
  heldOut: Examples,
): Promise<Gallery> {
  const direction = async (
    domain: 0 | 1,
    there: TrainedGenerator,
    back: TrainedGenerator,
  ): Promise<GalleryImages[]> => {
    const members = ofDomain(heldOut, domain);
    const ofClass = (label: number): number[] =>
      members.filter((i) => heldOut.labels[i] === label).slice(0, COLUMNS / 2);
    const original = minusOneToOne(gatherExamples(heldOut, [...ofClass(0), ...ofClass(1)]).images);
    const translated = await translateImages(original, there, pause);
    const [real, forth, home] = [original, translated, await translateImages(translated, back, pause)].map(
      pngs,
    );
    return real!.map((image, i) => ({ real: image, translated: forth![i]!, back: home![i]! }));
  };
  return {
    toTarget: await direction(0, generators.toTarget, generators.toSource),
    toSource: await direction(1, generators.toSource, generators.toTarget),
  };
}
