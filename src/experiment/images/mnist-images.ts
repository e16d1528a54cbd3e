/** MNIST and MNIST-Correlation as the images of an experiment: small enough to be held in memory. */
import { either as E } from 'fp-ts';
import type { DataSettings } from '../../config/schema/data-settings.ts';
import { mnistCorrelationCounts } from '../../config/schema/groups-of-data.ts';
import { dottedLine, zigzag } from '../../data/corruptions.ts';
import type { DataError } from '../../data/data-error.ts';
import {
  describeDataset,
  type Dataset,
  type DatasetExample,
  type LabelledEntry,
  type SplitName,
} from '../../data/dataset.ts';
import {
  mnistCorrelation,
  type ImageForm,
  type MnistCorrelation,
} from '../../data/mnist-correlation-images.ts';
import type { MnistCorrelationPart } from '../../data/mnist-correlation.ts';
import { MNIST_PIXELS, MNIST_SIDE, type Mnist } from '../../data/mnist.ts';
import { wholeShare } from '../../data/whole-share.ts';
import { foldKey, randomKey } from '../../random/random.ts';
import { readMnist } from '../../streams/mnist-files.ts';
import { mnistFingerprint, once } from './fingerprints.ts';
import type { ExperimentImages, ImageReference } from './experiment-images.ts';

type CorrelationSettings = Extract<DataSettings, { readonly kind: 'mnist-correlation' }>;
type DigitSettings = Extract<DataSettings, { readonly kind: 'mnist' }>;

/** An image that is held in memory: its grey values, `[784]`, made when they are asked for. */
interface MemoryImage {
  readonly pixels: () => Uint8Array;
}

const inMemory = (
  { name, classes, subgroups, table }: Omit<Dataset<MemoryImage>, 'splits'>,
  examples: (split: SplitName) => readonly DatasetExample<MemoryImage>[],
): ExperimentImages => {
  const made = new Map<SplitName, readonly DatasetExample<MemoryImage>[]>();
  return {
    name,
    table,
    classes,
    subgroups,
    shape: [MNIST_SIDE, MNIST_SIDE, 1],
    examples(split) {
      const known = made.get(split) ?? examples(split);
      made.set(split, known);
      return known;
    },
    load: (image: ImageReference) => Promise.resolve(E.right((image as MemoryImage).pixels())),
    close: () => Promise.resolve(),
  };
};

function correlationExamples(
  { images }: MnistCorrelation,
  name: MnistCorrelationPart,
  split: SplitName,
  label: 'y' | 'z',
  form?: ImageForm,
): readonly DatasetExample<MemoryImage>[] {
  const part = images(name, form);
  return Array.from(part.labels, (y, i) => {
    const [group, pixels] = [part.groups[i]!, part.images.subarray(i * MNIST_PIXELS, (i + 1) * MNIST_PIXELS)];
    const subgroup = group % 2;
    return { image: { pixels: () => pixels }, label: label === 'y' ? y : subgroup, subgroup, group, split };
  });
}

/**
 * MNIST-Correlation as an experiment sets it. Without a share for validation, the test images are those of validation.
 *
 * @param mnist The digits.
 * @param settings Sizes, splits, what is learnt.
 */
