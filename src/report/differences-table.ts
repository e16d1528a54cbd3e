/** The best method beside each other one in the same seeds: what both owe to a seed does not count. */
import { bootstrapInterval } from '../metrics/bootstrap-interval.ts';
import type { MethodResult } from '../config/study-results.ts';
import type { ReportInput } from './input.ts';
import { html, type Markup } from './markup.ts';
import { testedMethods, type TestedMethod } from './tested-methods.ts';

/** Of fewer seeds an interval says nothing. */
export const LEAST_SEEDS = 3;
/** From here on it is about as wide as it says. */
const MANY_SEEDS = 15;

type Measure = (result: MethodResult) => number | null;

export const worstGroupOf: Measure = (result) => result.worstGroup?.accuracy ?? null;
const average: Measure = (result) => result.average;

/** What one method has more than the other in each seed in which both are known. */
export function pairedDifferences(
  { tests }: TestedMethod,
  other: TestedMethod,
  measure: Measure,
): readonly number[] {
  return tests.flatMap(({ seed, result }) => {
    const against = other.tests.find((test) => test.seed === seed);
    const [mine, theirs] = [measure(result), against === undefined ? null : measure(against.result)];
    return mine === null || theirs === null ? [] : [mine - theirs];
  });
}

const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

const points = (share: number): Markup =>
  html`<data value="${share}">${share > 0 ? '+' : ''}${(100 * share).toFixed(1)}</data>`;

function cells(differences: readonly number[]): Markup {
  if (differences.length < LEAST_SEEDS)
    return html`<td class="reason" colspan="2">– too few seeds in common</td>`;
  const [low, high] = bootstrapInterval(differences);
  return html`<td>${points(meanOf(differences))}</td>
    <td>${points(low)} … ${points(high)}</td>`;
}

/** The method with the highest worst group over its seeds. */
function bestMethod(methods: readonly TestedMethod[]): TestedMethod | undefined {
  const meanWorst = ({ tests }: TestedMethod): number =>
    meanOf(tests.map(({ result }) => worstGroupOf(result) ?? -Infinity));
  const [first, ...others] = methods.filter(({ tests }) => tests.length >= LEAST_SEEDS);
  return others.reduce(
    (best, method) => (best === undefined || meanWorst(method) > meanWorst(best) ? method : best),
    first,
  );
}

/** A row for each method but the best one; nothing where there are too few seeds or methods. */
export function differencesTable(input: ReportInput): Markup {
  const methods = testedMethods(input);
  const best = bestMethod(methods);
  const others = methods.filter(({ name, tests }) => name !== best?.name && tests.length > 0);
  if (best === undefined || others.length === 0) return html``;
  return html`<div class="scroll">
    <table class="differences">
      <caption>
        What ${best.name} has more than each other method in the same seed, in points: mean and 95 % interval
        of the bootstrap${input.seeds.length < MANY_SEEDS && ', which is rather narrow for so few seeds'}
      </caption>
      <thead>
        <tr>
          <th scope="col">${best.name} and</th>
          <th scope="col" colspan="2">worst group</th>
          <th scope="col" colspan="2">average</th>
        </tr>
      </thead>
      <tbody>
        ${others.map(
          (other) =>
            html`<tr>
              <th scope="row">${other.name}</th>
              ${cells(pairedDifferences(best, other, worstGroupOf))}
              ${cells(pairedDifferences(best, other, average))}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}
