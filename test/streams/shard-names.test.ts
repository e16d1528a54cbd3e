import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { endsAsShard, isByproduct, namesFault } from '../../src/streams/shard-names.ts';

const series = (count: number, name = 'a.tfrecord'): readonly string[] =>
  Array.from(
    { length: count },
    (_, i) => `${name}-${String(i).padStart(5, '0')}-of-${String(count).padStart(5, '0')}`,
  );

describe('a name', () => {
  it.each([
    'a.tfrec',
    'a.tfrecord',
    'a.TFRecords',
    'b/a.TFREC.GZ',
    'a.tfrecord-00000-of-00010',
    'a.tfrecord-00000-of-00010.gz',
    'a-00000-of-00010.tfrecord',
  ])('%s is that of a shard', (name) => {
    expect(endsAsShard(name)).toBe(true);
    expect(isByproduct(name)).toBe(false);
  });

  it.each(['a.tfrecord.txt', 'tfrecord', 'a.tfrecord-00000', 'a.tfrecord-info', 'a.gz'])(
    '%s is not that of a shard',
    (name) => expect(endsAsShard(name)).toBe(false),
  );

  it.each(['._a.tfrec', '__MACOSX/a.tfrec', 'b/__MACOSX/._a.tfrec', '.part/a.tfrec', '__MACOSX\\a.tfrec'])(
    '%s is one of what others leave behind',
    (name) => expect(isByproduct(name)).toBe(true),
  );
});

describe('a shard that is there twice', () => {
  it.each([
    [['a.tfrec', 'a.tfrec.gz'], 'a.tfrec and a.tfrec.gz'],
    [['a.tfrec', 'a.tfrecord'], 'a.tfrec and a.tfrecord'],
    [['a.TFREC', 'a.tfrec'], 'a.TFREC and a.tfrec'],
    [['00-4 (1).tfrec', '00-4.tfrec'], '00-4.tfrec and 00-4 (1).tfrec'],
    [['00-4 copy.tfrec', '00-4.tfrec.gz'], '00-4.tfrec.gz and 00-4 copy.tfrec'],
    [[...series(2), `${series(2)[1]!}.gz`], 'a.tfrecord-00001-of-00002 and a.tfrecord-00001-of-00002.gz'],
  ])('of %s is told', (names, found) => {
    expect(namesFault(names)).toEqual({ expected: 'every shard once', found, cure: 'remove one of them' });
  });

  it('is told where a set was written twice, in different numbers', () => {
    expect(namesFault([...series(2), ...series(3)])?.found).toBe('2 of 2 and 3 of 3');
  });

  it.each([
    [['photos (1).tfrec', 'photos (2).tfrec']],
    [['a/00-4.tfrec', 'b/00-4.tfrec']],
    [[...series(2), ...series(3, 'b.tfrecord')]],
  ])('is none of %s', (names) => expect(namesFault(names)).toBe(undefined));
});

describe('a set whose names say how many there are', () => {
  const without = (count: number, ...gone: readonly number[]) =>
    series(count).filter((_, i) => !gone.includes(i));

  it('is refused with the missing numbers', () => {
    expect(namesFault(without(10, 3, 9))).toEqual({
      expected: 'all 10 shards of a.tfrec, as their names say',
      found: '8; missing: 00003, 00009',
      cure: 'copy the missing shards there',
    });
    expect(namesFault(['b-00001-of-00002.tfrecord'])?.found).toBe('1; missing: 00000');
    expect(namesFault(['a.tfrecord-00000-of-99999'])?.found).toMatch(
      /^1; missing: 00001, .*, 00008 and 99990 more$/,
    );
  });

  it('may be numbered from 1, and is refused beyond its end', () => {
    expect(namesFault(['a-1-of-2.tfrec', 'a-2-of-2.tfrec'])).toBe(undefined);
    expect(namesFault(['a-0-of-2.tfrec', 'a-1-of-2.tfrec', 'a-2-of-2.tfrec'])?.found).toBe(
      'also the number 2',
    );
  });

  it('is whole exactly where nothing was taken away', () => {
    const sets = fc.record({
      count: fc.integer({ min: 2, max: 30 }),
      gone: fc.uniqueArray(fc.nat(29), { maxLength: 5 }),
    });
    fc.assert(
      fc.property(sets, ({ count, gone }) => {
        const missing = gone.filter((number) => number < count);
        const left = without(count, ...missing);
        const found = namesFault(left)?.found;
        if (left.length === 0 || missing.length === 0) expect(found).toBe(undefined);
        else for (const number of missing) expect(found).toContain(String(number).padStart(5, '0'));
      }),
      { seed: 4, numRuns: 200 },
    );
  });
});
