/**
 * What the numbers say, in a sentence. Two accuracies count as different only if their 95 % intervals do not overlap,
 * which is on the careful side; and whatever comes is said, a failure as plainly as a success.
 */
import type { StageOneFigures } from '../config/study-results.ts';
import { LEAST_SEEDS, pairedDifferences, worstGroupOf } from './differences-table.ts';
import type { ReportInput } from './input.ts';
import { percentText } from './numbers.ts';
import { meanInterval } from './student-interval.ts';
import { groupOf, missingReason, testedMethods, type TestedMethod } from './tested-methods.ts';

/** What the headline is made of. */
export type HeadlineInput = Pick<ReportInput, 'methods' | 'seeds' | 'stageOne' | 'groupLabels'>;

/** A method whose worst group was measured in every seed that it was tested in. */
interface Measured {
  readonly name: string;
  readonly method: TestedMethod;
  /** Mean over its seeds. */
  readonly accuracy: number;
  readonly interval: readonly [number, number];
  readonly seeds: number;
}

/** Below these a classifier has not learnt anything. */
const FEWEST_STEPS = 100;
/** More methods than these between the two that are compared are summed up. */
const MOST_NAMED = 2;

const capitalized = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;

function measured(method: TestedMethod): Measured | null {
  const { name, tests } = method;
  const worst = tests.flatMap((test) => {
    const { worstGroup } = test.result;
    if (worstGroup === null) return [];
    const { accuracy } = worstGroup;
    return [
      { accuracy, interval: groupOf(test, worstGroup.name)?.interval ?? ([accuracy, accuracy] as const) },
    ];
  });
  if (worst.length === 0 || worst.length < tests.length) return null;
  const accuracies = worst.map(({ accuracy }) => accuracy);
  const interval = meanInterval(
    accuracies,
    worst.map((each) => each.interval),
  );
  const accuracy = accuracies.reduce((sum, value) => sum + value, 0) / accuracies.length;
  return { name, method, accuracy, interval, seeds: worst.length };
}

const worst = ({ accuracy }: Measured): string => percentText(accuracy);

const intervalsOverlap = ({ interval: a }: Measured, { interval: b }: Measured): boolean =>
  a[0] <= b[1] && b[0] <= a[1];

/** That a method's worst group is not known, and why. */
function unmeasured(input: HeadlineInput, method: TestedMethod): string {
  const reason = missingReason(input, method, 'worstGroup');
  return `the worst group of ${method.name} was not measured${reason === undefined ? '' : ` (${reason})`}`;
}

function comparison(method: Measured, baseline: Measured): string {
  const [from, to] = [worst(baseline), worst(method)];
  if (intervalsOverlap(method, baseline)) {
    return `${method.name} does not clearly change the worst group: ${to} against ${from} with ${baseline.name}`;
  }
  return method.accuracy > baseline.accuracy
    ? `${method.name} lifts the worst group from ${from} with ${baseline.name} to ${to}`
    : `${method.name} does not lift the worst group: it falls from ${from} with ${baseline.name} to ${to}`;
}

/** In how many seeds one method is below another, if in all that both have and these are several; else undefined. */
function belowInEach(one: Measured, other: Measured): number | undefined {
  const differences = pairedDifferences(other.method, one.method, worstGroupOf);
  return differences.length >= LEAST_SEEDS && Math.min(...differences) > 0 ? differences.length : undefined;
}

function otherClause(one: Measured, method: Measured): string {
  if (!intervalsOverlap(one, method)) return `${one.name} reaches ${worst(one)}`;
  const below = belowInEach(one, method);
  return below === undefined
    ? `${one.name} is level with ${method.name} at ${worst(one)}`
    : `${one.name} reaches ${worst(one)}, less in each of the ${below} seeds`;
}

/** The measured methods that are neither of the two compared. */
function otherClauses(others: readonly Measured[], method: Measured): readonly string[] {
  if (others.length > MOST_NAMED) {
    const sorted = [...others].sort((a, b) => a.accuracy - b.accuracy);
    const [lowest, highest] = [sorted[0]!, sorted.at(-1)!];
    return [
      `the ${others.length} others reach from ${worst(lowest)} (${lowest.name}) to ${worst(highest)} (${highest.name})`,
    ];
  }
  return others.map((one) => otherClause(one, method));
}

function unmeasuredClauses(input: HeadlineInput, methods: readonly TestedMethod[]): readonly string[] {
  return methods.length > MOST_NAMED
    ? [`the worst groups of ${methods.length} others were not measured`]
    : methods.map((method) => unmeasured(input, method));
}

