/**
 * Value, gradients and auxiliary outputs in one pass. `tf.variableGrads` disposes every tensor made inside it,
 * so that predictions, per-group losses or moving statistics of the same pass are lost; here they are returned.
 */
import * as tf from '@tensorflow/tfjs';
import { mapTensors, type TensorTree } from './tensor-tree.ts';

/** What {@link valueAndGradients} returns; the caller owns every tensor of it. */
export interface ValueAndGradients<A> {
  readonly loss: tf.Scalar;
  readonly aux: A;
  /** One gradient per variable, under its name, of its shape; zeros where the loss does not depend on it. */
  readonly gradients: tf.NamedTensorMap;
}

/**
 * The loss, ∂loss/∂variable for every variable, and whatever else `f` computed on the way.
 *
 * @param f Computes a scalar loss and a plain (nested) object of tensors from the variables it closes over.
 * @param variables A list of `tf.Variable` (named by `variable.name`), or any tensors by name.
 * @returns Loss, auxiliary tensors and gradients. All are owned by the caller, as are results of any operation:
 *   a surrounding `tf.tidy` disposes them.
 * @throws Error if the loss is not a scalar, or does not depend on any of the variables.
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs';
 * import { valueAndGradients } from 'model-patching';
 * const w = tf.tensor1d([3]);
 * const { loss, aux, gradients } = valueAndGradients(() => {
 *   const squared = w.square();
 *   return { loss: squared.sum().asScalar(), aux: { squared } };
 * }, { w });
 * if (gradients.w!.dataSync()[0] !== 6 || aux.squared.dataSync()[0] !== 9) throw new Error('wrong gradient');
 * tf.dispose([w, loss, aux, gradients]);
 * ```
 */
export function valueAndGradients<A extends tf.TensorContainerObject>(
  f: () => { loss: tf.Scalar; aux: A },
  variables: readonly tf.Variable[] | tf.NamedTensorMap,
): ValueAndGradients<A> {
  const named: tf.NamedTensorMap = Array.isArray(variables)
    ? Object.fromEntries((variables as readonly tf.Variable[]).map((variable) => [variable.name, variable]))
    : (variables as tf.NamedTensorMap);
  const names = Object.keys(named);
  const inputs = names.map((name) => named[name]!);
  const kept: tf.Tensor[] = [];
  let aux: TensorTree = {};
  return tf.tidy(() => {
    try {
      const { value, grads } = tf.engine().gradients(
        () => {
          const computed = f();
          const { loss } = computed;
          const { activeScope } = tf.engine().state;
          aux = mapTensors(computed.aux as TensorTree, (tensor) => {
            // Copied unless it was made inside f and is in nobody else's hands.
            const free = !tensor.kept && tensor.scopeId === activeScope.id && tensor !== loss;
            kept.push(tf.keep(free ? tensor : tensor.clone()));
            return kept[kept.length - 1]!;
          });
          return loss.kept ? loss.clone() : loss;
        },
        inputs,
        undefined,
        true,
      );
      // Checked behind the gradients: tfjs leaks what it has saved where the function under them throws.
      if (value.shape.length !== 0)
        throw new Error(`loss: expected a scalar, received shape [${value.shape.join(', ')}]`);
      if (grads.every((gradient) => gradient == null))
        throw new Error('loss: depends on none of the variables');
      kept.forEach(returnToScope);
      const gradients = Object.fromEntries(
        names.map((name, i) => [name, grads[i] ?? tf.zerosLike(inputs[i]!)]),
      );
      return { loss: value as tf.Scalar, aux: aux as A & TensorTree, gradients };
    } catch (error) {
      tf.dispose(kept);
      throw error;
    }
  });
}

/** Undoes `tf.keep`: the present scope disposes the tensor unless it is returned. */
function returnToScope(tensor: tf.Tensor): void {
  const { activeScope } = tf.engine().state;
  tensor.kept = false;
  tensor.scopeId = activeScope.id;
  activeScope.track.push(tensor);
}
