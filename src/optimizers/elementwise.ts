/**
 * One elementwise rule serves many named tensors. Small tensors that agree in all but their first axis (above all
 * biases, normalisation scales and offsets) are joined along it: a call costs more than their arithmetic does. Large
 * ones are computed one by one: joining them and taking them apart again would copy all that memory.
 */
import * as tf from '@tensorflow/tfjs';

/** Elements above which a tensor's arithmetic outweighs the calls. */
const LARGE = 16_384;

/** Names of tensors that are computed together. */
function joinable(tensors: tf.NamedTensorMap): string[][] {
  const alone: string[][] = [];
  const byShape = new Map<string, string[]>();
  for (const [name, { rank, size, shape }] of Object.entries(tensors)) {
    const rest = shape.slice(1).join();
    if (rank === 0 || size > LARGE) alone.push([name]);
    else byShape.set(rest, [...(byShape.get(rest) ?? []), name]);
  }
  return [...alone, ...byShape.values()];
}

/**
 * A rule that maps corresponding tensors of one shape to any number of tensors of that shape, element by element.
 *
 * @param rows The tensors by name, the same names and shapes in each row.
 * @param rule Gets a tensor of each row, one name's or several joined; anything else it uses must be a scalar.
 * @returns What the rule returned, each as a map of the names and shapes of the first row; owned by the caller.
 */
export function elementwise<Results extends readonly tf.Tensor[]>(
  rows: readonly tf.NamedTensorMap[],
  rule: (...tensors: tf.Tensor[]) => Results,
): { [K in keyof Results]: tf.NamedTensorMap } {
  const results: tf.NamedTensorMap[] = tf.tidy(() => {
    const computed = joinable(rows[0]!).map((names) => {
      const inputs = rows.map((row) => names.map((name) => row[name]!));
      const sizes = inputs[0]!.map(({ shape }) => shape[0]!);
      const parts =
        names.length === 1
          ? rule(...inputs.map(([only]) => only!)).map((only) => [only])
          : rule(...inputs.map((several) => tf.concat(several))).map((joined) => tf.split(joined, sizes));
      return parts.map((tensors) => names.map((name, i) => [name, tensors[i]!] as const));
    });
    return (computed[0] ?? []).map((_, k) => {
      const byName = new Map(computed.flatMap((parts) => parts[k]!));
      return Object.fromEntries(Object.keys(rows[0]!).map((name) => [name, byName.get(name)!]));
    });
  });
  return results as { [K in keyof Results]: tf.NamedTensorMap };
}
