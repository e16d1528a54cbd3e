/** Numbers of a log's records by the names that TensorBoard shows: `validation/accuracy/even zigzag`. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as t from 'io-ts';
import { naturalNumber } from '../../config/codecs.ts';
import type { LogEntry } from '../../logs/run-logger.ts';
import type { MetricsRecord } from '../../runs/run-log.ts';
import { hasCode } from '../../system/text-file.ts';

/** Numbers by name. */
export type Scalars = Readonly<Record<string, number>>;

/** `gradientNorm` as `gradient_norm`. */
export const snakeCase = (name: string): string =>
  name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/**
 * All numbers of a value, however deep they are.
 *
 * @param name Of the value; those inside are named after it, with `/`.
 * @param value JSON data; lists and what is no number are left out.
 */
export function numbersIn(name: string, value: unknown): Scalars {
  if (typeof value === 'number') return { [name]: value };
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return {};
  return Object.assign(
    {},
    ...Object.entries(value).map(([key, inner]) => numbersIn(`${name}/${snakeCase(key)}`, inner)),
  ) as Scalars;
}

/** A list over groups by the names of these; without what is no number. */
export const groupNumbers = (name: string, groups: readonly string[], values: readonly unknown[]): Scalars =>
  Object.fromEntries(
    groups.flatMap((group, g) => (typeof values[g] === 'number' ? [[`${name}/${group}`, values[g]]] : [])),
  );

/** Scalars as an entry; none if there is no number. */
export const scalarsEntry = (step: number, values: Scalars): readonly LogEntry[] =>
  Object.keys(values).length === 0 ? [] : [{ kind: 'scalars', step, values }];

/** What a record of a picture has beside its step. */
export interface PictureRecord extends MetricsRecord {
  readonly kind: 'gallery';
  /** What the picture is called. */
  readonly name: string;
  /** Its file in the folder of the run, with `/`. */
  readonly file: string;
}

/** The record of a picture. */
export const pictureRecord = (step: number, name: string, file: string): PictureRecord => ({
  step,
  kind: 'gallery',
  name,
  file,
});

/** Whether a record is that of a picture. */
export const isPicture = (record: MetricsRecord): record is PictureRecord =>
  record['kind'] === 'gallery' &&
  typeof record['name'] === 'string' &&
  /^gallery\/step-\d{9}\.png$/.test(String(record['file']));

const RollbackRecordCodec = t.type({ kind: t.literal('rollback'), from: naturalNumber, found: t.string });

/** What a record says that is neither of training nor of an evaluation: a rollback, or a picture whose file is there. */
export async function otherEntries(folder: string, record: MetricsRecord): Promise<readonly LogEntry[]> {
  if (RollbackRecordCodec.is(record)) {
    const { step, from, found } = record;
    const markdown = `Back from step ${from} to step ${step}, and on with half the learning rate: ${found}.`;
    return [{ kind: 'text', step, name: 'rollbacks', markdown }];
  }
  if (!isPicture(record)) return [];
  const { step, name, file } = record;
  try {
    const png = await readFile(join(folder, ...file.split('/')));
    return [{ kind: 'images', step, name, images: [new Uint8Array(png)] }];
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return [];
    throw error;
  }
}
