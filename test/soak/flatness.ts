/** What a long run uses, sample by sample, and whether that grows. */

/** What a process uses after so many steps. */
export interface Sample {
  readonly step: number;
  /** Resident memory, in MiB. */
  readonly resident: number;
  /** Open files and sockets. */
  readonly handles: number;
  readonly tensors: number;
  /** Bytes of the log. */
  readonly log: number;
}

/** The slope of a line through points, by least squares. */
export function slope(points: readonly (readonly [x: number, y: number])[]): number {
  const mean = (of: 0 | 1): number => points.reduce((sum, point) => sum + point[of], 0) / points.length;
  const [x, y] = [mean(0), mean(1)];
  const [over, under] = points.reduce(
    ([a, b], [px, py]) => [a + (px - x) * (py - y), b + (px - x) ** 2] as const,
    [0, 0] as const,
  );
  return over / under;
}

/** Memory may rise so much over the steps that are judged, in MiB: what the garbage collector leaves to chance. */
const LARGEST_RISE = 24;
/** The log's bytes a step of the second half, against those of the first: steps get more digits. */
const LARGEST_RATIO = 1.03;

const range = (values: readonly number[]): number => Math.max(...values) - Math.min(...values);

/**
 * Judges samples, without the first quarter of the steps, in which caches fill.
 *
 * @param samples At equal distances, eight at least.
 * @returns What grows, a line each; none if nothing does.
 */
export function growth(samples: readonly Sample[]): readonly string[] {
  const judged = samples.slice(Math.ceil(samples.length / 4));
  const [first, last] = [judged[0]!, judged.at(-1)!];
  const steps = last.step - first.step;
  const rise = slope(judged.map(({ step, resident }) => [step, resident])) * steps;
  const middle = judged[Math.floor(judged.length / 2)]!;
  const bytesOf = (from: Sample, to: Sample): number => (to.log - from.log) / (to.step - from.step);
  const ratio = bytesOf(middle, last) / bytesOf(first, middle);
  const handles = range(judged.map((sample) => sample.handles));
  const tensors = range(judged.map((sample) => sample.tensors));
  return [
    ...(rise > LARGEST_RISE ? [`resident memory rises by ${rise.toFixed(1)} MiB in ${steps} steps`] : []),
    ...(tensors > 0 ? [`the number of tensors differs by ${tensors}`] : []),
    ...(handles > 2 ? [`the number of open files differs by ${handles}`] : []),
    ...(ratio > LARGEST_RATIO || ratio < 1 / LARGEST_RATIO
      ? [`the log has ${ratio.toFixed(3)} times the bytes a step in the second half`]
      : []),
  ];
}
