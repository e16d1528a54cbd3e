import { expect, it } from 'vitest';
import { growth, slope, type Sample } from './flatness.ts';

const flat = (change: (i: number) => Partial<Sample> = () => ({})): readonly Sample[] =>
  Array.from({ length: 12 }, (_, i) => ({
    step: 1000 * i,
    resident: 300 + (i % 3),
    handles: 20,
    tensors: 77,
    log: 150_000 * i,
    ...change(i),
  }));

it('the slope is that of a line, and of least squares', () => {
  expect(
    slope([
      [0, 1],
      [1, 3],
      [2, 5],
    ]),
  ).toBeCloseTo(2, 12);
  // By hand: x mean 1, y mean 2; Σ(x−1)(y−2) = 2, Σ(x−1)² = 2.
  expect(
    slope([
      [0, 0],
      [1, 4],
      [2, 2],
    ]),
  ).toBeCloseTo(1, 12);
});

it('nothing grows in a flat run, nor in the first quarter', () => {
  expect(growth(flat())).toEqual([]);
  expect(growth(flat((i) => (i < 3 ? { resident: 100 * i, tensors: i, handles: i } : {})))).toEqual([]);
});

it.each<readonly [Partial<Record<keyof Sample, (i: number) => number>>, string]>([
  [{ resident: (i) => 300 + 4 * i }, 'resident memory rises by 32.0 MiB in 8000 steps'],
  [{ tensors: (i) => 77 + Number(i === 11) }, 'the number of tensors differs by 1'],
  [{ handles: (i) => 20 + i }, 'the number of open files differs by 8'],
  [{ log: (i) => 10_000 * i * i }, 'the log has 1.533 times the bytes a step in the second half'],
])('what grows is told: %o', (of, line) => {
  const grown = flat((i) => Object.fromEntries(Object.entries(of).map(([name, at]) => [name, at(i)])));
  expect(growth(grown)).toEqual([line]);
});
