/**
 * What the numbers say, in sentences. Two accuracies count as different only if their 95 % intervals do not overlap,
 * which is on the careful side; and whatever comes is said, a failure as plainly as a success.
 */
import { whyNull } from '../../metrics/missing-groups.ts';
import { percentText } from './numbers.ts';
import type { ExperimentResults, MethodName, MethodResults, StageOneResults } from './results.ts';

/** The order in which methods are shown everywhere. */
export const METHOD_ORDER: readonly MethodName[] = ['erm', 'gdro', 'camel'];

const METHOD_LABELS: Readonly<Record<string, string>> = { erm: 'ERM', gdro: 'Group DRO', camel: 'CAMEL' };

/** What a reader calls a method. */
export function methodLabel(method: string): string {
  return Object.hasOwn(METHOD_LABELS, method) ? METHOD_LABELS[method]! : method;
}

/** The methods that were run, in the order of the report. */
export function methodsOf({
  methods,
}: Pick<ExperimentResults, 'methods'>): { name: MethodName; result: MethodResults }[] {
  return METHOD_ORDER.flatMap((name) => {
    const result = methods[name];
    return result ? [{ name, result }] : [];
  });
}

/** A method whose worst group was measured. */
interface Measured {
  readonly label: string;
  readonly accuracy: number;
  readonly interval: readonly [number, number];
}

type NamedResult = ReturnType<typeof methodsOf>[number];

function measured({ name, result: { groups, worstGroup } }: NamedResult): Measured | null {
  if (worstGroup === null) return null;
  const { accuracy } = worstGroup;
  const interval = groups.find((group) => group.name === worstGroup.name)?.interval;
  return { label: methodLabel(name), accuracy, interval: interval ?? [accuracy, accuracy] };
}

const worst = ({ accuracy }: Measured): string => percentText(accuracy);

const intervalsOverlap = ({ interval: a }: Measured, { interval: b }: Measured): boolean =>
  a[0] <= b[1] && b[0] <= a[1];

/** That a method's worst group is not known, and why. */
function unmeasured({ name, result }: NamedResult, nameOf?: (group: string) => string): string {
  const reason = whyNull(result, 'worstGroup', nameOf);
  return `the worst group of ${methodLabel(name)} was not measured${reason === undefined ? '' : ` (${reason})`}`;
}

function comparison(method: Measured, baseline: Measured): string {
  const [label, other] = [method.label, baseline.label];
  const [from, to] = [worst(baseline), worst(method)];
  if (intervalsOverlap(method, baseline)) {
    return `${label} does not clearly change the worst group: ${to} against ${from} with ${other}`;
  }
  return method.accuracy > baseline.accuracy
    ? `${label} lifts the worst group from ${from} to ${to}`
    : `${label} does not lift the worst group: it falls from ${from} with ${other} to ${to}`;
}

/** The preset that only shows that everything runs, and the steps below which it has taught nothing. */
const SMOKE = { preset: 'smoke', steps: 100 } as const;

/**
 * One sentence on the worst group: the last method of the report's order against the first, and the one between. A
 * smoke run has nothing to say of it, and what was not measured is not compared.
 *
 * @param results Of any number of methods.
 * @param nameOf What a reader calls a group; by default its name.
 * @returns A sentence with its full stop.
 */
export function headline(
  results: Pick<ExperimentResults, 'methods' | 'preset'>,
  nameOf?: (group: string) => string,
): string {
  const methods = methodsOf(results);
  const [first] = methods;
  const last = methods.at(-1);
  if (!first || !last) return 'No classifier was trained.';
  const steps = Math.max(...methods.map(({ result }) => result.steps));
  if (results.preset === SMOKE.preset && steps < SMOKE.steps)
    return `Smoke run: everything runs, and nothing was learnt in ${steps} steps.`;
  const [baseline, method] = [measured(first), measured(last)];
  if (baseline === null || method === null) {
    const missing = unmeasured(baseline === null ? first : last, nameOf);
    return methods.length === 1
      ? `${missing[0]!.toUpperCase()}${missing.slice(1)}.`
      : `${methodLabel(last.name)} and ${methodLabel(first.name)} cannot be compared: ${missing}.`;
  }
  if (methods.length === 1) {
    const { average } = first.result;
    const hidden = average === null ? '' : `, while the average says ${percentText(average)}`;
    return `${baseline.label} is right on ${worst(baseline)} of its worst group${hidden}.`;
  }
  const between = methods.slice(1, -1).map((each) => {
    const one = measured(each);
    if (one === null) return `; ${unmeasured(each, nameOf)}`;
    return intervalsOverlap(one, method)
      ? `; ${one.label} is level with ${method.label} at ${worst(one)}`
      : `; ${one.label} reaches ${worst(one)}`;
  });
  return `${comparison(method, baseline)}${between.join('')}.`;
}

/** Below these the gate's figures are called poor. */
export const GATE_LIMITS = { flipRate: 0.9, labelPreservation: 0.9, classifierAccuracy: 0.97 } as const;

/**
 * What is wrong with the translations, one sentence each; none if the gate's figures are good.
 *
 * @param stage1 The gate's figures.
 * @param names What a reader calls the two domains.
 */
export function gateWarnings(
  stage1: StageOneResults,
  { sourceName, targetName }: { readonly sourceName: string; readonly targetName: string },
): string[] {
  const directions = [
    { direction: 'toTarget', from: sourceName, to: targetName },
    { direction: 'toSource', from: targetName, to: sourceName },
  ] as const;
  const flips = directions
    .filter(({ direction }) => !(stage1.flipRate[direction] >= GATE_LIMITS.flipRate))
    .map(
      ({ direction, from, to }) =>
        `Only ${percentText(stage1.flipRate[direction])} of the ${from} → ${to} translations look like ${to} images to the strict classifier.`,
    );
  const classes = directions
    .filter(({ direction }) => !(stage1.labelPreservation[direction] >= GATE_LIMITS.labelPreservation))
    .map(
      ({ direction, from, to }) =>
        `Only ${percentText(stage1.labelPreservation[direction])} of the ${from} → ${to} translations keep their class, so CAMEL learns from wrong labels.`,
    );
  const judge =
    stage1.gateClassifierAccuracy >= GATE_LIMITS.classifierAccuracy
      ? []
      : [
          `The gate's own classifiers are right on only ${percentText(stage1.gateClassifierAccuracy)} of real images, so its figures cannot be relied on.`,
        ];
  return [...flips, ...classes, ...judge];
}
