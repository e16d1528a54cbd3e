/**
 * What a compiled step asks of tfjs's native backend: every kernel goes through these few members of its class and of
 * its binding to TensorFlow. Because tfjs does not declare them, no other place relies on them.
 */
import * as tf from '@tensorflow/tfjs';

/** Numbers of TensorFlow's `DataType`. */
export type DataType = number;

/** An attribute as the backend passes it on; `type` is one of the binding's `TF_ATTR_…`. */
export interface NativeAttribute {
  readonly name: string;
  readonly type: number;
  readonly value: unknown;
}

/** An output of an operation; `id` is that of TensorFlow's handle and never used twice. */
export interface NativeOutput {
  readonly id: number;
  readonly shape: readonly number[];
  readonly dtype: DataType;
}

/** The binding to TensorFlow's C interface. */
export interface NativeBinding {
  executeOp(
    name: string,
    attributes: readonly NativeAttribute[],
    inputs: readonly number[],
    outputs: number,
  ): NativeOutput[];
  createTensor(shape: readonly number[], dtype: DataType, values: unknown): number;
  tensorDataSync(id: number): unknown;
  readonly TF_FLOAT: DataType;
  readonly TF_INT32: DataType;
  readonly TF_BOOL: DataType;
  readonly TF_INT64: DataType;
  readonly TF_ATTR_STRING: number;
  readonly TF_ATTR_INT: number;
  readonly TF_ATTR_FLOAT: number;
  readonly TF_ATTR_BOOL: number;
  readonly TF_ATTR_TYPE: number;
  readonly TF_ATTR_SHAPE: number;
}

/** What the backend knows of the data of a tensor. */
export interface NativeData {
  readonly id: number;
  readonly shape: readonly number[];
  readonly dtype: DataType;
}

/** The backend behind `tf.backend()` when it is `tensorflow`. */
export interface NativeBackend {
  binding: NativeBinding;
  getInputTensorIds(tensors: readonly tf.TensorInfo[]): number[];
  readonly tensorMap: { get(dataId: object): NativeData };
  executeSingleOutput(
    name: string,
    attributes: readonly NativeAttribute[],
    inputs: readonly tf.TensorInfo[],
  ): tf.Tensor;
  loadSavedModelMetaGraph(path: string, tags: string): number;
  runSavedModel(
    session: number,
    inputs: readonly tf.Tensor[],
    inputNames: readonly { readonly name: string }[],
    outputNames: readonly string[],
  ): tf.Tensor[];
  deleteSavedModel(session: number): void;
}

const METHODS = [
  'getInputTensorIds',
  'executeSingleOutput',
  'loadSavedModelMetaGraph',
  'runSavedModel',
  'deleteSavedModel',
] as const satisfies readonly (keyof NativeBackend)[];

/** The current backend if it is the native one, with all that is relied on; else null. */
export function currentNativeBackend(): NativeBackend | null {
  const backend = tf.backend() as tf.KernelBackend & Partial<NativeBackend>;
  const complete =
    METHODS.every((name) => typeof backend[name] === 'function') &&
    typeof backend.binding?.executeOp === 'function' &&
    typeof backend.binding.createTensor === 'function';
  return complete ? (backend as NativeBackend) : null;
}

/** Tensors with the same values and handles of their own; `tf.clone` would share the handle. */
export function copyTensors(backend: NativeBackend, tensors: readonly tf.Tensor[]): tf.Tensor[] {
  return tensors.map((tensor) => {
    backend.getInputTensorIds([tensor]);
    const { dtype } = backend.tensorMap.get(tensor.dataId);
    const type = { name: 'T', type: backend.binding.TF_ATTR_TYPE, value: dtype };
    return backend.executeSingleOutput('Identity', [type], [tensor]);
  });
}