export function correlationImages(
  mnist: Mnist,
  settings: CorrelationSettings,
): E.Either<DataError, ExperimentImages> {
  const { corruption, corruptionSeed, drawSeed, validationFraction, splits, testImages, label, sizes } =
    settings;
  const { training, validation } = mnistCorrelationCounts(settings);
  const gate = sizes.kind === 'parts' ? sizes.gate : { training: 0, heldOut: 0 };
  const made = mnistCorrelation({
    mnist,
    seed: corruptionSeed,
    drawSeed,
    corruption,
    splits,
    validationFraction,
    trainingCounts: training,
    validationCounts: validation,
    ...(testImages !== null && { testCounts: [testImages, testImages, testImages, testImages] as const }),
    // Images of stage 1 are training images, or in published splits taken apart.
    stage1Counts: [0, 0, 0, 0],
    gateTrainingCount: gate.training,
    gateHeldOutCount: gate.heldOut,
  });
  const subgroups = ['clean', corruption];
  const partOf = (split: SplitName) =>
    split === 'validation' && validationFraction === 0 && sizes.kind !== 'parts' ? 'test' : split;
  return E.Functor.map(made, (data) => {
    const digits = inMemory(
      {
        name: 'MNIST-Correlation',
        table: data.description.table,
        classes: label === 'y' ? ['even', 'odd'] : subgroups,
        subgroups,
      },
      (split) => correlationExamples(data, partOf(split), split, label),
    );
    const known = new Map<string, readonly DatasetExample<MemoryImage>[]>();
    const once = (name: MnistCorrelationPart, split: SplitName, form: ImageForm) => {
      const made = known.get(`${name} ${form}`) ?? correlationExamples(data, name, split, label, form);
      known.set(`${name} ${form}`, made);
      return made;
    };
    const formOf = (split: SplitName, form: ImageForm) =>
      once(partOf(split), split, form).map(({ image }) => image);
    return {
      ...digits,
      counterparts: (split) => ({
        toSource: formOf(split, 'clean'),
        toTarget: formOf(split, 'corrupted'),
      }),
      ...(sizes.kind === 'parts' && {
        gate: (part) => once(part === 'training' ? 'gateTrain' : 'gateHeldOut', 'validation', 'own'),
      }),
    };
  });
}

const CORRUPTIONS = { zigzag, dottedLine } as const;

/** Every digit of a stretch of a split, and with a corruption every one again, corrupted. */
function digitEntries(
  mnist: Mnist,
  source: 'train' | 'test',
  [start, end]: readonly [number, number],
  split: SplitName,
  { corruption, corruptionSeed }: DigitSettings,
): readonly LabelledEntry<MemoryImage>[] {
  const { images, labels } = mnist[source];
  const clean = (index: number) => images.subarray(index * MNIST_PIXELS, (index + 1) * MNIST_PIXELS);
  const entries = (subgroup: number, pixels: (index: number) => Uint8Array) =>
    Array.from({ length: end - start }, (_, i) => ({
      image: { pixels: () => pixels(start + i) },
      label: labels[start + i]!,
      subgroup,
      split,
    }));
  if (corruption === 'none') return entries(0, clean);
  const key = foldKey(randomKey(corruptionSeed), corruption, source);
  const corrupted = (index: number) => CORRUPTIONS[corruption](clean(index), foldKey(key, index));
  return [...entries(0, clean), ...entries(1, corrupted)];
}

/**
 * MNIST's digits as an experiment sets them: ten classes, and a corrupted copy of every image as subgroup 1 on request.
 *
 * @param mnist The digits.
 * @param settings Corruption, share of validation, limits.
 */
export function digitImages(mnist: Mnist, settings: DigitSettings): E.Either<DataError, ExperimentImages> {
  const { corruption, validationFraction, limits } = settings;
  const [count, testCount] = [mnist.train.labels.length, mnist.test.labels.length];
  const boundary = count - wholeShare(count, validationFraction);
  const described = describeDataset({
    name: 'MNIST',
    classes: Array.from({ length: 10 }, (_, digit) => String(digit)),
    subgroups: corruption === 'none' ? ['clean'] : ['clean', corruption],
    entries: [
      ...digitEntries(mnist, 'train', [0, boundary], 'train', settings),
      ...(validationFraction === 0
        ? digitEntries(mnist, 'test', [0, testCount], 'validation', settings)
        : digitEntries(mnist, 'train', [boundary, count], 'validation', settings)),
      ...digitEntries(mnist, 'test', [0, testCount], 'test', settings),
    ],
    limits,
  });
  return E.Functor.map(described, ({ splits, ...dataset }) => inMemory(dataset, (split) => splits[split]));
}

/** Reads MNIST and makes of it what an experiment asks for. */
export const mnistImages = async (
  settings: CorrelationSettings | DigitSettings,
): Promise<E.Either<DataError, ExperimentImages>> =>
  E.Monad.chain(await readMnist(settings.root), (mnist) =>
    E.Functor.map(
      settings.kind === 'mnist' ? digitImages(mnist, settings) : correlationImages(mnist, settings),
      (images) => ({ ...images, fingerprint: once(() => Promise.resolve(mnistFingerprint(mnist))) }),
    ),
  );
