/** Walks through settings by the descriptions of their codecs. */
import type * as t from 'io-ts';
import { descriptionOf, type Settings } from './section.ts';

/** A single value: no section, no variants, no list of these. */
export type LeafChange = (codec: t.Mixed, value: unknown, path: readonly string[]) => unknown;

type PlainMap = Readonly<Record<string, unknown>>;

const isMap = (value: unknown): value is PlainMap =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Decoded settings with every single value changed, in the order of the schema.
 *
 * @param codec Of the settings.
 * @param value Decoded.
 * @param change Given the codec, the value and the keys to it.
 * @param path The keys to `value`.
 */
export function mapLeaves(
  codec: t.Mixed,
  value: unknown,
  change: LeafChange,
  path: readonly string[] = [],
): unknown {
  const description = descriptionOf(codec);
  const fields = (settings: Settings, map: PlainMap) =>
    Object.entries(settings).map(([key, setting]) => [
      key,
      mapLeaves(setting.codec, map[key], change, [...path, key]),
    ]);
  if (description?.of === 'section' && isMap(value)) {
    return Object.fromEntries(fields(description.settings, value));
  }
  if (description?.of === 'variants' && isMap(value)) {
    const kind = String(value['kind']);
    return Object.fromEntries([['kind', kind], ...fields(description.variants[kind] ?? {}, value)]);
  }
  if (description?.of === 'list' && Array.isArray(value)) {
    return value.map((item, i) => mapLeaves(description.item, item, change, [...path, String(i)]));
  }
  return change(codec, value, path);
}
