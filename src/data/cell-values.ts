/**
 * What the cells of a table say. Programs that write whole numbers beside missing ones write them as floats (pandas
 * does), so `1.0` is `1`; and they write missing values as words that must not become a class. A letter and its accent
 * may be one character or two: what reads the same is the same value.
 */

const WHOLE = /^([+-]?)(0|[1-9]\d*)(?:\.0*)?$/;
const MISSING = /^(?:[+-]?nan|#?na|#?n\/a|#n\/a n\/a|<na>|nat|null|[+-]?1\.#(?:ind|qnan))?$/i;

/**
 * The value of a cell: without blanks around it, accents composed (NFC), and a whole number in its shortest form (`1` for
 * `1.0` and `+1`).
 */
export function cellValue(cell: string): string {
  const text = cell.trim().normalize('NFC');
  const [, sign, digits] = WHOLE.exec(text) ?? [];
  if (digits === undefined) return text;
  return sign === '-' && digits !== '0' ? `-${digits}` : digits;
}

/** Whether a value is a number. */
export const isNumber = (value: string): boolean => value.trim() !== '' && Number.isFinite(Number(value));

/**
 * Whether a value stands for none: nothing, or pandas' words for it in any case. Python's `None` only as Python writes
 * it, for `none` is what people call a subgroup without a feature.
 */
export const isMissing = (value: string): boolean => MISSING.test(value) || value === 'None';

/** A value as YAML reads it back, as text, in a list or before a colon. */
export function writtenAsYaml(value: string): string {
  const word = /^[A-Za-z_][\w.-]*(?: [\w.-]+)*$/.test(value) && !/^(?:true|false|null)$/i.test(value);
  return word || (/^-?\d/.test(value) && String(Number(value)) === value) ? value : JSON.stringify(value);
}
