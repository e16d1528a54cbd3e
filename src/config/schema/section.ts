/**
 * Sections of a configuration: closed objects whose settings carry their meaning and default beside their codec, and
 * variants told apart by `kind`. The codecs decode; the descriptions beside them are what the templates, the printed
 * settings and the tests of completeness are made from, so that none of these can drift from the codecs.
 */
import { either as E } from 'fp-ts';
import * as t from 'io-ts';
import { closed, tagged, withDefault } from '../codecs.ts';
import { didYouMean } from '../did-you-mean.ts';

/** One setting of a section. */
export interface Setting<C extends t.Mixed = t.Mixed> {
  readonly codec: C;
  /** What it sets, with its unit; one or two sentences. */
  readonly meaning: string;
  /** Whether it must be given. */
  readonly required: boolean;
  /** The decoded default, where there is one. */
  readonly fallback?: unknown;
  /** What a template writes; that of a setting without an example is its default. */
  readonly example?: unknown;
}

/** The settings of a section by name. */
export type Settings = Readonly<Record<string, Setting>>;

/** What a codec made here is made of. */
export type Description =
  | { readonly of: 'section'; readonly settings: Settings }
  | { readonly of: 'variants'; readonly variants: Readonly<Record<string, Settings>> }
  | { readonly of: 'list'; readonly item: t.Mixed };

/** A codec with its description. */
export interface Described {
  readonly description: Description;
}

const isDescribed = (codec: t.Mixed): codec is t.Mixed & Described => 'description' in codec;

/** The description of a codec, if it was made here. */
export const descriptionOf = (codec: t.Mixed): Description | undefined =>
  isDescribed(codec) ? codec.description : undefined;

/** What a section decodes to. */
export type SectionOf<S extends Settings> = { readonly [K in keyof S]: t.TypeOf<S[K]['codec']> };
/** The settings of each variant by its kind. */
export type Sections = Readonly<Record<string, Settings>>;
/** What variants decode to. */
export type VariantOf<V extends Sections> = {
  [K in keyof V]: { readonly kind: K } & SectionOf<V[K]>;
}[keyof V];

const describe = <A, O>(codec: t.Type<A, O>, description: Description): t.Type<A, O> & Described =>
  Object.assign(codec, { description });

function decoded<A>(codec: t.Decoder<unknown, A>, input: unknown, meaning: string): A {
  const result = codec.decode(input);
  if (E.isLeft(result)) throw new Error(`the default of "${meaning}" does not satisfy its own codec`);
  return result.right;
}

/**
 * A setting with a default.
 *
 * @param meaning What it sets, with its unit.
 * @param codec Of its value.
 * @param fallback The default as a file would write it; what it leaves out takes the defaults of the codec.
 */
export function setting<A, O>(
  meaning: string,
  codec: t.Type<A, O>,
  fallback: unknown,
): Setting<t.Type<A, O>> {
  return { codec, meaning, required: false, fallback: decoded(codec, fallback, meaning) };
}

/**
 * A setting that must be given.
 *
 * @param meaning What it sets, with its unit.
 * @param codec Of its value.
 * @param example What a template writes.
 */
export const required = <A, O>(
  meaning: string,
  codec: t.Type<A, O>,
  example: unknown,
): Setting<t.Type<A, O>> => ({
  codec,
  meaning,
  required: true,
  example,
});

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The codec of a value, which sees the value after a change. */
const changing = (codec: t.Mixed, change: (input: unknown) => unknown): t.Mixed =>
  new t.Type<unknown, unknown>(
    codec.name,
    codec.is,
    (input, context) => codec.validate(change(input), context),
    codec.encode,
  );

/**
 * Settings with a shorter way to write them.
 *
 * @param codec Of the settings.
 * @param change From what a file may write to the settings; what is no short form stays as it is.
 */
export const readAs = <A>(
  codec: t.Type<A> & Described,
  change: (input: unknown) => unknown,
): t.Type<A> & Described => describe(changing(codec, change) as t.Type<A>, codec.description);

/**
 * The codec that the fields of an object need: an absent section is read as an empty one, so that what it lacks is
 * named, and variants that do not say their kind are of the kind of the default, so that one setting can be changed.
 */
function fieldCodec({ codec, required: needed, fallback }: Setting): t.Mixed {
  const description = descriptionOf(codec);
  if (description?.of === 'section') return changing(codec, (input) => (input === undefined ? {} : input));
  if (needed) return codec;
  if (description?.of !== 'variants' || !isMap(fallback)) return withDefault(codec, fallback);
  const kind = fallback['kind'];
  return changing(codec, (input) => {
    if (input === undefined) return fallback;
    return isMap(input) && input['kind'] === undefined ? { kind, ...input } : input;
  });
}

const closedObject = (name: string, settings: Settings, kind?: string): t.Mixed =>
  closed(
    t.type(
      {
        ...(kind !== undefined && { kind: t.literal(kind) }),
        ...Object.fromEntries(Object.entries(settings).map(([key, value]) => [key, fieldCodec(value)])),
      },
      name,
    ),
  );

/**
 * An object of settings that refuses unknown keys.
 *
 * @param name What it is the settings of, for errors.
 * @param settings By key, in the order in which they are printed.
 */
export const section = <S extends Settings>(name: string, settings: S): t.Type<SectionOf<S>> & Described =>
  describe(closedObject(`a map of settings: ${name}`, settings) as t.Type<SectionOf<S>>, {
    of: 'section',
    settings,
  });

/**
 * One of several sections, told apart by `kind`.
 *
 * @param name For errors.
 * @param sections The settings of each kind beside `kind`.
 */
export function variants<V extends Sections>(name: string, sections: V): t.Type<VariantOf<V>> & Described {
  const objects = Object.fromEntries(
    Object.entries(sections).map(([kind, settings]) => [
      kind,
      closedObject(`${name} ${kind}`, settings, kind),
    ]),
  );
  const choices = tagged('kind', objects, `a map with a kind: ${Object.keys(sections).join(' | ')}`);
  return describe(choices as t.Type<unknown> as t.Type<VariantOf<V>>, { of: 'variants', variants: sections });
}

/**
 * A list.
 *
 * @param item Codec of its entries.
 * @param name For errors, e.g. `a list of whole numbers`.
 */
export const listOf = <A, O>(
  item: t.Type<A, O>,
  name: string,
): t.Type<readonly A[], readonly O[]> & Described =>
  describe(t.readonlyArray(item, name), { of: 'list', item });

const MOST_SHOWN = 12;

/**
 * One of some names.
 *
 * @param names At least one.
 */
export function choice<N extends string>(...names: readonly N[]): t.Type<N> {
  const shown = names.slice(0, MOST_SHOWN).map((each) => `"${each}"`);
  const name =
    names.length > MOST_SHOWN
      ? `one of ${names.length} names: ${shown.slice(0, 3).join(', ')}, …`
      : `one of ${shown.join(', ')}`;
  const is = (value: unknown): value is N => names.some((each) => each === value);
  return new t.Type<N>(
    name,
    is,
    (value, context) =>
      is(value)
        ? t.success(value)
        : t.failure(value, context, name + (typeof value === 'string' ? didYouMean(value, names) : '')),
    t.identity,
  );
}
