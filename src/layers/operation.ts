/**
 * Operations with a gradient of their own, of as few kernel calls as they need. `tf.customGrad` copies every tensor
 * that its gradient uses and computes the gradients of all inputs. Here the tensors themselves are held until the
 * gradient has been taken. A gradient that nobody asks for is not computed. The entry that is put on the
 * framework's tape is of the same form as its own, so that both mix at every order.
 */
import * as tf from '@tensorflow/tfjs';

/** What an operation computes. */
export interface Computed<T extends tf.Tensor> {
  readonly output: T;
  /** What `gradients` uses besides the upstream gradient. */
  readonly held: readonly tf.Tensor[];
  /**
   * ∂loss/∂input for each input from ∂loss/∂output. Where it is itself differentiated, only inputs and output are
   * connected with the rest: what was computed from them on the way counts as constant.
   */
  readonly gradients: (upstream: T) => Readonly<Record<string, () => tf.Tensor>>;
}

/** Whether operations are being noted for a gradient. */
export const isRecording = (): boolean => {
  const { gradientDepth, kernelDepth } = tf.engine().state;
  return gradientDepth > 0 && kernelDepth === 0;
};

/** What `f` computes, as constants of the gradient under way; its other tensors are disposed. */
export function unrecorded<T extends tf.TensorContainer>(f: () => T): T {
  const { state } = tf.engine();
  state.kernelDepth++;
  try {
    return tf.tidy(f);
  } finally {
    state.kernelDepth--;
  }
}

/** Whether a tensor is there until the gradient under way has been taken, whatever the code inside it does. */
function outlivesGradient({ kept, scopeId }: tf.Tensor): boolean {
  const outermost = tf.engine().state.scopeStack.find(({ name }) => name === 'forward');
  return kept || outermost === undefined || !(scopeId >= outermost.id);
}

/**
 * One operation.
 *
 * @param inputs Those that a gradient may be asked for, by name.
 * @param compute The value; nothing inside it is noted for the gradient under way.
 * @returns The output. The held tensors must be in nobody else's hands, see {@link protectedInput} and
 *   {@link protectedOutput}: they are disposed with the tape.
 */
export function operation<T extends tf.Tensor>(
  inputs: Readonly<Record<string, tf.Tensor | undefined>>,
  compute: () => Computed<T>,
): T {
  if (!isRecording()) return tf.tidy(() => compute().output);
  const { state } = tf.engine();
  let saved: tf.Tensor[] = [];
  let gradients: Computed<T>['gradients'] | undefined;
  const output = unrecorded(() => {
    const computed = compute();
    saved = computed.held.filter((tensor) => !outlivesGradient(tensor)).map((tensor) => tf.keep(tensor));
    gradients = computed.gradients;
    return computed.output;
  });
  const given = Object.entries(inputs).filter(
    (entry): entry is [string, tf.Tensor] => entry[1] !== undefined,
  );
  state.activeTape.push({
    id: state.nextTapeNodeId++,
    kernelName: 'operation',
    inputs: Object.fromEntries(given),
    outputs: [output],
    saved,
    gradient: ([upstream]) => gradients!(upstream as T),
  });
  return output;
}

/** A caller's tensor, or a copy of it where an operation that holds it might outlive it. */
export const protectedInput = <T extends tf.Tensor>(x: T): T =>
  isRecording() && !outlivesGradient(x) ? x.clone() : x;

/** A tensor for the caller: a copy where an operation holds it. */
export const protectedOutput = <T extends tf.Tensor>(x: T): T => (x.kept ? x.clone() : x);
