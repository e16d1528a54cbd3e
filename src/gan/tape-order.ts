/**
 * Second-order gradients through operations that save their *output* for the gradient: tanh, sigmoid, exp, softmax.
 * The framework saves a copy, and notes the making of the copy on its tape before the operation itself. A later
 * walk along the tape then meets a copy of a tensor that does not seem to come from anywhere, and everything that
 * the first-order gradient owes to the saved output is lost without a word: tanh″ is taken to be 0. Putting each
 * entry behind the ones that make its inputs mends it.
 */
import * as tf from '@tensorflow/tfjs';

/**
 * Brings the tape of the gradient under way into an order in which every operation follows those that it uses. To
 * be called once a gradient has been taken inside another one. Outside of any gradient there is nothing to do.
 */
export function orderTape(): void {
  const { state } = tf.engine();
  const tape = state.activeTape as typeof state.activeTape | null;
  if (tape === null || tape === undefined) return;
  const makers = new Map(tape.flatMap((node) => node.outputs.map((output) => [output.id, node] as const)));
  const ordered: typeof tape = [];
  const pending = new Set(tape);
  const append = (node: (typeof tape)[number]): void => {
    if (!pending.delete(node)) return;
    for (const input of Object.values(node.inputs)) {
      const maker = makers.get(input.id);
      if (maker !== undefined) append(maker);
    }
    ordered.push(node);
  };
  tape.forEach(append);
  tape.splice(0, tape.length, ...ordered);
}
