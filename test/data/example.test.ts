import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeExample,
  decodeLabelledImage,
  encodeExample,
  encodeLabelledImage,
  type ExampleFeature,
} from '../../src/data/example.ts';
import { decodeTfRecords } from '../../src/data/tfrecord.ts';
import { readFixture } from '../support/fixture.ts';

interface RecordsCase {
  readonly what: string;
  readonly base64?: string;
  readonly shards?: readonly { readonly base64: string; readonly examples: number }[];
  readonly labels?: readonly number[];
  readonly rows?: readonly Record<string, unknown>[];
}

const { cases } = readFixture<RecordsCase>('records');

function right<A>(result: { _tag: 'Left'; left: unknown } | { _tag: 'Right'; right: A }): A {
  if (result._tag === 'Left') throw new Error(JSON.stringify(result.left));
  return result.right;
}

const records = (base64: string) => right(decodeTfRecords(new Uint8Array(Buffer.from(base64, 'base64'))));

const features: fc.Arbitrary<ExampleFeature> = fc.oneof(
  fc.record({ kind: fc.constant('bytes' as const), values: fc.array(fc.uint8Array()) }),
  fc.record({
    kind: fc.constant('float' as const),
    values: fc.array(fc.float({ noNaN: true })),
  }),
  fc.record({
    kind: fc.constant('int64' as const),
    values: fc.array(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
  }),
  fc.record({ kind: fc.constant('none' as const) }),
);
const names = fc.string({ unit: 'grapheme' }).filter((name) => name !== '__proto__');

describe('tf.train.Example', () => {
  it('has the documented wire format', () => {
    // Example { features { feature { key: "a" value { int64_list { value: [-1] } } } } }, written by hand.
    const minusOne = [255, 255, 255, 255, 255, 255, 255, 255, 255, 1];
    const bytes = [10, 21, 10, 19, 10, 1, 97, 18, 14, 26, 12, 10, 10, ...minusOne];
    expect([...encodeExample({ a: { kind: 'int64', values: [-1n] } })]).toEqual(bytes);
    expect(right(decodeExample(Uint8Array.from(bytes)))).toEqual({ a: { kind: 'int64', values: [-1n] } });
  });

  it('round trip of any features, names and values', () => {
    fc.assert(
      fc.property(fc.dictionary(names, features, { noNullPrototype: true }), (example) => {
        expect(right(decodeExample(encodeExample(example)))).toEqual(example);
      }),
    );
  });

  it('refuses integers beyond 64 bits', () => {
    expect(() => encodeExample({ a: { kind: 'int64', values: [2n ** 63n] } })).toThrow();
  });

  it('gives an error, never an exception, on bytes that are no example', () => {
    expect(decodeExample(Uint8Array.of(10, 200, 1), 'record 7')).toMatchObject({
      _tag: 'Left',
      left: { where: 'record 7', expected: 'a tf.train.Example message' },
    });
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        decodeExample(bytes);
      }),
    );
  });
});

describe('published record files', () => {
  it.each(cases.filter(({ what }) => what === 'stage-1 output shards'))(
    'hold labelled images: $dataset',
    ({ shards, labels }) => {
      const counts = shards!.map(({ base64 }) => records(base64).length);
      expect(counts).toEqual(shards!.map(({ examples }) => examples));
      const examples = shards!
        .flatMap(({ base64 }) => [...records(base64)])
        .map((record) => right(decodeLabelledImage(record)));
      expect(examples.map(({ label }) => label)).toEqual(labels);
      for (const { image } of examples) expect([...image.subarray(0, 3)]).toEqual([0xff, 0xd8, 0xff]);
    },
  );

  it.each(cases.filter(({ rows }) => rows !== undefined))('keep every feature: $what', ({ base64, rows }) => {
    const examples = records(base64!).map((record) => right(decodeExample(record)));
    expect(examples.length).toBe(rows!.length);
    examples.forEach((example, i) => {
      expect(right(decodeExample(encodeExample(example)))).toEqual(example);
      for (const [name, value] of Object.entries(rows![i]!)) {
        const feature = example[name];
        if (feature?.kind === 'int64') expect(feature.values).toEqual([BigInt(value as number)]);
        if (feature?.kind === 'bytes' && name !== 'image') {
          expect(new TextDecoder().decode(feature.values[0])).toBe(value);
        }
      }
    });
  });

  it('an empty file holds nothing', () => {
    expect(records(cases.find(({ what }) => what === 'empty file')!.base64!)).toEqual([]);
  });
});

describe('labelled images', () => {
  it('round trip', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.maxSafeInteger(), (image, label) => {
        expect(right(decodeLabelledImage(encodeLabelledImage({ image, label })))).toEqual({ image, label });
      }),
    );
    expect(() => encodeLabelledImage({ image: new Uint8Array(0), label: 0.5 })).toThrow('received 0.5');
  });

  const image = { kind: 'bytes', values: [Uint8Array.of(1)] } as const;
  it.each([
    ['no image', { label: { kind: 'int64', values: [1n] } }, 'feature image', 'none, only label'],
    ['no label', { image }, 'feature label', 'none, only image'],
    ['a float label', { image, label: { kind: 'float', values: [1] } }, 'feature label', 'float'],
    ['two labels', { image, label: { kind: 'int64', values: [1n, 2n] } }, 'feature label', 'int64'],
    ['a huge label', { image, label: { kind: 'int64', values: [2n ** 60n] } }, 'feature label', 'int64'],
    ['an image of two', { image: { kind: 'bytes', values: [] } }, 'feature image', 'bytes'],
    ['nothing', {}, 'feature image', 'none, only nothing'],
  ] as const)('refuse %s', (_, example, where, found) => {
    expect(decodeLabelledImage(encodeExample(example), 'record 0')).toMatchObject({
      _tag: 'Left',
      left: { where: `record 0, ${where}`, found },
    });
  });
});
