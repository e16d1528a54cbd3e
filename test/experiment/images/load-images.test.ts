import { either as E } from 'fp-ts';
import { expect, it } from 'vitest';
import type { DataError } from '../../../src/data/data-error.ts';
import { loadExamples } from '../../../src/experiment/images/load-images.ts';

const EXAMPLES = [0, 0, 1].map((group, place) => ({
  image: { place },
  group,
  label: group,
  subgroup: 0,
  split: 'train' as const,
}));
const shape = [1, 1, 1] as const;
const without = (...damaged: readonly number[]) => ({
  shape,
  load: (image: object) => {
    const { place } = image as { readonly place: number };
    return Promise.resolve<E.Either<DataError, Uint8Array>>(
      damaged.includes(place)
        ? E.left({ where: `image ${place}`, expected: 'an image', found: 'none', cure: 'copy it' })
        : E.right(Uint8Array.of(place)),
    );
  },
});

it('images are loaded in their order, without damaged ones, which are added to those that are known', async () => {
  const skipped = new Map<string, DataError>();
  const { images, labels } = await loadExamples(without(0), EXAMPLES, 1, skipped);
  expect([...images.pixels, ...labels]).toEqual([1, 2, 0, 1]);
  expect([...skipped.keys()]).toEqual(['image 0']);
});

it('a group of which no image is whole is an error that names one of them, not one of another group', () =>
  expect(loadExamples(without(0, 2), EXAMPLES, 2, new Map())).rejects.toThrow(
    /^image 2: .*every image of its group is damaged/,
  ));
