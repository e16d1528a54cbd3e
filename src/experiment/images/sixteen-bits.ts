/**
 * Sixteen-bit images whose values use few of the bits, such as those of twelve-bit cameras, are nearly black when their
 * upper eight bits are taken. Which value is white can only be said for all images together, so it is a setting, and
 * where it is left out some images are looked at.
 */
import { either as E } from 'fp-ts';
import { SPLITS, type Dataset } from '../../data/dataset.ts';
import { largestSixteenBitValue } from '../../data/decode-image.ts';
import { imageBytesReader } from '../../streams/image-bytes.ts';
import { closing } from '../../system/closing.ts';

const WHITE = 65_535;
/** How many images are looked at, spread over all. */
const LOOKED_AT = 24;

/** Up to `count` of the items, evenly spread over all. */
function spread<A>(items: readonly A[], count: number): readonly A[] {
  const step = Math.max(1, items.length / count);
  return Array.from({ length: Math.min(items.length, count) }, (_, i) => items[Math.floor(i * step)]!);
}

/** The largest values of those images of a sample that have sixteen bits; damaged ones are left to whoever loads them. */
async function largestValues({ splits }: Pick<Dataset, 'splits'>): Promise<readonly number[]> {
  const images = spread(
    SPLITS.flatMap((split) => splits[split]),
    LOOKED_AT,
  );
  return closing(imageBytesReader(), async ({ read }) => {
    const values: number[] = [];
    for (const { image } of images) {
      const largest = E.Monad.chain(await read(image), (bytes) => largestSixteenBitValue(bytes));
      if (E.isRight(largest) && largest.right !== null) values.push(largest.right);
    }
    return values;
  });
}

/**
 * Warns of sixteen-bit images that use fewer bits, unless the settings say which value is white.
 *
 * @param dataset What is opened.
 * @param settings Those of its data.
 * @returns A line with the range that was found and the setting, or none.
 */
export async function sixteenBitNotices(
  dataset: Pick<Dataset, 'splits'>,
  settings: { readonly sixteenBitMaximum: number },
): Promise<readonly string[]> {
  if (settings.sixteenBitMaximum !== WHITE) return [];
  const values = await largestValues(dataset);
  const largest = Math.max(...values, 0);
  const bits = Math.max(1, Math.ceil(Math.log2(largest + 1)));
  if (values.length === 0 || bits >= 16) return [];
  const share = `${values.length} sixteen-bit images that were looked at have values from 0 to ${largest} of ${WHITE}`;
  return [
    `warning: ${share}; data.sixteenBitMaximum: ${2 ** bits - 1} makes the largest of ${bits} bits white`,
  ];
}
