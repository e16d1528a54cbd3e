import { type FixtureTensor, readFixture } from '../support/fixture.ts';

export type Values = Readonly<Record<string, FixtureTensor>>;

export interface MetricsCase {
  readonly what: 'classes' | 'multi-label' | 'groups';
  readonly kind?: string;
  readonly batches: readonly {
    targets: number[] & FixtureTensor;
    predictions: FixtureTensor;
    after: Values;
  }[];
  readonly final: Values;
  readonly afterReset: Values;
  readonly aggregate: Values;
  readonly groups: readonly { targets: number[]; predictions: FixtureTensor; metrics: Values }[];
}

export const TOLERANCE = 1e-5;

export const cases = readFixture<MetricsCase>('metrics').cases;

export const casesOf = (what: MetricsCase['what']) => cases.filter((c) => c.what === what);

export const rowsOf = (tensor: FixtureTensor) => tensor.values as number[][];
