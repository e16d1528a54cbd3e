import { either as E } from 'fp-ts';
import fc from 'fast-check';
import * as t from 'io-ts';
import { expect, it } from 'vitest';
import {
  experimentFromTexts,
  printExperiment,
  StageOneCodec,
  StageTwoCodec,
} from '../../../src/config/index.ts';
import { descriptionOf, type Settings } from '../../../src/config/schema/section.ts';

/** Values of many kinds, of which a setting takes those that its codec decodes. */
const CANDIDATES = [
  { steps: 7 },
  { epochs: 2 },
  ...[
    null,
    true,
    false,
    0,
    1,
    2,
    3,
    5,
    16,
    50,
    64,
    128,
    0.1,
    0.25,
    0.5,
    1e-7,
    250_000,
    'text',
    'all',
    '${ROOT_2/x',
    '${R}/a b',
    'x: y',
  ],
  ...[
    '#',
    '- a',
    'yes',
    '0x1',
    '~',
    "it's",
    'a"b',
    [],
    [0],
    [1, 2],
    [0.1],
    ['a', 'no', '1'],
    ['test'],
    ['test', 'validation'],
    ['validation', 'test'],
    ['test'],
    { y0z1: 7 },
    { y1z1: 1, y0z0: 2 },
  ],
];

function arbitrary(codec: t.Mixed): fc.Arbitrary<unknown> {
  const description = descriptionOf(codec);
  const fields = (settings: Settings, kind?: string): fc.Arbitrary<unknown> => {
    const parts: Record<string, fc.Arbitrary<unknown>> = Object.fromEntries(
      Object.entries(settings).map(([key, each]) => [key, arbitrary(each.codec)]),
    );
    const needed = Object.keys(settings).filter((key) => settings[key]!.required);
    if (kind !== undefined) parts['kind'] = fc.constant(kind);
    return fc.record(parts, { requiredKeys: kind === undefined ? needed : [...needed, 'kind'] });
  };
  if (description?.of === 'section') return fields(description.settings);
  if (description?.of === 'variants') {
    return fc.oneof(
      ...Object.entries(description.variants).map(([kind, settings]) => fields(settings, kind)),
    );
  }
  if (description?.of === 'list' && descriptionOf(description.item) !== undefined) {
    return fc.array(arbitrary(description.item), { maxLength: 2 });
  }
  const names = /^one of /.test(codec.name)
    ? Array.from(codec.name.matchAll(/"([^"]+)"/g), ([, name]) => name)
    : [];
  const literal = codec instanceof t.LiteralType ? [codec.value as unknown] : [];
  const taken = [...CANDIDATES, ...names, ...literal].filter((value) => E.isRight(codec.decode(value)));
  if (taken.length === 0) throw new Error(`no candidate for ${codec.name}`);
  return fc.constantFrom(...taken);
}

it.each([
  ['stage-1', StageOneCodec],
  ['stage-2', StageTwoCodec],
] as const)('an experiment of %s is printed so that it reads back as itself', async (_, codec) => {
  let right = 0;
  await fc.assert(
    fc.asyncProperty(arbitrary(codec), async (value) => {
      // JSON is YAML.
      const loaded = await experimentFromTexts('a.yaml', { 'a.yaml': JSON.stringify(value) });
      // Faults between settings are not avoided here; every setting for itself is right.
      if (E.isLeft(loaded)) {
        expect(loaded.left.map(({ expected }) => expected).join()).toMatch(
          /classes from|one source|subgroup|group from|multiple of|rates, one|increasing|batchSize, |one image of each|images of (at|\d)|two classes|a square|a share|of which the translated|two or more numbers|at most \d+ rates|at least 2|as the images have no three channels|false w(ith|here)|where training.scarce is mixed|never w(ithout|here)|1 with the penalty|false without moving averages|0 with generator.residual|0 beside residual|less than \d+|realInputs|one of each class/,
        );
        return;
      }
      right += 1;
      const printed = printExperiment(loaded.right.experiment);
      const again = await experimentFromTexts('a.yaml', { 'a.yaml': printed });
      if (E.isLeft(again)) throw new Error(JSON.stringify(again.left));
      expect(again.right.experiment).toEqual(loaded.right.experiment);
      expect(printExperiment(again.right.experiment)).toBe(printed);
    }),
    { numRuns: 2000, seed: 5 },
  );
  expect(right).toBeGreaterThan(20);
});
