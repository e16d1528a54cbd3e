import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { InputShape } from '../../src/models/blocks.ts';
import {
  patchDiscriminatorSides,
  PUBLISHED_GENERATOR_SIDES,
  RESNET_GENERATOR_SIDES,
  SMALL_CNN_SIDES,
  type ImageSides,
} from '../../src/models/image-sizes.ts';
import type { Network } from '../../src/models/network.ts';
import { patchDiscriminator } from '../../src/models/patch-discriminator.ts';
import { publishedGenerator } from '../../src/models/published.ts';
import { resnetGenerator } from '../../src/models/resnet-generator.ts';
import { resnet50 } from '../../src/models/resnet50.ts';
import { multilayerPerceptron, smallCnn } from '../../src/models/small-classifiers.ts';
import { unetGenerator } from '../../src/models/unet-generator.ts';
import { useBackend } from '../support/backend.ts';

beforeAll(() => useBackend('wasm'));

afterEach(() => expect(tf.memory().numTensors).toBe(0));

const seed = Number(process.env['SEED'] ?? 20);

const width = 1 / 512;

/** What is left of a side after layer upon layer; null where a layer cannot be. Written from the papers' tables. */
const sideAfter = {
  smallCnn: (side: number) => {
    const stage = (each: number): number => Math.floor((each - 2) / 2);
    const left = stage(stage(side));
    return left >= 1 ? left : null;
  },
  discriminator: (side: number, convolutions: number) => {
    let left = side;
    for (let i = 1; i < convolutions; i++) left = Math.ceil(left / 2);
    const shrunk = left + 2 - 3;
    const patches = shrunk + 2 - 3;
    return shrunk >= 1 && patches >= 1 ? patches : null;
  },
  resnetGenerator: (side: number) => {
    const quarter = Math.ceil(Math.ceil(side / 2) / 2);
    return side > 3 && quarter > 1 ? 4 * quarter : null;
  },
};

describe('the rules are what the layers leave, side by side up to 600', () => {
  const sides = Array.from({ length: 600 }, (_, i) => i + 1);
  const taken = (rule: ImageSides): readonly number[] => sides.filter(rule.takes);

  it('of the small CNN', () => {
    expect(taken(SMALL_CNN_SIDES)).toEqual(sides.filter((side) => sideAfter.smallCnn(side) !== null));
  });
  it.each([2, 3, 4, 5, 6, 7, 8, 9])('of discriminators of %d convolutions', (convolutions) => {
    expect(taken(patchDiscriminatorSides(convolutions))).toEqual(
      sides.filter((side) => sideAfter.discriminator(side, convolutions) !== null),
    );
  });
  it('of the residual generator, which gives back the size that it gets', () => {
    expect(taken(RESNET_GENERATOR_SIDES)).toEqual(
      sides.filter((side) => sideAfter.resnetGenerator(side) === side),
    );
  });
  it('of the published generators, of which the largest is padded to 256', () => {
    expect(taken(PUBLISHED_GENERATOR_SIDES)).toEqual(sides.slice(0, 256));
  });
});

/** Builds a network and runs an image through it: the shape that comes out, or null if it is refused. */
function built(build: (shape: InputShape) => Network, shape: InputShape): readonly number[] | null {
  let network: Network;
  try {
    network = build(shape);
  } catch (error) {
    expect(error).toBeInstanceOf(RangeError);
    expect((error as Error).message).toContain(`received [${shape.join(', ')}]`);
    return null;
  }
  const images = tf.ones([1, ...shape]);
  const { output } = network.forward(images, { mode: 'infer' });
  tf.dispose([images, output]);
  network.model.dispose();
  return output.shape.slice(1);
}

