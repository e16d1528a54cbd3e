import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { describeDataset, SPLITS, type LabelledEntry } from '../../src/data/dataset.ts';
import { describeTable } from '../../src/data/table-dataset.ts';
import { counts, left, right } from './described.ts';

describe('groups', () => {
  const table = (rows: readonly string[]) => ['filename,split,y,z', ...rows].join('\n');

  it('are those that occur in any split, with a training count of 0 where there is no training image', () => {
    const dataset = right(
      describeTable(
        table(['a,test,2,0', 'b,train,0,1', 'c,val,1,1', 'd,train,1,0', 'e,train,0,1', 'f,test,0,1']),
      ),
    );
    expect(dataset.table).toEqual({
      names: ['(Y=0)(Z=1)', '(Y=1)(Z=0)', '(Y=1)(Z=1)', '(Y=2)(Z=0)'],
      classOf: [0, 1, 1, 2],
      trainingCounts: [2, 1, 0, 0],
    });
    expect(counts(dataset, 'test')).toEqual([1, 0, 0, 1]);
    expect(counts(dataset, 'validation')).toEqual([0, 0, 1, 0]);
  });

  it('may all be of one class', () => {
    const dataset = right(
      describeTable(table(['a,train,0,0', 'b,train,0,1']), { classes: ['cat', 'dog'], required: ['train'] }),
    );
    expect(dataset.table).toEqual({
      names: ['(Y=0)(Z=0)', '(Y=0)(Z=1)'],
      classOf: [0, 0],
      trainingCounts: [1, 1],
    });
  });
});

describe('any data set', () => {
  it('holds every entry once, in the groups that occur, each with its number of training images', () => {
    const entry = fc.record({
      label: fc.nat(2),
      subgroup: fc.nat(2),
      split: fc.constantFrom('train' as const, 'validation' as const, 'test' as const),
    });
    fc.assert(
      fc.property(fc.array(entry, { minLength: 1, maxLength: 40 }), (drawn) => {
        const entries = drawn.map((labels, image): LabelledEntry<number> => ({ ...labels, image }));
        const named = { name: 'n', classes: ['a', 'b', 'c'], subgroups: ['d', 'e', 'f'], required: [] };
        const { table, splits } = right(describeDataset({ ...named, entries }));
        const nameOf = (image: number) => `(Y=${drawn[image]!.label})(Z=${drawn[image]!.subgroup})`;
        // With single digits the order of the names is the order of y, then z.
        const occurring = [...new Set(drawn.map((_, image) => nameOf(image)))].sort();
        expect(table.names).toEqual(occurring);
        expect(table.trainingCounts).toEqual(
          occurring.map(
            (name) => drawn.filter(({ split }, image) => split === 'train' && nameOf(image) === name).length,
          ),
        );
        const all = SPLITS.flatMap((split) => splits[split].map((example) => ({ ...example, held: split })));
        expect(all.map(({ image }) => image).sort((a, b) => a - b)).toEqual(drawn.map((_, i) => i));
        for (const { image, group, held, label, subgroup } of all) {
          expect(table.names[group]).toBe(nameOf(image));
          expect({ label, subgroup, split: held }).toEqual(drawn[image]);
        }
      }),
      { seed: 9, numRuns: 100 },
    );
  });

  it('refuses entries outside its names', () => {
    const entry = { image: 0, label: 2, subgroup: 0, split: 'train' } as const;
    const error = left(
      describeDataset({ name: 'n', classes: ['a', 'b'], subgroups: ['c'], entries: [entry] }),
    );
    expect(error).toMatchObject({ where: 'n, entry 0', found: '2 and 0' });
  });
});
