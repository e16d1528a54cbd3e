/**
 * Codecs that configuration needs and io-ts lacks: objects that refuse unknown keys (`t.strict` drops them in
 * silence), defaults that do not hide a bad value, variants that report on the chosen branch only, and numbers with
 * a range (NaN and infinities pass `t.number`).
 */
import { either as E } from 'fp-ts';
import * as t from 'io-ts';
import { isCurable } from './decoding.ts';
import { didYouMean } from './did-you-mean.ts';

/** An object codec whose keys are known. */
export type Fields = t.InterfaceType<t.Props> | t.PartialType<t.Props> | t.IntersectionType<Fields[]>;

/** The context as the codec inside a wrapper would have it, so that a report sees where branches are numbered. */
const inside = (context: t.Context, type: t.Decoder<unknown, unknown>): t.Context => [
  ...context.slice(0, -1),
  { ...context.at(-1)!, type },
];

const propsOf = (codec: Fields): readonly string[] =>
  codec._tag === 'IntersectionType' ? codec.types.flatMap(propsOf) : Object.keys(codec.props);

/**
 * The same object codec, which also refuses keys it does not know, each by name and with the nearest known key.
 * Reported beside the other errors, because a typing error is usually an unknown key and a missing one.
 *
 * @param codec `t.type`, `t.partial` or an intersection of them.
 * @returns A codec of the same type.
 * @example
 * ```ts
 * import * as t from 'io-ts';
 * import { closed, decode } from 'model-patching/config';
 * const result = decode(closed(t.type({ rate: t.number }, 'Optimizer')), { rat: 1 }, 'optimizer');
 * if (result._tag !== 'Left' || result.left.length !== 2) throw new Error('an unknown and a missing key');
 * ```
 */
export function closed<A, O>(codec: t.Type<A, O> & Fields): t.Type<A, O> {
  const known = propsOf(codec);
  return new t.Type<A, O>(
    codec.name,
    codec.is,
    (value, context) => {
      const decoded = codec.validate(value, inside(context, codec));
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return decoded;
      const unknown = Object.entries(value)
        .filter(([key]) => !known.includes(key))
        .map(([key, actual]) => ({
          value: actual,
          context: t.appendContext(context, key, t.never, actual),
          message: `unknown key "${key}"${didYouMean(key, known)}`,
        }));
      if (unknown.length === 0) return decoded;
      return t.failures([...unknown, ...(E.isLeft(decoded) ? decoded.left : [])]);
    },
    codec.encode,
  );
}

/**
 * The same codec, which reads a missing value as a default. A value that is there and wrong stays an error.
 *
 * @param codec Of the value.
 * @param value The default.
 * @returns A codec of the same type.
 * @example
 * ```ts
 * import { decode, positiveInteger, withDefault } from 'model-patching/config';
 * const epochs = withDefault(positiveInteger, 5);
 * const missing = decode(epochs, undefined, 'epochs');
 * if (missing._tag === 'Left' || missing.right !== 5) throw new Error('the default expected');
 * if (decode(epochs, null, 'epochs')._tag === 'Right') throw new Error('null is no missing value');
 * ```
 */
export const withDefault = <A, O>(codec: t.Type<A, O>, value: A): t.Type<A, O> =>
  new t.Type(
    codec.name,
    codec.is,
    (input, context) =>
      input === undefined ? t.success(value) : codec.validate(input, inside(context, codec)),
    codec.encode,
  );

/**
 * The same codec, which also takes null.
 *
 * @param codec Of the value where there is one.
 * @returns A codec of the value or null.
 * @example
 * ```ts
 * import { decode, nullable, unitInterval } from 'model-patching/config';
 * const accuracy = nullable(unitInterval);
 * const none = decode(accuracy, null, 'accuracy');
 * if (none._tag === 'Left' || none.right !== null) throw new Error('null is taken');
 * if (decode(accuracy, 2, 'accuracy')._tag === 'Right') throw new Error('2 is no share');
 * ```
 */
export function nullable<A, O>(codec: t.Type<A, O>): t.Type<A | null, O | null> {
  const type = new t.Type<A | null, O | null>(
    `${codec.name}, or null`,
    (value): value is A | null => value === null || codec.is(value),
    (value, context) => (value === null ? t.success(null) : codec.validate(value, context)),
    (value) => (value === null ? null : codec.encode(value)),
  );
  // As io-ts marks its own wrappers, for those who look through them.
  return Object.assign(type, { _tag: 'NullableType', type: codec });
}

