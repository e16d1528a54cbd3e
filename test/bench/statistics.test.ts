import { expect, it } from 'vitest';
import { quantile, roundRobin, timing } from './statistics.ts';

it('quantiles lie between the two nearest values', () => {
  expect(quantile([4, 1, 3, 2], 0.5)).toBe(2.5);
  expect(quantile([10, 20, 30, 40, 50], 0.25)).toBe(20);
  expect(quantile([7], 0.9)).toBe(7);
  expect(() => quantile([], 0.5)).toThrow('at least one');
});

it('a timing is the median with the distance of the quartiles, and one slow step does not move it', () => {
  expect(timing([1, 2, 3, 4, 1000])).toEqual({ milliseconds: 3, spread: 2 });
});

it('runners take turns in changing order, and the first rounds are not counted', async () => {
  const order: string[] = [];
  const runner = (name: string) => () => Promise.resolve(order.push(name));
  const rounds: number[] = [];
  const times = await roundRobin([runner('a'), runner('b')], { warmUp: 1, repeats: 9 }, (round) =>
    rounds.push(round),
  );
  const turns = order.join('').match(/../g)!;
  expect(new Set(turns)).toEqual(new Set(['ab', 'ba']));
  expect(rounds).toEqual(turns.map((_, round) => round));
  // a runner's time is here the number of runs so far
  for (const [i, name] of ['a', 'b'].entries())
    expect(times[i]).toEqual(turns.slice(1).map((turn, round) => 2 * (round + 1) + turn.indexOf(name) + 1));
});
