import { expect, it } from 'vitest';
import { groupTable } from '../src/groups.ts';
import { trainedGroups } from '../src/trained-groups.ts';

it('the groups that are trained on keep their order, names, classes and counts', () => {
  const whole = groupTable(['a', 'b', 'c', 'd'], [0, 7, 0, 2], [0, 1, 1, 3]);
  expect(trainedGroups(whole)).toEqual({
    table: { names: ['b', 'd'], classOf: [1, 3], trainingCounts: [7, 2] },
    indexOf: [-1, 0, -1, 1],
  });
  const all = groupTable(['a', 'b'], [1, 2], [0, 1]);
  expect(trainedGroups(all)).toEqual({ table: all, indexOf: [0, 1] });
});

it('a table without trained groups is refused', () => {
  expect(() => trainedGroups(groupTable(['a', 'b'], [0, 0]))).toThrow(
    'table.trainingCounts: expected a group with training examples, received 0, 0',
  );
});