/**
 * One of several variants, told apart by a tag: only the tagged branch is decoded, and an unknown tag is one error
 * that lists the choices.
 *
 * @param tag The key that holds the name of the variant.
 * @param variants A codec for each name; each has `tag` among its own keys.
 * @param name For errors.
 * @returns A codec of any of the variants.
 * @example
 * ```ts
 * import * as t from 'io-ts';
 * import { decode, tagged } from 'model-patching/config';
 * const schedule = tagged('kind', {
 *   constant: t.type({ kind: t.literal('constant') }),
 *   cosine: t.type({ kind: t.literal('cosine'), steps: t.number }),
 * }, 'Schedule');
 * if (decode(schedule, { kind: 'cosine', steps: 9 }, 'schedule')._tag === 'Left') throw new Error('a cosine');
 * const wrong = decode(schedule, { kind: 'cosin' }, 'schedule');
 * if (wrong._tag === 'Right' || wrong.left.length !== 1) throw new Error('one error expected');
 * if (!wrong.left[0]!.expected.includes('did you mean "cosine"')) throw new Error(wrong.left[0]!.expected);
 * ```
 */
export function tagged<V extends Readonly<Record<string, t.Mixed>>>(
  tag: string,
  variants: V,
  name: string,
): t.Type<t.TypeOf<V[keyof V]>, t.OutputOf<V[keyof V]>> {
  const names = Object.keys(variants);
  const branch = (value: unknown): t.Mixed | undefined => {
    const key =
      typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[tag] : undefined;
    return typeof key === 'string' && Object.hasOwn(variants, key) ? variants[key] : undefined;
  };
  return new t.Type<t.TypeOf<V[keyof V]>, t.OutputOf<V[keyof V]>>(
    name,
    (value): value is t.TypeOf<V[keyof V]> => branch(value)?.is(value) ?? false,
    (value, context) => {
      const variant = branch(value);
      if (variant !== undefined) return variant.validate(value, inside(context, variant));
      if (typeof value !== 'object' || value === null || Array.isArray(value))
        return t.failure(value, context);
      const actual = (value as Record<string, unknown>)[tag];
      const choices = names.map((choice) => `"${choice}"`).join(', ');
      const nearest = typeof actual === 'string' ? didYouMean(actual, names) : '';
      return t.failures([
        {
          value: actual,
          context: t.appendContext(context, tag, t.string, actual),
          message: `one of ${choices}${nearest}`,
        },
      ]);
    },
    (value) => branch(value)?.encode(value) as t.OutputOf<V[keyof V]>,
  );
}

/**
 * The values of a codec that satisfy a predicate.
 *
 * @param codec Of the values.
 * @param satisfies The predicate, on decoded values.
 * @param name What such a value is, for errors, e.g. `an integer above 0`.
 * @returns A codec of those values.
 * @example
 * ```ts
 * import { decode, positiveInteger, refine } from 'model-patching/config';
 * const even = refine(positiveInteger, (value) => value % 2 === 0, 'an even number');
 * if (decode(even, 4, 'batchSize')._tag === 'Left') throw new Error('4 is even');
 * const odd = decode(even, 3, 'batchSize');
 * if (odd._tag === 'Right' || odd.left[0]!.expected !== 'an even number') throw new Error('3 is not');
 * ```
 */
export const refine = <A, O>(
  codec: t.Type<A, O>,
  satisfies: (value: A) => boolean,
  name: string,
): t.Type<A, O> =>
  new t.Type<A, O>(
    name,
    (value): value is A => codec.is(value) && satisfies(value),
    (input, context) => {
      const decoded = codec.validate(input, context);
      if (E.isLeft(decoded) && decoded.left.some(isCurable)) return decoded;
      return E.isRight(decoded) && satisfies(decoded.right) ? decoded : t.failure(input, context);
    },
    codec.encode,
  );

/** A number that is neither NaN nor infinite. */
export const finiteNumber = refine(t.number, Number.isFinite, 'a finite number');
/** A finite number above 0. */
export const positiveNumber = refine(finiteNumber, (value) => value > 0, 'a number above 0');
/** A finite number of 0 or more. */
export const nonNegativeNumber = refine(finiteNumber, (value) => value >= 0, 'a number of 0 or more');
/** A number from 0 to 1. */
export const unitInterval = refine(finiteNumber, (value) => value >= 0 && value <= 1, 'a number from 0 to 1');
/** An integer that a float64 holds exactly. */
export const integer = refine(t.number, Number.isSafeInteger, 'an integer');
/** 0, 1, 2, … */
export const naturalNumber = refine(integer, (value) => value >= 0, 'an integer of 0 or more');
/** 1, 2, 3, … */
export const positiveInteger = refine(integer, (value) => value > 0, 'an integer above 0');

/** From 0 to below 1. */
export const belowOne = refine(unitInterval, (value) => value < 1, 'a number from 0 to below 1');

/** An object of these fields that nobody changes; further keys are kept. */
export const readonlyType = <P extends t.Props>(name: string, fields: P) =>
  t.readonly(t.type(fields, name), name);

/** The values that a predicate recognises, as they are. */
export const recognized = <A>(name: string, is: (value: unknown) => value is A): t.Type<A> =>
  new t.Type<A>(
    name,
    is,
    (value, context) => (is(value) ? t.success(value) : t.failure(value, context)),
    t.identity,
  );
