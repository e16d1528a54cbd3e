/**
 * Portraits. The class is the colour of the hair, blond or any other; the subgroup is how the face is drawn: with long
 * hair and lips, or with short hair, a broad jaw and stubble. Skin, background, clothes, place and size vary alike in all.
 */
import { foldKey, uniform, type RandomKey } from '../../random.ts';
import type { ByteImage } from '../png.ts';
import {
  canvas,
  develop,
  ellipse,
  EVERYWHERE,
  fill,
  limb,
  mix,
  noise,
  pick,
  shade,
  without,
  type Colour,
} from './drawing.ts';

const SKIN: readonly Colour[] = [
  [232, 190, 162],
  [206, 158, 124],
  [164, 116, 84],
  [120, 82, 60],
];
const BLOND: readonly Colour[] = [
  [222, 190, 122],
  [206, 168, 96],
  [236, 214, 160],
];
const OTHER_HAIR: readonly Colour[] = [
  [40, 32, 30],
  [84, 56, 38],
  [118, 62, 40],
  [120, 118, 116],
];
const CLOTHES: readonly Colour[] = [
  [40, 44, 60],
  [150, 50, 60],
  [220, 220, 224],
  [60, 110, 90],
  [206, 180, 120],
];

/**
 * A portrait.
 *
 * @param blond Class: 0 other hair, 1 blond.
 * @param male Subgroup.
 * @param size `[height, width]`.
 * @param key Determines everything else.
 */
export function facePicture(
  blond: number,
  male: number,
  [height, width]: readonly [height: number, width: number],
  key: RandomKey,
): ByteImage {
  const picture = canvas(height, width);
  const draw = uniform(foldKey(key, 'pose'), 10);
  const cloud = noise(foldKey(key, 'background'), 3);
  const wall = pick(foldKey(key, 'wall'), [...CLOTHES, ...SKIN], 30);
  fill(picture, EVERYWHERE, (x, y) => shade(wall, 40 * cloud(x, y) - 30 * y));

  const x = (width / height) * (0.46 + 0.08 * draw[0]!);
  const y = 0.5 + 0.05 * (draw[1]! - 0.5);
  const r = 0.17 + 0.03 * draw[2]!;
  const skin = pick(foldKey(key, 'skin'), SKIN);
  const hair = pick(foldKey(key, 'hair'), blond === 1 ? BLOND : OTHER_HAIR);
  const strands = noise(foldKey(key, 'strands'), 40);
  const hairPaint = (px: number, py: number): Colour =>
    shade(hair, 20 * strands(px * 1.5, py * 0.3) - 60 * (py - y));
  const light = 60 * (draw[3]! - 0.5);
  const skinPaint = (px: number, py: number): Colour =>
    shade(skin, light * ((px - x) / r) * 0.5 - 24 * (py - y));
  const jaw = male === 1 ? 1.02 : 0.9;

  if (male === 0) {
    const fall = 1.2 + 0.9 * draw[4]!;
    fill(picture, ellipse(x, y - 0.28 * r, 1.25 * r, 1.45 * r), hairPaint);
    for (const side of [-1, 1]) {
      fill(
        picture,
        limb(x + side * r, y - 0.3 * r, x + side * 1.12 * r, y + fall * r, 0.42 * r, 0.3 * r),
        hairPaint,
      );
    }
  } else {
    fill(picture, ellipse(x, y - 0.42 * r, 1.08 * r, 1.18 * r), hairPaint);
  }
  const shirt = pick(foldKey(key, 'shirt'), CLOTHES);
  fill(picture, limb(x, y + 0.9 * r, x, y + 1.9 * r, (male === 1 ? 0.56 : 0.42) * r), (px, py) =>
    shade(skinPaint(px, py), -22),
  );
  fill(picture, ellipse(x, y + 2.75 * r, (male === 1 ? 2.2 : 1.8) * r, 1.1 * r), shirt);
  fill(picture, ellipse(x, y, jaw * r, 1.25 * r), skinPaint);
  if (male === 1) {
    fill(picture, ellipse(x, y + 0.45 * r, 0.92 * r, 0.78 * r), skinPaint);
    const stubble = without(
      ellipse(x, y + 0.62 * r, 0.82 * r, 0.62 * r),
      ellipse(x, y + 0.1 * r, 0.8 * r, 0.55 * r),
    );
    fill(picture, stubble, mix(shade(skin, -60), hair, 0.35), {
      opacity: 0.25 + 0.35 * draw[5]!,
      softness: 0.03,
    });
  }
  const parting = 0.5 * (draw[6]! - 0.5);
  const fringe = without(
    ellipse(x, y - 0.55 * r, 1.04 * r, 0.82 * r),
    ellipse(x + parting * r, y + 0.18 * r, 1.05 * r, 0.9 * r),
  );
  fill(picture, fringe, hairPaint);

  const eyes = pick(foldKey(key, 'eyes'), [
    [70, 50, 34],
    [60, 90, 120],
    [70, 96, 70],
  ]);
  for (const side of [-1, 1]) {
    const [eyeX, eyeY] = [x + side * 0.4 * r, y - 0.12 * r];
    fill(picture, ellipse(eyeX, eyeY, 0.17 * r, 0.09 * r), [240, 236, 230]);
    fill(picture, ellipse(eyeX, eyeY, 0.075 * r, 0.085 * r), eyes);
    const brow = male === 1 ? 0.055 : 0.03;
    fill(
      picture,
      limb(eyeX - 0.2 * r, eyeY - 0.22 * r, eyeX + 0.2 * r, eyeY - 0.24 * r, brow * r),
      shade(mix(hair, [50, 40, 34], 0.5), -10),
    );
  }
  fill(picture, limb(x, y - 0.05 * r, x + 0.03 * r, y + 0.28 * r, 0.05 * r, 0.09 * r), shade(skin, -22), {
    opacity: 0.6,
  });
  const lips: Colour =
    male === 1
      ? shade(mix(skin, [150, 90, 84], 0.5), -14)
      : pick(foldKey(key, 'lips'), [
          [186, 70, 74],
          [200, 100, 96],
        ]);
  const smile = 0.1 * draw[7]!;
  for (const side of [-1, 1]) {
    fill(
      picture,
      limb(
        x,
        y + (0.62 + smile) * r,
        x + side * 0.28 * r,
        y + 0.6 * r,
        (male === 1 ? 0.05 : 0.08) * r,
        0.03 * r,
      ),
      lips,
    );
  }
  return develop(picture, foldKey(key, 'grain'));
}
