/** Single numbers out of the features of a record. */
import { either as E } from 'fp-ts';
import { refuse, type DataError } from './data-error.ts';
import type { ExampleFeatures } from './example.ts';

/**
 * The one int64 of a feature.
 *
 * @param features All features of the record.
 * @param feature Name of the wanted one.
 * @param where What to call the record in an error.
 * @returns A safe integer, or that the feature is missing or of another kind.
 */
export function integerFeature(
  features: ExampleFeatures,
  feature: string,
  where: string,
): E.Either<DataError, number> {
  const found = Object.hasOwn(features, feature) ? features[feature] : undefined;
  const [value] = found?.kind === 'int64' ? found.values : [];
  if (found?.kind === 'int64' && found.values.length === 1 && Number.isSafeInteger(Number(value))) {
    return E.right(Number(value));
  }
  return refuse(
    `${where}, feature ${feature}`,
    'one int64',
    found === undefined
      ? `none, only ${Object.keys(features).sort().join(', ') || 'nothing'}`
      : found.kind === 'int64'
        ? `${found.values.length} of them`
        : found.kind,
    'give the records of this data set, or correct its settings',
  );
}

/** What a record says of its image. */
export interface RecordLabels {
  readonly label: number;
  readonly subgroup: number;
}

/** 0 or 1, or that a feature is neither. */
export function binaryFeature(
  features: ExampleFeatures,
  feature: string,
  where: string,
): E.Either<DataError, 0 | 1> {
  return E.Monad.chain(integerFeature(features, feature, where), (value): E.Either<DataError, 0 | 1> =>
    value === 0 || value === 1
      ? E.right(value)
      : refuse(`${where}, feature ${feature}`, '0 or 1', String(value), 'give the records of this data set'),
  );
}
