import { either as E } from 'fp-ts';
import type { DataError } from '../../src/data/data-error.ts';
import type { Dataset } from '../../src/data/dataset.ts';
import { describeTable, type TableOptions } from '../../src/data/table-dataset.ts';

const TRAIN: TableOptions = { required: ['train'] };

export function described(text: string, options: TableOptions = {}): Dataset {
  const result = describeTable(text, { ...TRAIN, ...options });
  if (E.isLeft(result)) throw new Error(JSON.stringify(result.left));
  return result.right;
}

export function fault(text: string, options: TableOptions = {}): DataError {
  const result = describeTable(text, { file: 't.csv', ...TRAIN, ...options });
  if (E.isRight(result)) throw new Error(`expected an error, got ${result.right.classes.join()}`);
  return result.left;
}
