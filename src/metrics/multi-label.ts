/**
 * Metrics of several independent yes/no outputs, each with its own probability (attributes of a face, say).
 */
import { orNull } from './classification-metrics.ts';
import { type Predictions, readProbabilities, readScores, type ScoreRows } from './predictions.ts';
import { areaUnderRoc, recallAtThresholds } from './ranking.ts';

/** Metrics of m independent binary outputs. */
export interface MultiLabelMetrics {
  /** Number of examples. */
  readonly count: number;
  /** `[m]`: share of examples for which (p > ½) is the target; null if there is no example. */
  readonly binaryAccuracy: readonly (number | null)[];
  /** Mean of −[t·log(p̂ + ε) + (1 − t)·log(1 − p̂ + ε)] over all outputs, p̂ clipped to [ε, 1 − ε], ε = 10⁻⁷. */
  readonly binaryCrossEntropy: number | null;
  /** `[m]`: {@link areaUnderRoc}; null (`exact`) or 0 (`reference`) where a class is missing. */
  readonly areaUnderRoc: readonly (number | null)[];
  /** `[m][11]`: {@link recallAtThresholds} at 0, 0.1, …, 1. */
  readonly recall: readonly (readonly number[])[];
}

// The upper bound as float32 has it: at p = 1 and t = 0 the value hangs on 1 − p̂, where 1 − 10⁻⁷ is 1 − 1.19·10⁻⁷.
const [LOWEST, HIGHEST] = [1e-7, Math.fround(1 - 1e-7)];

function binaryCrossEntropy(probabilities: ScoreRows, targets: ScoreRows): number {
  const sum = probabilities.values.reduce((total, p, i) => {
    const clipped = Math.min(Math.max(p, LOWEST), HIGHEST);
    const t = targets.values[i]!;
    return total - t * Math.log(clipped + 1e-7) - (1 - t) * Math.log(1 - clipped + 1e-7);
  }, 0);
  return sum / probabilities.values.length;
}

function column({ values, count, classes }: ScoreRows, output: number): Float64Array {
  return Float64Array.from({ length: count }, (_, i) => values[i * classes + output]!);
}

/**
 * Accuracy, cross-entropy, area under the ROC and recalls of independent binary outputs.
 *
 * @param probabilities n rows of m probabilities.
 * @param targets n rows of m targets, 0 or 1.
 * @param options `areaUnderRoc`: its form, default `exact`.
 * @throws RangeError if the rows do not fit, a probability is NaN or outside [0, 1] or a target is not 0 or 1.
 * @example
 * ```ts
 * import { multiLabelMetrics } from 'model-patching/metrics';
 * const metrics = multiLabelMetrics([[0.9, 0.5], [0.2, 0.8]], [[1, 1], [0, 1]]);
 * if (metrics.binaryAccuracy.join() !== '1,0.5') throw new Error('one half is not above one half');
 * ```
 */
export function multiLabelMetrics(
  probabilities: readonly ArrayLike<number>[],
  targets: readonly ArrayLike<number>[],
  options: { readonly areaUnderRoc?: 'exact' | 'reference' } = {},
): MultiLabelMetrics {
  const count = targets.length;
  const scores = readProbabilities(probabilities as Predictions, count, 'probabilities');
  const truths = readScores(targets as Predictions, count, 'targets');
  if (scores.classes !== truths.classes) {
    throw new RangeError(
      `probabilities: expected rows of ${truths.classes} numbers, received ${scores.classes}`,
    );
  }
  const outputs = Array.from({ length: scores.classes }, (_, output) => ({
    score: column(scores, output),
    target: column(truths, output),
  }));
  const form = options.areaUnderRoc ?? 'exact';
  return {
    count,
    // First, because it is the ranking that refuses targets other than 0 and 1.
    areaUnderRoc: outputs.map(({ score, target }) => orNull(areaUnderRoc(score, target, { form }))),
    recall: outputs.map(({ score, target }) => recallAtThresholds(score, target)),
    binaryAccuracy: outputs.map(({ score, target }) =>
      orNull(score.reduce((hits, p, i) => hits + ((p > 0.5 ? 1 : 0) === target[i] ? 1 : 0), 0) / count),
    ),
    binaryCrossEntropy: orNull(binaryCrossEntropy(scores, truths)),
  };
}
