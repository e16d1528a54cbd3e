import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dottedLine, zigzag } from '../../src/data/corruptions.ts';
import { foldKey, randomIntegers, randomKey } from '../../src/random/random.ts';

const SIDE = 28;
const BLANK = new Uint8Array(SIDE * SIDE);
const images = fc.uint8Array({ minLength: SIDE * SIDE, maxLength: SIDE * SIDE });
const seeds = fc.integer({ min: 0, max: 1e9 });

function draws(seed: number) {
  const key = randomKey(seed);
  return {
    row: randomIntegers(foldKey(key, 'start'), 1, 0, 27)[0]!,
    fall: randomIntegers(foldKey(key, 'fall'), 1, -5, 5)[0]!,
  };
}

/** Seeds whose zigzag has the wanted start row and fall. */
function seedOf(row: number, fall: number): number {
  for (let seed = 0; ; seed++) {
    const drawn = draws(seed);
    if (drawn.row === row && drawn.fall === fall) return seed;
  }
}

describe.each([
  ['zigzag', zigzag],
  ['dottedLine', dottedLine],
] as const)('%s', (_, corrupt) => {
  it('depends on image and key alone, leaves its input as it is and only brightens', () => {
    fc.assert(
      fc.property(images, seeds, (image, seed) => {
        const before = image.slice();
        const corrupted = corrupt(image, randomKey(seed));
        expect(image).toEqual(before);
        expect(corrupt(image, randomKey(seed))).toEqual(corrupted);
        expect(corrupted.every((value, i) => value >= image[i]!)).toBe(true);
        const stroke = corrupt(BLANK, randomKey(seed));
        expect(corrupted.every((value, i) => value === Math.min(255, image[i]! + stroke[i]!))).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  it('differs between keys and touches less than a fifth of the image', () => {
    const sheets = Array.from({ length: 200 }, (_, seed) => corrupt(BLANK, randomKey(seed)));
    expect(new Set(sheets.map((sheet) => sheet.join())).size).toBeGreaterThan(100);
    for (const sheet of sheets) {
      expect(sheet.filter((value) => value > 0).length).toBeLessThan(SIDE * SIDE * 0.2);
    }
  });

  it('refuses an image of another size', () => {
    expect(() => corrupt(new Uint8Array(10), randomKey(0))).toThrow('image: expected 28×28');
  });
});

describe('zigzag', () => {
  it('lights every column from 2 to 24 and none outside, unless it leaves the image', () => {
    fc.assert(
      fc.property(
        seeds.filter((seed) => {
          const { row, fall } = draws(seed);
          return Math.min(row, row + fall) >= 3 && Math.max(row, row + fall) <= 24;
        }),
        (seed) => {
          const stroke = zigzag(BLANK, randomKey(seed));
          const brightest = Array.from({ length: SIDE }, (_, column) =>
            Math.max(...Array.from({ length: SIDE }, (_, row) => stroke[row * SIDE + column]!)),
          );
          expect(brightest.slice(3, 25).every((value) => value > 127)).toBe(true);
          expect([...brightest.slice(0, 1), ...brightest.slice(26)].every((value) => value === 0)).toBe(true);
        },
      ),
    );
  });

  it('has the published teeth: level at row 14, corners at columns 4, 8, … by two pixels', () => {
    const stroke = zigzag(BLANK, randomKey(seedOf(14, 0)));
    const at = (row: number, column: number) => stroke[row * SIDE + column];
    // Level stroke: corners at (4, 16), (8, 12), (12, 16), (16, 12), (20, 16), (24, 12); slope 1 between them.
    for (const [column, row] of [
      [3, 15],
      [4, 16],
      [5, 15],
      [6, 14],
      [8, 12],
      [12, 16],
      [16, 12],
      [20, 16],
      [24, 12],
    ] as const) {
      expect(at(row, column)).toBe(255);
    }
    const fadesTo = Math.round(255 * (1 + Math.log(1 - 1 / 2.3)));
    expect(at(15, 6)).toBe(fadesTo);
    expect(at(13, 6)).toBe(fadesTo);
    expect(at(16, 6)).toBe(0);
  });

  it('follows its slope: rows of the stroke fall from the first to the last column', () => {
    const stroke = zigzag(BLANK, randomKey(seedOf(12, 4)));
    const meanRow = (from: number, to: number) => {
      let mass = 0;
      let moment = 0;
      for (let row = 0; row < SIDE; row++) {
        for (let column = from; column < to; column++) {
          mass += stroke[row * SIDE + column]!;
          moment += row * stroke[row * SIDE + column]!;
        }
      }
      return moment / mass;
    };
    expect(meanRow(14, 25) - meanRow(2, 13)).toBeGreaterThan(1);
  });
});

describe('dottedLine', () => {
  it('is lit in columns 2, 3, 6, 7, … only', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const stroke = dottedLine(BLANK, randomKey(seed));
        const lit = Array.from({ length: SIDE }, (_, column) =>
          Array.from({ length: SIDE }, (_, row) => stroke[row * SIDE + column]!).some((value) => value > 0),
        );
        expect(lit).toEqual(Array.from({ length: SIDE }, (_, column) => column % 4 >= 2 && column < 27));
      }),
    );
  });
});
