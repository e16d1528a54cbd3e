/** Streams a part of a large data set whose images are cheap to make, and prints the most memory that it took, in bytes. */
import { either as E } from 'fp-ts';
import { describeDataset, type LabelledEntry } from '../../src/data/dataset.ts';
import { groupBatches } from '../../src/group-batches.ts';
import { openBatchStream } from '../../src/streams/batch-stream.ts';

const count = Number(process.argv[2]);
const steps = Number(process.argv[3]);
const SHAPE = [64, 64, 3] as const;

const entries = Array.from({ length: count }, (_, i): LabelledEntry => ({
  image: { file: `img_align_celeba/${String(i).padStart(6, '0')}.jpg` },
  label: i & 1,
  subgroup: (i >> 1) & 1,
  split: 'train',
}));
const described = describeDataset({
  name: 'long',
  classes: ['a', 'b'],
  subgroups: ['c', 'd'],
  entries,
  required: ['train'],
});
if (E.isLeft(described)) throw new Error(described.left.found);
const examples = described.right.splits.train;
const images = examples.map(({ image }) => image);
const stream = openBatchStream({
  examples,
  translations: [images, images],
  shape: SHAPE,
  prefetch: 4,
  indicesAt: groupBatches(
    examples.map(({ group }) => group),
    { batchSize: 64, seed: 1 },
  ),
  load: async ({ file }) => {
    await new Promise((resolve) => setImmediate(resolve));
    return E.right(new Uint8Array(64 * 64 * 3).fill(file.charCodeAt(file.length - 5)));
  },
});
let most = 0;
for (let step = 0; step < steps; step++) {
  const { images: batch } = await stream.batch(step);
  if (batch.shape[0] !== 64) throw new Error('64 images expected');
  if (step % 50 === 0) most = Math.max(most, process.memoryUsage().rss);
}
stream.close();
console.log(JSON.stringify({ most: Math.max(most, process.memoryUsage().rss) }));
