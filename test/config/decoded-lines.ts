import { either as E } from 'fp-ts';
import type * as t from 'io-ts';
import { formatDataError } from '../../src/data/data-error.ts';
import { decode } from '../../src/config/index.ts';

export function lines(codec: t.Mixed, value: unknown): string[] {
  const decoded = decode(codec, value, 'run.yaml');
  if (E.isRight(decoded)) throw new Error(`expected faults, found ${JSON.stringify(decoded.right)}`);
  return decoded.left.map(formatDataError);
}

export const rightOf = (codec: t.Mixed, value: unknown): unknown => {
  const decoded = decode(codec, value, 'run.yaml');
  if (E.isLeft(decoded)) throw new Error(decoded.left.map(formatDataError).join('\n'));
  return decoded.right;
};
