import { either as E } from 'fp-ts';
import { describe, expect, it } from 'vitest';
import { mnistCorrelationCounts } from '../../src/config/schema/groups-of-data.ts';
import { describeMnistCorrelation } from '../../src/data/mnist-correlation.ts';
import {
  mnistCorrelationEntries,
  parseMnistCorrelationName,
} from '../../src/data/mnist-correlation-names.ts';
import { wholeShare } from '../../src/data/whole-share.ts';
import { digitImages } from '../../src/experiment/images/mnist-images.ts';

/** All decimals of up to three places in [0, 1], as they are written. */
const SHARES = Array.from({ length: 1001 }, (_, thousandths) => ({
  thousandths,
  share: Number(
    `${(thousandths - (thousandths % 1000)) / 1000}.${String(thousandths % 1000).padStart(3, '0')}`,
  ),
}));

const inIntegers = (count: number, thousandths: number): number =>
  Number((BigInt(count) * BigInt(thousandths)) / 1000n);

function right<A>(result: E.Either<unknown, A>): A {
  if (E.isLeft(result)) throw new Error(JSON.stringify(result.left));
  return result.right;
}

describe('a whole share', () => {
  it.each([0, 1, 7, 99, 100, 1000, 5000, 19_999, 20_000, 60_000, 202_599, 10 ** 9 + 7, 10 ** 12 - 1])(
    'of %i is what integers give, for every decimal of three places',
    (count) => {
      for (const { share, thousandths } of SHARES) {
        expect(wholeShare(count, share), `${share}`).toBe(inIntegers(count, thousandths));
      }
    },
  );

  it('of other numbers is rounded down', () => {
    expect([wholeShare(60_000, 1 / 3), wholeShare(100, Math.SQRT1_2), wholeShare(10, 0.2999)]).toEqual([
      20_000, 70, 2,
    ]);
  });
});

describe('of digits', () => {
  const digits = { train: Uint8Array.from({ length: 1000 }, (_, i) => i % 10), test: new Uint8Array(10) };
  const hundredths = SHARES.filter(({ thousandths }) => thousandths % 10 === 0 && thousandths < 1000);

  it('every two-decimal share leaves to training what integers leave', () => {
    const none = [0, 0, 0, 0] as const;
    for (const { share, thousandths } of hundredths) {
      const [training, validation] = [1000 - thousandths, thousandths];
      const described = describeMnistCorrelation(digits, {
        validationFraction: share,
        trainingCounts: [training / 2, 0, 0, training / 2],
        validationCounts: [validation / 2, 0, 0, validation / 2],
        testCounts: none,
        stage1Counts: none,
        gateTrainingCount: 0,
        gateHeldOutCount: 0,
      });
      expect(right(described).parts.train.indices, `${share}`).toHaveLength(training);
    }
  });

  it('an experiment with 0.8 for validation trains on 12,000 of 60,000, and so on', () => {
    const trained = (count: number, validationFraction: number): number => {
      const split = (length: number) => ({
        images: new Uint8Array(0),
        labels: Uint8Array.from({ length }, (_, i) => i % 10),
      });
      const images = digitImages(
        { train: split(count), test: split(10) },
        {
          kind: 'mnist',
          root: '',
          corruption: 'none',
          corruptionSeed: 0,
          validationFraction,
          limits: {},
        },
      );
      return right(images).examples('train').length;
    };
    expect(trained(60_000, 0.8)).toBe(12_000);
    for (const { share, thousandths } of hundredths.filter(({ share }) => share <= 0.9)) {
      expect(trained(1000, share), `${share}`).toBe(1000 - thousandths);
    }
  });

  it('the settings and the published names count as integers do', () => {
    const labels = { train: Uint8Array.from({ length: 2000 }, (_, i) => i % 2), test: digits.test };
    for (const { share, thousandths } of hundredths) {
      const { training, validation } = mnistCorrelationCounts({
        sizes: { kind: 'correlation', probability: share, images: 2000 },
        validationFraction: share,
      });
      const aligned = inIntegers(1000, thousandths);
      const sizes = [aligned, 1000 - aligned, 1000 - aligned, aligned];
      const ofValidation = sizes.map((size) => inIntegers(size, thousandths));
      expect(validation, `${share}`).toEqual(ofValidation);
      expect(training).toEqual(sizes.map((size, group) => size - ofValidation[group]!));

      const name = right(parseMnistCorrelationName(`mnist_correlation/zigzag/${share}/2000/y`));
      expect(name.cells.map(({ size }) => size)).toEqual([aligned, 1000 - aligned, aligned, 1000 - aligned]);
      const all = { ...name, cells: [{ y: 0, z: 0, size: 1000, testSize: 0 }] };
      const entries = right(mnistCorrelationEntries(all, labels, share));
      expect(entries.filter(({ split }) => split === 'validation')).toHaveLength(
        inIntegers(1000, thousandths),
      );
    }
  });
});
