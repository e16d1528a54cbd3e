/** Untrusted values into typed ones; what is wrong comes back as one line for each fault, with the path to it. */
import { either as E } from 'fp-ts';
import * as t from 'io-ts';
import type { DataError } from '../data/data-error.ts';
import { jsonValue } from '../data/json-text.ts';

interface Tagged {
  readonly _tag?: string;
  readonly type?: Tagged;
}

/** Contexts below a union or an intersection are numbered by branch, which tells a reader nothing. */
function isBranching({ _tag, type }: Tagged): boolean {
  if (_tag === 'UnionType' || _tag === 'IntersectionType') return true;
  return type !== undefined &&
    ['ReadonlyType', 'RefinementType', 'ExactType', 'NullableType'].includes(_tag ?? '')
    ? isBranching(type)
    : false;
}

/** Keys and positions from a decoded value down to a part of it. */
export type Path = readonly string[];

/** The file or setting that is decoded; a function also knows the part at fault and whether its key is unknown. */
export type Where = string | ((path: Path, unknownKey: boolean) => string);

const pathOf = (context: t.Context): Path =>
  context.filter((_, i) => i > 0 && !isBranching(context[i - 1]!.type as Tagged)).map(({ key }) => key);

/** An error of a codec that knows how to mend the value. */
interface CurableError extends t.ValidationError {
  readonly cure?: string;
}

/**
 * The failure of a codec that knows how to mend the value; wrappers pass it on in place of their own.
 *
 * @param value What was found.
 * @param context Of the codec.
 * @param expected What it should be.
 * @param cure How to mend it.
 */
export const curableFailure = <A>(
  value: unknown,
  context: t.Context,
  expected: string,
  cure: string,
): t.Validation<A> => {
  const error: CurableError = { value, context, message: expected, cure };
  return t.failures([error]);
};

/** Whether an error knows how to mend the value. */
export const isCurable = (error: CurableError): boolean => error.cure !== undefined;

/** A path as a person writes it, e.g. `data.columns[2]`. */
export const pathText = (path: Path): string =>
  path
    .map((key) => (/^\d+$/.test(key) ? `[${key}]` : `.${key}`))
    .join('')
    .replace(/^\./, '');

/** A value in a few words, for errors. */
export function written(value: unknown): string {
  if (value === undefined) return 'nothing';
  // JSON would write NaN as null.
  const text = typeof value === 'object' || typeof value === 'string' ? JSON.stringify(value) : String(value);
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}

/**
 * The faults of a failed decoding, one for each.
 *
 * @param errors From a codec.
 * @param where The file or setting that was decoded.
 * @returns Where, what was expected, what was found, and how to mend it.
 * @example
 * ```ts
 * import * as t from 'io-ts';
 * import { dataErrors } from 'model-patching/config';
 * const decoded = t.type({ sizes: t.array(t.number) }).decode({ sizes: [1, 'two'] });
 * if (decoded._tag === 'Right') throw new Error('"two" is no number');
 * const [fault] = dataErrors(decoded.left, 'a.json');
 * if (fault?.where !== 'a.json: sizes[1]' || fault.found !== '"two"') throw new Error('another place');
 * ```
 */
export function dataErrors(errors: t.Errors, where: Where): readonly DataError[] {
  return errors.map(({ value, context, message, cure }: CurableError) => {
    const path = pathOf(context);
    const unknownKey = context.at(-1)?.type.name === 'never';
    const source = typeof where === 'string' ? where : where(path, unknownKey);
    return {
      where: path.length === 0 ? source : `${source}: ${pathText(path)}`,
      expected: unknownKey ? 'no such key' : (message ?? context.at(-1)?.type.name ?? 'something else'),
      found: unknownKey && message !== undefined ? message : written(value),
      cure: cure ?? (unknownKey ? 'remove or rename it' : 'correct it'),
    };
  });
}

/**
 * Decodes a value.
 *
 * @param codec What it should be.
 * @param value What was read.
 * @param where The file or setting it comes from.
 * @returns The typed value, or every fault.
 * @example
 * ```ts
 * import * as t from 'io-ts';
 * import { decode, positiveNumber } from 'model-patching/config';
 * const codec = t.type({ rate: positiveNumber });
 * const decoded = decode(codec, { rate: 0.1 }, 'optimizer.json');
 * if (decoded._tag === 'Left' || decoded.right.rate !== 0.1) throw new Error('0.1 expected');
 * const wrong = decode(codec, { rate: 0 }, 'optimizer.json');
 * if (wrong._tag === 'Right') throw new Error('0 is refused');
 * const { where, expected } = wrong.left[0]!;
 * if (`${where} ${expected}` !== 'optimizer.json: rate a number above 0') throw new Error(where);
 * ```
 */
export const decode = <A>(
  codec: t.Decoder<unknown, A>,
  value: unknown,
  where: Where,
): E.Either<readonly DataError[], A> =>
  E.mapLeft((errors: t.Errors) => dataErrors(errors, where))(codec.decode(value));

/**
 * Decodes JSON text.
 *
 * @param codec What it should be.
 * @param text The contents of a file.
 * @param where Its name.
 * @returns The typed value, or every fault.
 * @example
 * ```ts
 * import { decodeJson, naturalNumber } from 'model-patching/config';
 * const decoded = decodeJson(naturalNumber, '3', 'count.json');
 * if (decoded._tag === 'Left' || decoded.right !== 3) throw new Error('3 expected');
 * const cut = decodeJson(naturalNumber, '{"a"', 'count.json');
 * if (cut._tag === 'Right' || cut.left[0]!.expected !== 'JSON') throw new Error('no JSON');
 * ```
 */
export function decodeJson<A>(
  codec: t.Decoder<unknown, A>,
  text: string,
  where: string,
): E.Either<readonly DataError[], A> {
  try {
    return decode(codec, jsonValue(text), where);
  } catch (error) {
    const found = (error instanceof Error ? error.message : String(error)).replace(/\s+/g, ' ');
    return E.left([{ where, expected: 'JSON', found, cure: 'restore the file or delete it' }]);
  }
}
