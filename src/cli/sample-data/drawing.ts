/**
 * Pictures drawn from soft shapes on a canvas of floating-point colour. Coordinates are shares of the picture's height,
 * so that a picture looks the same at any size.
 */
import { randomIntegers, uniform, type RandomKey } from '../../random/random.ts';
import type { ByteImage } from '../../data/png.ts';

/** Red, green, blue, 0 … 255. */
export type Colour = readonly [number, number, number];

/**
 * Draws a picture of a class and a subgroup.
 *
 * @param key Determines everything else.
 */
export type DrawPicture = (
  label: number,
  subgroup: number,
  size: readonly [height: number, width: number],
  key: RandomKey,
) => ByteImage;

/** Colours in hexadecimal, e.g. `e2e0d8`, with blanks between them. */
export const palette = (colours: string): readonly Colour[] =>
  colours.split(' ').map((colour): Colour => {
    const [red, green, blue] = [0, 2, 4].map((at) => Number.parseInt(colour.slice(at, at + 2), 16));
    return [red!, green!, blue!];
  });

/** A picture under work. */
export interface Canvas {
  readonly height: number;
  readonly width: number;
  readonly pixels: Float32Array;
}

/** A black canvas. */
export const canvas = (height: number, width: number): Canvas => ({
  height,
  width,
  pixels: new Float32Array(height * width * 3),
});

/** Colour of a place: x from 0 to the aspect ratio, y from 0 at the top to 1. */
export type Paint = Colour | ((x: number, y: number) => Colour);

/** A region: the signed distance to its border, negative inside, and the box that holds it. */
export interface Shape {
  readonly distance: (x: number, y: number) => number;
  readonly box: readonly [left: number, top: number, right: number, bottom: number];
}

/** Everything. */
export const EVERYWHERE: Shape = { distance: () => -1, box: [-9, -9, 9, 9] };

/** An ellipse, turned by an angle in radians. */
export function ellipse(x: number, y: number, rx: number, ry: number, angle = 0): Shape {
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const reach = Math.max(rx, ry) * 1.1;
  return {
    distance: (px, py) => {
      const u = ((px - x) * cos + (py - y) * sin) / rx;
      const v = ((py - y) * cos - (px - x) * sin) / ry;
      return (Math.hypot(u, v) - 1) * Math.min(rx, ry);
    },
    box: [x - reach, y - reach, x + reach, y + reach],
  };
}

/** A limb from one point to another, round at both ends, of two radii. */
export function limb(ax: number, ay: number, bx: number, by: number, ra: number, rb = ra): Shape {
  const [dx, dy] = [bx - ax, by - ay];
  const squared = Math.max(1e-9, dx * dx + dy * dy);
  const reach = Math.max(ra, rb) * 1.2;
  return {
    distance: (px, py) => {
      const t = Math.min(1, Math.max(0, ((px - ax) * dx + (py - ay) * dy) / squared));
      return Math.hypot(px - ax - t * dx, py - ay - t * dy) - (ra + t * (rb - ra));
    },
    box: [
      Math.min(ax, bx) - reach,
      Math.min(ay, by) - reach,
      Math.max(ax, bx) + reach,
      Math.max(ay, by) + reach,
    ],
  };
}

/** What is inside the first shape and not inside the second. */
export const without = (shape: Shape, other: Shape): Shape => ({
  distance: (x, y) => Math.max(shape.distance(x, y), -other.distance(x, y)),
  box: shape.box,
});

/** Paints a shape, its border softened over `softness` (default 1.5 pixels of a picture 128 high). */
export function fill(
  { height, width, pixels }: Canvas,
  { distance, box }: Shape,
  paint: Paint,
  options: { readonly softness?: number; readonly opacity?: number } = {},
): void {
  const { softness = 1.5 / 128, opacity = 1 } = options;
  const [left, top, right, bottom] = box.map((side) => side * height) as [number, number, number, number];
  for (let row = Math.max(0, Math.floor(top) - 2); row < Math.min(height, bottom + 2); row++) {
    for (let column = Math.max(0, Math.floor(left) - 2); column < Math.min(width, right + 2); column++) {
      const [x, y] = [(column + 0.5) / height, (row + 0.5) / height];
      const cover = opacity * Math.min(1, Math.max(0, 0.5 - distance(x, y) / softness));
      if (cover === 0) continue;
      const colour = typeof paint === 'function' ? paint(x, y) : paint;
      const at = (row * width + column) * 3;
      for (let c = 0; c < 3; c++) pixels[at + c] = pixels[at + c]! + cover * (colour[c]! - pixels[at + c]!);
    }
  }
}

/** Smooth noise in [−1, 1] with `cells` bumps over a picture's height. */
export function noise(key: RandomKey, cells: number): (x: number, y: number) => number {
  const side = Math.ceil(2 * cells) + 2;
  const lattice = uniform(key, side * side, -1, 1);
  return (x, y) => {
    const [u, v] = [Math.max(0, x * cells), Math.max(0, y * cells)];
    const [i, j] = [Math.min(side - 2, Math.floor(u)), Math.min(side - 2, Math.floor(v))];
    const [s, t] = [Math.min(1, u - i), Math.min(1, v - j)].map((w) => w * w * (3 - 2 * w)) as [
      number,
      number,
    ];
    const value = (row: number, column: number) => lattice[row * side + column]!;
    const upper = value(j, i) + s * (value(j, i + 1) - value(j, i));
    const lower = value(j + 1, i) + s * (value(j + 1, i + 1) - value(j + 1, i));
    return upper + t * (lower - upper);
  };
}

/** A colour lighter (> 0) or darker (< 0) by levels. */
export const shade = ([r, g, b]: Colour, levels: number): Colour => [r + levels, g + levels, b + levels];

/** A colour between two. */
export const mix = (a: Colour, b: Colour, share: number): Colour => [
  a[0] + share * (b[0] - a[0]),
  a[1] + share * (b[1] - a[1]),
  a[2] + share * (b[2] - a[2]),
];

/** One of several, a little lighter or darker and of a slightly other hue. */
export function pick(key: RandomKey, colours: readonly Colour[], spread = 16): Colour {
  const colour = colours[randomIntegers(key, 1, 0, colours.length)[0]!]!;
  const [light, r, g, b] = uniform([key[1], key[0]], 4, -spread, spread);
  return [colour[0] + light! + r! / 4, colour[1] + light! + g! / 4, colour[2] + light! + b! / 4];
}

/** The picture as bytes, with the grain of a photograph. */
export function develop({ height, width, pixels }: Canvas, key: RandomKey, grain = 6): ByteImage {
  const draws = uniform(key, height * width, -grain, grain);
  const bytes = new Uint8ClampedArray(pixels.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = pixels[i]! + draws[Math.floor(i / 3)]!;
  return { height, width, channels: 3, pixels: new Uint8Array(bytes.buffer) };
}