describe('builders take the sizes of the rules and no others', () => {
  const size = fc.tuple(fc.integer({ min: 1, max: 70 }), fc.integer({ min: 1, max: 70 }));
  /** Sizes at the borders of the rules are tried in any case. */
  const edges: [[number, number]][] = [
    [1, 1],
    [4, 5],
    [5, 5],
    [8, 9],
    [9, 9],
    [9, 10],
    [10, 9],
    [10, 10],
    [8, 12],
    [30, 21],
    [16, 17],
    [17, 17],
    [17, 16],
    [28, 28],
  ].map(([height, columns]) => [[height!, columns!]]);
  const any: ImageSides = { expected: 'any', takes: () => true };
  const same = ([height, columns]: InputShape): readonly number[] => [height, columns, 1];
  const logits = (): readonly number[] => [2];
  const patches =
    (convolutions: number) =>
    ([height, columns]: InputShape): readonly (number | null)[] => [
      sideAfter.discriminator(height, convolutions),
      sideAfter.discriminator(columns, convolutions),
      1,
    ];

  it.each<
    [
      string,
      ImageSides,
      (inputShape: InputShape) => Network,
      (shape: InputShape) => readonly (number | null)[],
    ]
  >([
    ['small CNN', SMALL_CNN_SIDES, (inputShape) => smallCnn({ inputShape, classes: 2, width }), logits],
    [
      'perceptron',
      any,
      (inputShape) => multilayerPerceptron({ inputShape, classes: 2, hidden: [1] }),
      logits,
    ],
    [
      'discriminator of 2',
      patchDiscriminatorSides(2),
      (inputShape) => patchDiscriminator({ inputShape, filters: [1, 1] }),
      patches(2),
    ],
    [
      'discriminator of 4',
      patchDiscriminatorSides(4),
      (inputShape) => patchDiscriminator({ inputShape, width }),
      patches(4),
    ],
    [
      'residual generator',
      RESNET_GENERATOR_SIDES,
      (inputShape) => resnetGenerator({ inputShape, blocks: 1, width }),
      same,
    ],
    ['U-Net', any, (inputShape) => unetGenerator({ inputShape, filters: [1, 1, 1] }), same],
  ])('%s', (_, { takes }, build, expected) => {
    fc.assert(
      fc.property(size, ([height, columns]) => {
        const shape: InputShape = [height, columns, 1];
        expect(built(build, shape)).toEqual(takes(height) && takes(columns) ? expected(shape) : null);
      }),
      { numRuns: 60, seed, examples: edges },
    );
  });

  it.each(['pre-activation', 'post-activation'] as const)('ResNet-50, %s: any', (variant) => {
    const build = (inputShape: InputShape): Network => resnet50({ inputShape, classes: 2, width, variant });
    for (const shape of [
      [1, 1, 1],
      [2, 3, 1],
      [7, 40, 1],
    ] as const)
      expect(built(build, shape)).toEqual([2]);
  });

  it('published generators: up to 256', () => {
    const build = (shape: InputShape): Network => publishedGenerator(shape, { width });
    for (const shape of [
      [1, 3, 1],
      [28, 27, 1],
      [129, 5, 1],
      [256, 200, 1],
    ] as const)
      expect(built(build, shape)).toEqual(shape);
    expect(built(build, [257, 3, 1])).toBeNull();
    expect(built(build, [3, 300, 1])).toBeNull();
  });
});

it.each(['pre-activation', 'post-activation'] as const)(
  'batch normalisation of one image of 32×32 leaves nothing of it in a ResNet-50 (%s), of 33×33 something',
  (variant) => {
    const spread = (side: number): number => {
      const network = resnet50({ inputShape: [side, side, 1], classes: 2, width: 1 / 16, variant });
      const logits = [1, 2].map((which) =>
        tf.tidy(() => {
          const images = tf.randomUniform([1, side, side, 1], 0, 1, 'float32', which);
          return network.forward(images, { mode: 'train' }).output.dataSync();
        }),
      );
      network.model.dispose();
      return Math.max(...logits[0]!.map((value, i) => Math.abs(value - logits[1]![i]!)));
    };
    expect(spread(32)).toBe(0);
    expect(spread(33)).toBeGreaterThan(1e-3);
  },
);
