import { either as E } from 'fp-ts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DataError } from '../../src/data/data-error.ts';
import type { DatasetExample } from '../../src/data/dataset.ts';
import { groupBatches } from '../../src/group-batches.ts';
import {
  openBatchStream,
  storedOrder,
  type BatchStreamOptions,
  type LoadPixels,
} from '../../src/streams/batch-stream.ts';
import { ProgramError } from '../../src/system/program.ts';

/** Example i is of class ⌊i/5⌋ and holds the pixel value i. */
const EXAMPLES: readonly DatasetExample<number>[] = Array.from({ length: 15 }, (_, i) => ({
  image: i,
  label: Math.floor(i / 5),
  subgroup: 0,
  group: Math.floor(i / 5),
  split: 'train',
}));
const GROUPS = EXAMPLES.map(({ group }) => group);

const fault = (image: number): DataError => ({
  where: `image ${image}`,
  expected: 'a JPEG image',
  found: 'none',
  cure: 'copy it again',
});

const loadAll: LoadPixels<number> = (image) => Promise.resolve(E.right(Uint8Array.of(image)));
const without =
  (...damaged: readonly number[]): LoadPixels<number> =>
  (image) =>
    Promise.resolve(damaged.includes(image) ? E.left(fault(image)) : E.right(Uint8Array.of(image)));

const stream = (options: Partial<BatchStreamOptions<number>> = {}) =>
  openBatchStream({
    examples: EXAMPLES,
    shape: [1, 1, 1],
    indicesAt: groupBatches(GROUPS, { batchSize: 6, seed: 3 }),
    load: loadAll,
    ...options,
  });

describe('a stream of batches', () => {
  it('gives each step the examples that its number says, with labels and groups', async () => {
    const { batch } = stream();
    for (const step of [0, 1, 2, 3, 11, 4]) {
      const indices = groupBatches(GROUPS, { batchSize: 6, seed: 3 })(step);
      const given = await batch(step);
      expect([...given.indices]).toEqual([...indices]);
      expect([...given.images.pixels]).toEqual([...indices]);
      expect(given.images.shape).toEqual([6, 1, 1, 1]);
      expect([...given.labels]).toEqual([0, 0, 1, 1, 2, 2]);
      expect([...given.groups]).toEqual([0, 0, 1, 1, 2, 2]);
    }
  });

  it('gives the same order wherever it is entered', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(500), fc.integer({ min: 0, max: 4 }), async (step, prefetch) => {
        const resumed = stream({ prefetch, load: without(3, 8), skipDamaged: 2 });
        const whole = stream({ load: without(3, 8), skipDamaged: 2 });
        await whole.batch(Math.max(0, step - 1));
        expect([...(await resumed.batch(step)).indices]).toEqual([...(await whole.batch(step)).indices]);
      }),
      { seed: 5, numRuns: 50 },
    );
  });

  it('pairs every original with its own translations', async () => {
    const pictures = (offset: number) => EXAMPLES.map((_, i) => 100 * offset + i);
    const { batch } = stream({ translations: [pictures(1), pictures(2)] });
    const { indices, translations } = await batch(4);
    expect(translations.map(({ pixels }) => [...pixels])).toEqual([
      Array.from(indices, (i) => 100 + i),
      Array.from(indices, (i) => 200 + i),
    ]);
  });

  it('loads ahead of the step, as far as it was told and never past the last step', async () => {
    const loads: number[] = [];
    const load: LoadPixels<number> = (image) => {
      loads.push(image);
      return loadAll(image);
    };
    const { batch } = stream({ load, prefetch: 2, steps: 4, indicesAt: (step) => [step] });
    await batch(0);
    expect(loads).toEqual([0, 1, 2]);
    await batch(1);
    await batch(2);
    await batch(3);
    expect(loads).toEqual([0, 1, 2, 3]);
    await expect(batch(4)).rejects.toThrow('[0, 4)');
    expect(() => stream({ prefetch: -1 })).toThrow('prefetch');
  });

  it('covers the stored order once', async () => {
    const { steps, indicesAt } = storedOrder(15, 4);
    const { batch } = stream({ steps, indicesAt });
    const seen: number[] = [];
    for (let step = 0; step < steps; step++) seen.push(...(await batch(step)).indices);
    expect(seen).toEqual(EXAMPLES.map((_, i) => i));
  });
});

