/** JSON values as a type and a codec: what run files hold where their shape is the program's own affair. */
import { recognized } from './codecs.ts';

/** A value that JSON can write and read back unchanged. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

const isJson = (value: unknown): value is Json =>
  value === null ||
  typeof value === 'boolean' ||
  typeof value === 'string' ||
  (typeof value === 'number' && Number.isFinite(value)) ||
  (Array.isArray(value)
    ? value.every(isJson)
    : typeof value === 'object' &&
      [Object.prototype, null].includes(Object.getPrototypeOf(value) as object | null) &&
      Object.values(value).every(isJson));

/** Any JSON value; refuses NaN, infinities, `undefined` and class instances, which JSON would change silently. */
export const json = recognized('a JSON value', isJson);
