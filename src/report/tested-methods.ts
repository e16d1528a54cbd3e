/** What a method came to in the seeds that it was tested in, and what to call methods and groups in a report. */
import type { MethodResult, SeedResults } from '../config/study-results.ts';
import { whyNull, type SummaryName } from '../metrics/missing-groups.ts';
import type { ReportInput } from './input.ts';

/** A test in one seed. */
export interface TestedSeed {
  readonly seed: number;
  readonly result: MethodResult;
}

/** A method with its tests; none if no run has come to its end. */
export interface TestedMethod {
  readonly name: string;
  /** A CSS colour, the same everywhere. */
  readonly color: string;
  readonly tests: readonly TestedSeed[];
}

const HUES = 8;

/** The colour of the i-th method. */
export const methodColor = (index: number): string => `var(--method-${index % HUES})`;

/** What is known of a method in a seed; undefined if it was not run. */
export const outcomeOf = (
  { methods }: SeedResults,
  name: string,
): SeedResults['methods'][string] | undefined => (Object.hasOwn(methods, name) ? methods[name] : undefined);

/** The methods in the order of the report. */
export function testedMethods({
  methods,
  seeds,
}: Pick<ReportInput, 'methods' | 'seeds'>): readonly TestedMethod[] {
  return methods.map(({ name }, i) => ({
    name,
    color: methodColor(i),
    tests: seeds.flatMap((each) => {
      const result = outcomeOf(each, name);
      return result === undefined || 'failed' in result ? [] : [{ seed: each.seed, result }];
    }),
  }));
}

/** What a reader calls a group; of a translated group the label of its original, and which translation it is. */
export function groupLabel({ groupLabels }: Pick<ReportInput, 'groupLabels'>, name: string): string {
  if (Object.hasOwn(groupLabels, name)) return groupLabels[name]!;
  const [, original, variant] = /^(.+)(\([^()]*\))$/.exec(name) ?? [];
  return original !== undefined && Object.hasOwn(groupLabels, original)
    ? `${groupLabels[original]!} ${variant!}`
    : name;
}

/** Why a summary is missing in one of a method's seeds; undefined if none is, or the report does not say. */
export function missingReason(
  input: Pick<ReportInput, 'groupLabels' | 'seeds'>,
  { name, tests }: TestedMethod,
  summary: SummaryName,
): string | undefined {
  if (tests.length > 0) {
    const lacking = tests.find(({ result }) => result[summary] === null);
    return lacking && whyNull(lacking.result, summary, (group) => groupLabel(input, group));
  }
  const failed = input.seeds.filter((each) => outcomeOf(each, name) !== undefined).length;
  if (failed === 0) return 'it was not run';
  return failed === 1 ? 'its run failed' : `its ${failed} runs failed`;
}

/** The accuracy of a group in each seed in which it is known, with its interval. */
export const groupOf = ({ result }: TestedSeed, name: string): MethodResult['groups'][number] | undefined =>
  result.groups.find((group) => group.name === name);
