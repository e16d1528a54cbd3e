/**
 * `tf.train.Example`, the message that TFRecord files of the field hold: a map from names to lists of bytes, of
 * float32 or of int64. Translated images are stored with the features `image` (the bytes of an image file) and
 * `label` (int64), as in the published record folders.
 */
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { either as E } from 'fp-ts';
import { refuse, type DataError } from './data-error.ts';
import { ExampleSchema, FeatureSchema, type Feature } from './proto/example_pb.ts';

/** The values of one feature; `none` is a feature that is present without values of any kind. */
export type ExampleFeature =
  | { readonly kind: 'bytes'; readonly values: readonly Uint8Array[] }
  | { readonly kind: 'float'; readonly values: readonly number[] }
  | { readonly kind: 'int64'; readonly values: readonly bigint[] }
  | { readonly kind: 'none' };

/** All features of an example by name. */
export type ExampleFeatures = Readonly<Record<string, ExampleFeature>>;

function toMessage(feature: ExampleFeature): Feature {
  switch (feature.kind) {
    case 'bytes':
      return create(FeatureSchema, { kind: { case: 'bytesList', value: { value: [...feature.values] } } });
    case 'float':
      return create(FeatureSchema, { kind: { case: 'floatList', value: { value: [...feature.values] } } });
    case 'int64':
      return create(FeatureSchema, { kind: { case: 'int64List', value: { value: [...feature.values] } } });
    case 'none':
      return create(FeatureSchema);
  }
}

function fromMessage({ kind }: Feature): ExampleFeature {
  switch (kind.case) {
    case 'bytesList':
      return { kind: 'bytes', values: kind.value.value };
    case 'floatList':
      return { kind: 'float', values: kind.value.value };
    case 'int64List':
      return { kind: 'int64', values: kind.value.value };
    case undefined:
      return { kind: 'none' };
  }
}

/**
 * Encodes an example.
 *
 * @param features Features by name; floats are rounded to float32, int64 must lie in [−2⁶³, 2⁶³).
 * @returns The bytes of the message.
 * @throws Error if an integer does not fit 64 bits.
 * @example
 * ```ts
 * import { decodeExample, encodeExample } from 'model-patching/data';
 * const decoded = decodeExample(encodeExample({ label: { kind: 'int64', values: [-1n] } }));
 * if (decoded._tag === 'Left' || decoded.right['label']?.kind !== 'int64') throw new Error('expected a label');
 * if (decoded.right['label'].values[0] !== -1n) throw new Error('expected −1');
 * ```
 */
export function encodeExample(features: ExampleFeatures): Uint8Array {
  const feature = Object.fromEntries(Object.entries(features).map(([name, f]) => [name, toMessage(f)]));
  return toBinary(ExampleSchema, create(ExampleSchema, { features: { feature } }));
}

/**
 * Decodes an example with all its features, whatever their names.
 *
 * @param bytes The bytes of the message.
 * @param name What to call it in an error, such as file and record number.
 * @returns Features by name, or why the bytes are no example.
 * @example
 * ```ts
 * import { decodeExample, encodeExample } from 'model-patching/data';
 * const decoded = decodeExample(encodeExample({ weights: { kind: 'float', values: [0.5, -1] } }));
 * if (decoded._tag === 'Left') throw new Error(decoded.left.found);
 * const { weights } = decoded.right;
 * if (weights?.kind !== 'float' || weights.values.join() !== '0.5,-1') throw new Error('two floats expected');
 * if (decodeExample(Uint8Array.of(255))._tag === 'Right') throw new Error('no message');
 * ```
 */
export function decodeExample(bytes: Uint8Array, name = 'example'): E.Either<DataError, ExampleFeatures> {
  return E.Functor.map(
    E.tryCatch(
      () => fromBinary(ExampleSchema, bytes),
      (error): DataError => ({
        where: name,
        expected: 'a tf.train.Example message',
        found: `${bytes.length} bytes that are none (${String(error)})`,
        cure: 'check that the records hold examples',
      }),
    ),
    ({ features }) =>
      Object.fromEntries(Object.entries(features?.feature ?? {}).map(([key, f]) => [key, fromMessage(f)])),
  );
}

/** An encoded image and its label. */
export interface LabelledImageExample {
  /** The bytes of a PNG or JPEG file. */
  readonly image: Uint8Array;
  readonly label: number;
}

/**
 * Encodes an image file and its label as an example with the features `image` and `label`.
 *
 * @param example Image file and label, a safe integer.
 * @returns The bytes of the message.
 * @throws RangeError if the label is no integer.
 * @example
 * ```ts
 * import { decodeExample, encodeLabelledImage, encodePng } from 'model-patching/data';
 * const image = encodePng({ height: 1, width: 1, channels: 1, pixels: Uint8Array.of(7) });
 * const features = decodeExample(encodeLabelledImage({ image, label: 3 }));
 * if (features._tag === 'Left') throw new Error(features.left.found);
 * const { label } = features.right;
 * if (label?.kind !== 'int64' || label.values[0] !== 3n) throw new Error('the label as int64');
 * ```
 */
export function encodeLabelledImage({ image, label }: LabelledImageExample): Uint8Array {
  if (!Number.isSafeInteger(label)) throw new RangeError(`label: expected a safe integer, received ${label}`);
  return encodeExample({
    image: { kind: 'bytes', values: [image] },
    label: { kind: 'int64', values: [BigInt(label)] },
  });
}

/**
 * Decodes an example that has the features `image` and `label`, with one value each.
 *
 * @param bytes The bytes of the message.
 * @param name What to call it in an error.
 * @returns Image file and label, or which feature is missing or of another kind.
 * @example
 * ```ts
 * import { decodeLabelledImage, encodeLabelledImage } from 'model-patching/data';
 * const decoded = decodeLabelledImage(encodeLabelledImage({ image: Uint8Array.of(1, 2), label: 1 }));
 * if (decoded._tag === 'Left' || decoded.right.label !== 1) throw new Error('expected label 1');
 * ```
 */
export function decodeLabelledImage(
  bytes: Uint8Array,
  name = 'example',
): E.Either<DataError, LabelledImageExample> {
  return E.Monad.chain(decodeExample(bytes, name), (features) => {
    const missing = (feature: string, expected: string) =>
      refuse(
        `${name}, feature ${feature}`,
        expected,
        features[feature]?.kind ?? `none, only ${Object.keys(features).sort().join(', ') || 'nothing'}`,
        'give record files with the features image and label',
      );
    const { image, label } = features;
    if (image?.kind !== 'bytes' || image.values.length !== 1) {
      return missing('image', 'one value of bytes');
    }
    const [value] = label?.kind === 'int64' ? label.values : [];
    if (label?.kind !== 'int64' || label.values.length !== 1 || !Number.isSafeInteger(Number(value))) {
      return missing('label', 'one int64 value');
    }
    return E.right({ image: image.values[0]!, label: Number(value) });
  });
}
