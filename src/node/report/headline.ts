/**
 * What the numbers say, in sentences. Two accuracies count as different only if their 95 % intervals do not overlap,
 * which is on the careful side; and whatever comes is said, a failure as plainly as a success.
 */
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

const worst = ({ worstGroup }: MethodResults): string => percentText(worstGroup.accuracy);

function intervalsOverlap(a: MethodResults, b: MethodResults): boolean {
  const interval = ({ groups, worstGroup }: MethodResults): readonly [number, number] =>
    groups.find(({ name }) => name === worstGroup.name)?.interval ?? [
      worstGroup.accuracy,
      worstGroup.accuracy,
    ];
  const [[lowA, highA], [lowB, highB]] = [interval(a), interval(b)];
  return lowA <= highB && lowB <= highA;
}

function comparison(
  method: { name: MethodName; result: MethodResults },
  baseline: { name: MethodName; result: MethodResults },
): string {
  const [label, other] = [methodLabel(method.name), methodLabel(baseline.name)];
  const difference = method.result.worstGroup.accuracy - baseline.result.worstGroup.accuracy;
  const [from, to] = [worst(baseline.result), worst(method.result)];
  if (intervalsOverlap(method.result, baseline.result)) {
    return `${label} does not clearly change the worst group: ${to} against ${from} with ${other}`;
  }
  return difference > 0
    ? `${label} lifts the worst group from ${from} to ${to}`
    : `${label} does not lift the worst group: it falls from ${from} with ${other} to ${to}`;
}

/** The preset that only shows that everything runs, and the steps below which it has taught nothing. */
const SMOKE = { preset: 'smoke', steps: 100 } as const;

/**
 * One sentence on the worst group: the last method of the report's order against the first, and the one between. A
 * smoke run has nothing to say of it.
 *
 * @param results Of any number of methods.
 * @returns A sentence with its full stop.
 */
export function headline(
  results: Pick<ExperimentResults, 'methods'> & Partial<Pick<ExperimentResults, 'preset'>>,
): string {
  const methods = methodsOf(results);
  const [baseline] = methods;
  const method = methods.at(-1);
  if (!baseline || !method) return 'No classifier was trained.';
  const steps = Math.max(...methods.map(({ result }) => result.steps));
  if (results.preset === SMOKE.preset && steps < SMOKE.steps)
    return `Smoke run: everything runs, and nothing was learnt in ${steps} steps.`;
  if (methods.length === 1) {
    const { average } = baseline.result;
    const hidden = average === null ? '' : `, while the average says ${percentText(average)}`;
    return `${methodLabel(baseline.name)} is right on ${worst(baseline.result)} of its worst group${hidden}.`;
  }
  const between = methods
    .slice(1, -1)
    .map(({ name, result }) =>
      intervalsOverlap(result, method.result)
        ? `; ${methodLabel(name)} is level with ${methodLabel(method.name)} at ${worst(result)}`
        : `; ${methodLabel(name)} reaches ${worst(result)}`,
    );
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