/** Over how many seeds the numbers are means; nothing for one. */
function overSeeds(methods: readonly Measured[]): string {
  const counts = methods.map(({ seeds }) => seeds);
  const [fewest, most] = [Math.min(...counts), Math.max(...counts)];
  if (most === 1) return '';
  return fewest === most ? ` (means of ${most} seeds)` : ` (means of ${fewest} to ${most} seeds)`;
}

/** The comparison of a method with the baseline, the first of kind erm or else the first, and what the others reach. */
function comparedSentence(
  input: HeadlineInput,
  methods: readonly TestedMethod[],
  known: readonly Measured[],
): string {
  const plain = input.methods.filter(({ kind }) => kind === 'erm').map(({ name }) => name);
  const baseline = known.find(({ name }) => plain.includes(name)) ?? known[0]!;
  const method = known.filter((each) => each !== baseline).at(-1)!;
  const others = known.filter((each) => each !== baseline && each !== method);
  const lacking = methods.filter(({ name }) => !known.some((each) => each.name === name));
  const clauses = [
    comparison(method, baseline),
    ...otherClauses(others, method),
    ...unmeasuredClauses(input, lacking),
  ];
  return `${clauses.join('; ')}${overSeeds(known)}.`;
}

function singleSentence({ tests }: TestedMethod, method: Measured): string {
  const averages = tests.flatMap(({ result }) => result.average ?? []);
  const average = averages.reduce((sum, value) => sum + value, 0) / averages.length;
  const hidden = averages.length < tests.length ? '' : `, while the average says ${percentText(average)}`;
  return `${method.name} is right on ${worst(method)} of its worst group${hidden}${overSeeds([method])}.`;
}

/** That so few steps show nothing but that everything runs; undefined if there were more. */
function smokeSentence({ seeds }: HeadlineInput, steps: number): string | undefined {
  if (steps >= FEWEST_STEPS) return undefined;
  const outcomes = seeds.flatMap(({ stage1, methods }) => [...stage1, ...Object.values(methods)]);
  const failed = outcomes.filter((outcome) => 'failed' in outcome).length;
  const runs = failed === 0 ? 'everything runs' : `${failed} of ${outcomes.length} runs failed`;
  return `Smoke run: ${runs}, and nothing was learnt in ${steps} ${steps === 1 ? 'step' : 'steps'}.`;
}

/** Of generators alone. */
function stageOneHeadline(input: HeadlineInput): string {
  const found = input.seeds
    .flatMap(({ stage1 }) => stage1)
    .filter((each): each is StageOneFigures => !('failed' in each));
  const [first] = found;
  if (first === undefined) return 'No generators were trained.';
  const smoke = smokeSentence(input, Math.max(...found.map(({ steps }) => steps)));
  if (smoke !== undefined) return smoke;
  const domains = input.stageOne.find(({ name }) => name === first.name);
  const [source, target] = [domains?.source ?? 'source', domains?.target ?? 'target'];
  if (first.flipRate === null)
    return `${first.name} was trained for ${first.steps} steps, and no gate has judged it.`;
  const { toTarget, toSource } = first.flipRate;
  return `${percentText(toTarget)} of the ${source} → ${target} translations and ${percentText(toSource)} of the ${target} → ${source} ones pass the strict gate.`;
}

/**
 * One sentence on the worst group: the last method against the baseline, and what the others reach. A run of very few
 * steps has nothing to say of it, and what was not measured is not compared.
 *
 * @param input Of any number of methods and seeds.
 * @returns A sentence with its full stop.
 */
export function headline(input: HeadlineInput): string {
  const methods = testedMethods(input);
  const [first] = methods;
  if (first === undefined) return stageOneHeadline(input);
  const tests = methods.flatMap((method) => method.tests);
  if (tests.length === 0) return 'No classifier was trained.';
  const smoke = smokeSentence(input, Math.max(...tests.map(({ result }) => result.steps)));
  if (smoke !== undefined) return smoke;
  const known = methods.flatMap((method) => measured(method) ?? []);
  if (methods.length === 1)
    return known.length === 1
      ? singleSentence(first, known[0]!)
      : `${capitalized(unmeasured(input, first))}.`;
  if (known.length > 1) return comparedSentence(input, methods, known);
  const lacking = methods.find(({ name }) => name !== known[0]?.name)!;
  return `${methods.at(-1)!.name} and ${first.name} cannot be compared: ${unmeasured(input, lacking)}.`;
}
