/**
 * Portraits. The class is the colour of the hair, blond or any other; the subgroup is how the face is drawn: with long
 * hair and lips, or with short hair, a broad jaw and stubble. Skin, background, clothes, place and size vary alike in all.
 */
import { foldKey, uniform, type RandomKey } from '../../random/random.ts';
import {
  canvas,
  develop,
  ellipse,
  EVERYWHERE,
  fill,
  limb,
  mix,
  noise,
  palette,
  pick,
  shade,
  without,
  type Canvas,
  type Colour,
  type DrawPicture,
} from './drawing.ts';

const SKIN = palette('e8bea2 ce9e7c a47454 78523c');
const BLOND = palette('debe7a cea860 ecd6a0');
const OTHER_HAIR = palette('28201e 543826 763e28 787674');
const CLOTHES = palette('282c3c 96323c dcdce0 3c6e5a ceb478');

/** What the parts of a face have in common, with what its pose says of each. */
interface Face {
  readonly male: number;
  /** Place and size, in shares of the picture's height. */
  readonly x: number;
  readonly y: number;
  readonly r: number;
  readonly skin: Colour;
  readonly hair: Colour;
  readonly skinPaint: (x: number, y: number) => Colour;
  readonly hairPaint: (x: number, y: number) => Colour;
  /** How far below the middle long hair falls, in units of `r`. */
  readonly fall: number;
  /** Opacity of the stubble. */
  readonly stubble: number;
  /** How far beside the middle the hair is parted, in units of `r`. */
  readonly parting: number;
  /** How far the middle of the mouth is lowered, in units of `r`. */
  readonly smile: number;
}

function faceOf(blond: number, male: number, aspect: number, key: RandomKey): Face {
  const draw = uniform(foldKey(key, 'pose'), 10);
  const x = aspect * (0.46 + 0.08 * draw[0]!);
  const y = 0.5 + 0.05 * (draw[1]! - 0.5);
  const r = 0.17 + 0.03 * draw[2]!;
  const skin = pick(foldKey(key, 'skin'), SKIN);
  const hair = pick(foldKey(key, 'hair'), blond === 1 ? BLOND : OTHER_HAIR);
  const strands = noise(foldKey(key, 'strands'), 40);
  const light = 60 * (draw[3]! - 0.5);
  return {
    male,
    x,
    y,
    r,
    skin,
    hair,
    skinPaint: (px, py) => shade(skin, light * ((px - x) / r) * 0.5 - 24 * (py - y)),
    hairPaint: (px, py) => shade(hair, 20 * strands(px * 1.5, py * 0.3) - 60 * (py - y)),
    fall: 1.2 + 0.9 * draw[4]!,
    stubble: 0.25 + 0.35 * draw[5]!,
    parting: 0.5 * (draw[6]! - 0.5),
    smile: 0.1 * draw[7]!,
  };
}

function hairBehind(picture: Canvas, { male, x, y, r, hairPaint, fall }: Face): void {
  if (male !== 0) {
    fill(picture, ellipse(x, y - 0.42 * r, 1.08 * r, 1.18 * r), hairPaint);
    return;
  }
  fill(picture, ellipse(x, y - 0.28 * r, 1.25 * r, 1.45 * r), hairPaint);
  for (const side of [-1, 1]) {
    fill(
      picture,
      limb(x + side * r, y - 0.3 * r, x + side * 1.12 * r, y + fall * r, 0.42 * r, 0.3 * r),
      hairPaint,
    );
  }
}

function neckAndShirt(picture: Canvas, { male, x, y, r, skinPaint }: Face, key: RandomKey): void {
  const shirt = pick(foldKey(key, 'shirt'), CLOTHES);
  fill(picture, limb(x, y + 0.9 * r, x, y + 1.9 * r, (male === 1 ? 0.56 : 0.42) * r), (px, py) =>
    shade(skinPaint(px, py), -22),
  );
  fill(picture, ellipse(x, y + 2.75 * r, (male === 1 ? 2.2 : 1.8) * r, 1.1 * r), shirt);
}

