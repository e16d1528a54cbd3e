/**
 * Skin lesions seen from near. The class is in the lesion: a benign one is nearly round, of one colour and with an even
 * border; a malignant one is lopsided, of several colours and ragged. The subgroup is a coloured bandage beside it, as
 * in the photographs of the ISIC archive, where none of the malignant ones has a bandage.
 */
import { foldKey, uniform } from '../../random/random.ts';
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
  type DrawPicture,
  type Shape,
} from './drawing.ts';

/** A picture of a lesion: 0 benign, 1 malignant; 0 without a bandage, 1 with one. */
export const lesionPicture: DrawPicture = (malignant, bandage, [height, width], key) => {
  const picture = canvas(height, width);
  const draw = uniform(foldKey(key, 'pose'), 10);
  const pores = noise(foldKey(key, 'pores'), 22);
  const light = noise(foldKey(key, 'light'), 2);
  const skin = pick(foldKey(key, 'skin'), palette('e2b8a4 d0a286 ecc6b8'));
  fill(picture, EVERYWHERE, (x, y) => shade(skin, 7 * pores(x, y) + 18 * light(x, y)));

  const x = (width / height) * (0.42 + 0.16 * draw[0]!);
  const y = 0.42 + 0.16 * draw[1]!;
  const r = 0.15 + 0.1 * draw[2]!;
  const edge = noise(foldKey(key, 'edge'), 11);
  const patches = noise(foldKey(key, 'patches'), 6);
  const ragged = (0.05 + 0.28 * malignant) * r;
  const lopsided = 1 - (0.1 + 0.3 * malignant) * draw[3]!;
  const round = ellipse(x, y, r, lopsided * r, 3 * draw[4]!);
  const border: Shape = { ...round, distance: (px, py) => round.distance(px, py) + ragged * edge(px, py) };
  const brown = pick(foldKey(key, 'brown'), palette('80543c 684232 966448'));
  fill(
    picture,
    { ...border, box: [x - 1.5 * r, y - 1.5 * r, x + 1.5 * r, y + 1.5 * r] },
    (px, py) => {
      const spot = patches(px, py);
      const other = spot > 0 ? ([52, 40, 44] as const) : ([150, 96, 96] as const);
      return shade(mix(brown, other, malignant * Math.min(0.85, 1.6 * Math.abs(spot))), 10 * pores(px, py));
    },
    { softness: 0.02 + 0.03 * draw[5]! },
  );
  const hairs = uniform(foldKey(key, 'hairs'), 4 * 5);
  for (let i = 0; i < Math.floor(5 * draw[6]!); i++) {
    const [a, b, c, d] = [hairs[4 * i]!, hairs[4 * i + 1]!, hairs[4 * i + 2]!, hairs[4 * i + 3]!];
    const aspect = width / height;
    fill(picture, limb(a * aspect, b, c * aspect, d, 0.003), [60, 48, 44], { opacity: 0.7 });
  }
  if (bandage === 1) {
    const colour = pick(foldKey(key, 'bandage'), palette('4682be 5aaa6e e69646 d25a78'));
    const side = draw[7]! < 0.5 ? 0.06 : 0.94;
    const patch = ellipse((width / height) * side, 0.2 + 0.6 * draw[8]!, 0.17, 0.24 + 0.1 * draw[9]!);
    fill(picture, patch, (px, py) => shade(colour, 14 * light(py, px)));
  }
  return develop(picture, foldKey(key, 'grain'));
};
