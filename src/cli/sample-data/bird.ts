/**
 * Birds before a background. The class is in the bird's build: a landbird is compact, with a short neck, beak and legs
 * and a long tail; a waterbird has a long neck, beak and legs and a short tail. Both come in the same colours, at any
 * size and place and facing either way. The subgroup is the background: a forest, or water with waves.
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
  type Canvas,
  type DrawPicture,
} from './drawing.ts';

const PLUMAGE = palette('78543c e2e0d8 464a56 963c2e 607046 40608c c4a86e');
const BILLS = palette('d69632 46423c b45a46');

function forest(picture: Canvas, key: RandomKey): void {
  const leaves = noise(foldKey(key, 'leaves'), 9);
  const clumps = noise(foldKey(key, 'clumps'), 3);
  const green = pick(foldKey(key, 'green'), palette('3e5c2c 586a32 325034'));
  const light = pick(foldKey(key, 'light'), palette('b0be82'));
  fill(picture, EVERYWHERE, (x, y) =>
    shade(mix(green, light, Math.max(0, 0.35 + 0.5 * clumps(x, y) - 0.45 * y)), 22 * leaves(x, y)),
  );
  const trunks = uniform(foldKey(key, 'trunks'), 18);
  const bark = noise(foldKey(key, 'bark'), 14);
  for (let i = 0; i < 6; i++) {
    const [place, width, lean] = [trunks[3 * i]!, trunks[3 * i + 1]!, trunks[3 * i + 2]!];
    const x = place * (picture.width / picture.height);
    const brown = mix([74, 58, 44], [120, 100, 78], width);
    const trunk = limb(
      x,
      -0.1,
      x + 0.12 * (lean - 0.5),
      0.8 + 0.3 * lean,
      0.012 + 0.03 * width,
      0.018 + 0.035 * width,
    );
    fill(picture, trunk, (px, py) => shade(brown, 22 * bark(px, 3 * py)), { opacity: 0.9 });
  }
}

function water(picture: Canvas, key: RandomKey): void {
  const [horizonDraw, phase, length] = uniform(foldKey(key, 'view'), 3);
  const horizon = 0.12 + 0.25 * horizonDraw!;
  const ripples = noise(foldKey(key, 'ripples'), 5);
  const blue = pick(foldKey(key, 'water'), palette('38648c 467480 5c768c'));
  const sky = pick(foldKey(key, 'sky'), palette('b0cce2 ced0d2'));
  fill(picture, EVERYWHERE, (x, y) => {
    if (y < horizon) return mix(sky, [236, 236, 232], y / horizon);
    const depth = (y - horizon) / (1 - horizon);
    const wave = Math.sin((60 + 40 * length!) * Math.sqrt(depth + 0.02) + 6 * phase! + 5 * ripples(x, 2 * y));
    return shade(mix(sky, blue, Math.min(1, 0.35 + depth)), 13 * wave + 10 * ripples(x, y));
  });
}

/** Lengths of neck, bill, legs and tail, and plumpness, in units of the bird's size. */
function buildOf(label: number, key: RandomKey) {
  const middle = label === 0 ? [0.3, 0.22, 0.42, 0.95, 0.66] : [0.85, 0.5, 0.8, 0.4, 0.55];
  const spread = label === 0 ? [0.1, 0.07, 0.1, 0.2, 0.08] : [0.2, 0.14, 0.2, 0.1, 0.08];
  const draws = Array.from(uniform(key, 5, -1, 1), (draw, i) => middle[i]! + spread[i]! * draw);
  const [neck = 0, bill = 0, legs = 0, tail = 0, plump = 0] = draws;
  return { neck, bill, legs, tail, plump };
}

function bird(picture: Canvas, label: number, key: RandomKey): void {
  const { neck, bill, legs, tail, plump } = buildOf(label, foldKey(key, 'build'));
  const [placeX, placeY, sizeDraw, facing, tilt] = uniform(foldKey(key, 'pose'), 5);
  const size = 0.15 + 0.06 * sizeDraw!;
  const side = facing! < 0.5 ? -1 : 1;
  const x = (0.36 + 0.28 * placeX!) * (picture.width / picture.height);
  const y = 0.46 + 0.16 * placeY!;
  const at = (along: number, up: number): [number, number] => [x + side * size * along, y - size * up];
  const plumage = pick(foldKey(key, 'plumage'), PLUMAGE);
  const wing = mix(plumage, pick(foldKey(key, 'wing'), PLUMAGE), 0.55);
  const beak = pick(foldKey(key, 'bill'), BILLS);
  const down = noise(foldKey(key, 'down'), 26);
  const feathers = (px: number, py: number) => shade(plumage, 16 * down(px, py) - 70 * (py - y));

  for (const foot of [-0.16, 0.16])
    fill(picture, limb(...at(foot, -0.3), ...at(foot + 0.06, -0.5 - legs), 0.035 * size), shade(beak, -30));
  fill(
    picture,
    limb(...at(-0.75, 0.1), ...at(-0.8 - tail, 0.1 - 0.25 * tilt!), 0.2 * size, 0.1 * size),
    shade(wing, -16),
  );
  fill(picture, ellipse(x, y, size, plump * size, side * -0.25), feathers);
  const [headX, headY] = at(0.72 + 0.35 * neck, 0.5 + neck);
  fill(picture, limb(...at(0.7, 0.25), headX, headY, 0.26 * size, 0.17 * size), feathers);
  const billX = headX + side * size * bill * 1.25;
  fill(picture, limb(headX, headY, billX, headY + 0.1 * size, 0.1 * size, 0.025 * size), beak);
  fill(picture, ellipse(headX, headY, 0.26 * size, 0.23 * size), feathers);
  fill(
    picture,
    ellipse(headX + side * 0.09 * size, headY - 0.05 * size, 0.05 * size, 0.05 * size),
    [16, 14, 14],
  );
  const folded = ellipse(...at(-0.2, 0.06), 0.66 * size, 0.32 * size, side * -0.3);
  fill(picture, folded, (px, py) => shade(wing, 20 * down(py, px) - 60 * (py - y)));
}

/** A picture of a bird: 0 a landbird, 1 a waterbird, before 0 land or 1 water. */
export const birdPicture: DrawPicture = (label, background, [height, width], key) => {
  const picture = canvas(height, width);
  (background === 0 ? forest : water)(picture, foldKey(key, 'background'));
  bird(picture, label, foldKey(key, 'bird'));
  return develop(picture, foldKey(key, 'grain'));
};