function head(picture: Canvas, { male, x, y, r, skin, hair, skinPaint, stubble }: Face): void {
  fill(picture, ellipse(x, y, (male === 1 ? 1.02 : 0.9) * r, 1.25 * r), skinPaint);
  if (male !== 1) return;
  fill(picture, ellipse(x, y + 0.45 * r, 0.92 * r, 0.78 * r), skinPaint);
  const beard = without(
    ellipse(x, y + 0.62 * r, 0.82 * r, 0.62 * r),
    ellipse(x, y + 0.1 * r, 0.8 * r, 0.55 * r),
  );
  fill(picture, beard, mix(shade(skin, -60), hair, 0.35), { opacity: stubble, softness: 0.03 });
}

function fringe(picture: Canvas, { x, y, r, hairPaint, parting }: Face): void {
  const strands = without(
    ellipse(x, y - 0.55 * r, 1.04 * r, 0.82 * r),
    ellipse(x + parting * r, y + 0.18 * r, 1.05 * r, 0.9 * r),
  );
  fill(picture, strands, hairPaint);
}

function eyesAndBrows(picture: Canvas, { male, x, y, r, hair }: Face, key: RandomKey): void {
  const iris = pick(foldKey(key, 'eyes'), palette('463222 3c5a78 466046'));
  const brow = male === 1 ? 0.055 : 0.03;
  for (const side of [-1, 1]) {
    const [eyeX, eyeY] = [x + side * 0.4 * r, y - 0.12 * r];
    fill(picture, ellipse(eyeX, eyeY, 0.17 * r, 0.09 * r), [240, 236, 230]);
    fill(picture, ellipse(eyeX, eyeY, 0.075 * r, 0.085 * r), iris);
    fill(
      picture,
      limb(eyeX - 0.2 * r, eyeY - 0.22 * r, eyeX + 0.2 * r, eyeY - 0.24 * r, brow * r),
      shade(mix(hair, [50, 40, 34], 0.5), -10),
    );
  }
}

function nose(picture: Canvas, { x, y, r, skin }: Face): void {
  fill(picture, limb(x, y - 0.05 * r, x + 0.03 * r, y + 0.28 * r, 0.05 * r, 0.09 * r), shade(skin, -22), {
    opacity: 0.6,
  });
}

function mouth(picture: Canvas, { male, x, y, r, skin, smile }: Face, key: RandomKey): void {
  const lips =
    male === 1
      ? shade(mix(skin, [150, 90, 84], 0.5), -14)
      : pick(foldKey(key, 'lips'), palette('ba464a c86460'));
  const thickness = (male === 1 ? 0.05 : 0.08) * r;
  for (const side of [-1, 1]) {
    fill(
      picture,
      limb(x, y + (0.62 + smile) * r, x + side * 0.28 * r, y + 0.6 * r, thickness, 0.03 * r),
      lips,
    );
  }
}

/** A portrait: 0 other hair, 1 blond; 0 female, 1 male. */
export const facePicture: DrawPicture = (blond, male, [height, width], key) => {
  const picture = canvas(height, width);
  const cloud = noise(foldKey(key, 'background'), 3);
  const wall = pick(foldKey(key, 'wall'), [...CLOTHES, ...SKIN], 30);
  fill(picture, EVERYWHERE, (x, y) => shade(wall, 40 * cloud(x, y) - 30 * y));

  const face = faceOf(blond, male, width / height, key);
  hairBehind(picture, face);
  neckAndShirt(picture, face, key);
  head(picture, face);
  fringe(picture, face);
  eyesAndBrows(picture, face, key);
  nose(picture, face);
  mouth(picture, face, key);
  return develop(picture, foldKey(key, 'grain'));
};