describe('damaged images', () => {
  it('are an error unless they may be skipped', async () => {
    const { batch } = stream({ load: without(2), indicesAt: () => [1, 2] });
    for (let attempt = 0; attempt < 2; attempt++) {
      await expect(batch(attempt)).rejects.toThrow(ProgramError);
      await expect(batch(attempt)).rejects.toThrow(/image 2: expected a JPEG image.*--skip-damaged N/);
    }
  });

  it('are replaced by the next of their group that is whole, the first after the last', async () => {
    const { batch, damaged } = stream({
      load: without(3, 4, 7),
      skipDamaged: 3,
      indicesAt: () => [2, 3, 4, 7, 14],
    });
    const { indices, images, labels } = await batch(0);
    expect([...indices]).toEqual([2, 0, 0, 8, 14]);
    expect([...images.pixels]).toEqual([2, 0, 0, 8, 14]);
    expect([...labels]).toEqual([0, 0, 0, 1, 2]);
    await batch(1);
    expect(
      damaged()
        .map(({ where }) => where)
        .sort(),
    ).toEqual(['image 3', 'image 4', 'image 7']);
  });

  it('are replaced together with their translations, and a damaged translation replaces its original', async () => {
    const { batch } = stream({
      load: without(103),
      skipDamaged: 1,
      translations: [EXAMPLES.map((_, i) => 100 + i)],
      indicesAt: () => [3],
    });
    const { indices, images, translations } = await batch(0);
    expect([...indices, ...images.pixels, ...translations[0]!.pixels]).toEqual([4, 4, 104]);
  });

  it('are left out of evaluation, so that no image counts twice', async () => {
    const { batch } = stream({
      load: without(1),
      skipDamaged: 1,
      damaged: 'omit',
      indicesAt: () => [0, 1, 2],
    });
    const { indices, images } = await batch(0);
    expect([...indices]).toEqual([0, 2]);
    expect(images.shape).toEqual([2, 1, 1, 1]);
  });

  it('may not be more than was said, and the others are named', async () => {
    const { batch, damaged } = stream({ load: without(1, 2), skipDamaged: 1, indicesAt: () => [1, 2] });
    await expect(batch(0)).rejects.toThrow(/image \d: .*--skip-damaged is 1; also image \d/);
    // That which ended the work was not skipped.
    expect(damaged()).toHaveLength(1);
  });

  it('that are a whole group are an error, not an endless search', async () => {
    const { batch } = stream({ load: without(0, 1, 2, 3, 4), skipDamaged: 9, indicesAt: () => [1] });
    await expect(batch(0)).rejects.toThrow('every image of its group is damaged');
  });
});

describe('a stream that fails or ends', () => {
  it('passes on what its loader fails with, at the step that needs it', async () => {
    const load: LoadPixels<number> = (image) =>
      image === 2 ? Promise.reject(new ProgramError('a decode worker died', 1)) : loadAll(image);
    const { batch } = stream({ load, indicesAt: (step) => [step] });
    await batch(0);
    await batch(1);
    await expect(batch(2)).rejects.toThrow('a decode worker died');
  });

  it('loads nothing further once it is closed', async () => {
    const opened = stream();
    await opened.batch(0);
    opened.close();
    await expect(opened.batch(1)).rejects.toThrow('closed');
  });

  it('refuses translations that are not aligned, and images of another size', async () => {
    expect(() => stream({ translations: [[1]] })).toThrow('translations[0]: expected 15');
    await expect(stream({ shape: [2, 1, 1] }).batch(0)).rejects.toThrow('expected 2 pixel values');
  });
});
