/**
 * A trace: all operations that a function runs on the native backend, with their attributes and where each input comes
 * from. It is taken where every kernel of that backend ends, at `executeOp` of its binding, while the function runs
 * as ever. What the host hands over on the way becomes a constant of the trace.
 */
import * as tf from '@tensorflow/tfjs';
import type {
  DataType,
  NativeAttribute,
  NativeBackend,
  NativeBinding,
  NativeData,
} from './native-backend.ts';

/** Where a value comes from: an input by its name, `c3`, or output 1 of an operation: `n7:1`. */
export type TensorSource = string;

/** A value that was handed over by the host. */
export interface TracedConstant {
  readonly dtype: DataType;
  readonly shape: readonly number[];
  /** As in memory. */
  readonly bytes: Uint8Array;
}

/** Kinds of attributes; lists have arrays as value. */
export type AttributeKind = 'string' | 'int' | 'float' | 'bool' | 'type' | 'shape';

/** An attribute of an operation. */
export interface TracedAttribute {
  readonly name: string;
  readonly kind: AttributeKind;
  readonly value: unknown;
}

/** A value in a trace. */
export interface TracedValue {
  readonly source: TensorSource;
  readonly dtype: DataType;
}

/** An operation that was run. */
export interface TracedOperation {
  readonly name: string;
  readonly attributes: readonly TracedAttribute[];
  readonly inputs: readonly TracedValue[];
}

/** What was run, in order, and where the results come from. */
export interface Trace {
  readonly operations: readonly TracedOperation[];
  readonly constants: readonly TracedConstant[];
  readonly results: readonly TracedValue[];
}

interface Value {
  readonly dtype: DataType;
  /** True if it depends on an input. */
  readonly varies: boolean;
  /** Constants are numbered as they are used: when the backend uploads one differs from call to call. */
  readonly source: () => TensorSource;
}

/** A trace under way. */
interface Recording {
  /** By the ids of their handles. */
  readonly values: Map<number, Value>;
  readonly operations: TracedOperation[];
  readonly constants: TracedConstant[];
  /** Whether the function read a value back that depends on an input, even if it caught the error. */
  readBack: boolean;
  /** Whether a kernel is running that reads its indices only to check them. */
  checksIndices: boolean;
}

const READ_BACK =
  'the step reads a tensor back (data, dataSync, array, arraySync, print, or an operation that does) ' +
  'which depends on its state or batch, so that what it does cannot be told beforehand; ' +
  'keep values in tensors, return them in the losses, or pass what is read in as part of the batch';

/**
 * Runs `f` and records what it does.
 *
 * @param backend Restored when `f` returns or throws.
 * @param inputs What the trace depends on, by name; no two share their data.
 * @param f Called once; its `results` are tensors whose sources are wanted.
 * @throws Error if `f` reads a value back that depends on an input, or makes a tensor of strings.
 */
export function trace<T>(
  backend: NativeBackend,
  inputs: ReadonlyMap<string, tf.Tensor>,
  f: () => { readonly value: T; readonly results: readonly tf.Tensor[] },
): { readonly value: T; readonly trace: Trace } {
  const recording: Recording = {
    values: new Map(),
    operations: [],
    constants: [],
    readBack: false,
    checksIndices: false,
  };
  for (const [name, tensor] of inputs) recordInput(recording, backend, name, tensor);
  const { value, results } = whileRecording(recording, backend, f);
  try {
    return { value, trace: finishedTrace(recording, backend, results) };
  } catch (error) {
    tf.dispose([...results]);
    throw error;
  }
}

function recordInput({ values }: Recording, backend: NativeBackend, name: string, tensor: tf.Tensor): void {
  const [id] = backend.getInputTensorIds([tensor]);
  const { dtype } = backend.tensorMap.get(tensor.dataId);
  values.set(id!, { source: () => name, dtype, varies: true });
}

function recordConstant(
  { values, constants }: Recording,
  { id, dtype, shape }: NativeData,
  data: unknown,
): void {
  if (!ArrayBuffer.isView(data))
    throw new Error('the step makes a tensor of strings; only float32, int32 and bool can be compiled');
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice();
  let number = -1;
  const source = (): TensorSource => {
    if (number < 0) number = constants.push({ dtype, shape: [...shape], bytes }) - 1;
    return `c${number}`;
  };
  values.set(id, { source, dtype, varies: false });
}

/** A binding that does what another does and records it. */
function recordingBinding(recording: Recording, binding: NativeBinding): NativeBinding {
  const { values, operations } = recording;
  const kinds = attributeKinds(binding);
  const members: Partial<NativeBinding> = {
    createTensor(shape, dtype, data) {
      const id = binding.createTensor(shape, dtype, data);
      recordConstant(recording, { id, dtype, shape }, data);
      return id;
    },
    executeOp(name, attributes, ids, count) {
      const outputs = binding.executeOp(name, attributes, ids, count);
      const operands = ids.map((id) => values.get(id)!);
      const varies = operands.some((operand) => operand.varies);
      const number = operations.length;
      const source = (k: number): TensorSource => `n${number}:${k}`;
      outputs.forEach(({ id, dtype }, k) => values.set(id, { source: () => source(k), dtype, varies }));
      operations.push({
        name,
        attributes: attributes.map((attribute) => tracedAttribute(kinds, attribute)),
        inputs: operands.map(tracedValue),
      });
      return outputs;
    },
    tensorDataSync(id) {
      if (values.get(id)?.varies === true && !recording.checksIndices) {
        recording.readBack = true;
        throw new Error(READ_BACK);
      }
      return binding.tensorDataSync(id);
    },
  };
  // Its own members cannot be written over.
  const properties = Object.entries(members).map(([name, value]) => [name, { value }] as const);
  return Object.create(binding, Object.fromEntries(properties)) as NativeBinding;
}

function recordedIds(
  recording: Recording,
  backend: NativeBackend,
  tensors: readonly tf.TensorInfo[],
): number[] {
  const ids = Object.getPrototypeOf(backend).getInputTensorIds.call(backend, tensors) as number[];
  ids.forEach((id, i) => {
    if (recording.values.has(id)) return;
    // Made before the trace and no input of it: what it holds now is part of the step.
    const { dtype, shape } = backend.tensorMap.get(tensors[i]!.dataId);
    recordConstant(recording, { id, dtype, shape }, backend.binding.tensorDataSync(id));
  });
  return ids;
}

function whileRecording<T>(recording: Recording, backend: NativeBackend, f: () => T): T {
  const { binding } = backend;
  backend.binding = recordingBinding(recording, binding);
  backend.getInputTensorIds = (tensors) => recordedIds(recording, backend, tensors);
  const restoreGather = wrapKernel('GatherV2', (kernel) => (call) => {
    // It reads its indices, only to see that they are in range; TensorFlow checks them again when it runs.
    recording.checksIndices = true;
    try {
      return kernel(call);
    } finally {
      recording.checksIndices = false;
    }
  });
  try {
    return f();
  } finally {
    restoreGather();
    backend.binding = binding;
    Reflect.deleteProperty(backend, 'getInputTensorIds');
  }
}

function finishedTrace(recording: Recording, backend: NativeBackend, results: readonly tf.Tensor[]): Trace {
  // A promise of a value is rejected later, where nobody may look.
  if (recording.readBack) throw new Error(READ_BACK);
  const { values, operations, constants } = recording;
  const ids = whileRecording(recording, backend, () => backend.getInputTensorIds(results));
  return { operations, constants, results: ids.map((id) => tracedValue(values.get(id)!)) };
}

/**
 * Puts a function around a kernel of the current backend.
 *
 * @returns Undoes it.
 */
function wrapKernel(name: string, around: (kernel: tf.KernelFunc) => tf.KernelFunc): () => void {
  const backendName = tf.getBackend();
  const registered = tf.getKernel(name, backendName);
  const replace = (kernel: tf.KernelConfig): void => {
    tf.unregisterKernel(name, backendName);
    tf.registerKernel(kernel);
  };
  replace({ ...registered, kernelFunc: around(registered.kernelFunc) });
  return () => replace(registered);
}

const tracedValue = ({ source, dtype }: Value): TracedValue => ({ source: source(), dtype });

function attributeKinds(binding: NativeBinding): ReadonlyMap<number, AttributeKind> {
  return new Map<number, AttributeKind>([
    [binding.TF_ATTR_STRING, 'string'],
    [binding.TF_ATTR_INT, 'int'],
    [binding.TF_ATTR_FLOAT, 'float'],
    [binding.TF_ATTR_BOOL, 'bool'],
    [binding.TF_ATTR_TYPE, 'type'],
    [binding.TF_ATTR_SHAPE, 'shape'],
  ]);
}

function tracedAttribute(
  kinds: ReadonlyMap<number, AttributeKind>,
  { name, type, value }: NativeAttribute,
): TracedAttribute {
  const kind = kinds.get(type);
  if (kind === undefined) throw new Error(`attribute ${name}: its type ${type} cannot be compiled`);
  return { name, kind, value: Array.isArray(value) ? [...(value as unknown[])] : value };
}

/**
 * The first difference between two traces of one function.
 *
 * @returns A phrase for a person, or null if both do the same.
 */
export function traceDifference(first: Trace, second: Trace): string | null {
  const length = Math.max(first.operations.length, second.operations.length);
  for (let i = 0; i < length; i++) {
    const [a, b] = [first.operations[i], second.operations[i]];
    if (a === undefined || b === undefined || JSON.stringify(a) !== JSON.stringify(b))
      return `operation ${i}: ${operationText(a)} in one step, ${operationText(b)} in the next`;
  }
  const differing = first.constants.findIndex((constant, i) => !sameConstant(constant, second.constants[i]!));
  if (differing >= 0)
    return `a value of shape [${first.constants[differing]!.shape.join(', ')}] made on the host${usedBy(first, differing)}`;
  return first.results.every(({ source }, i) => source === second.results[i]!.source)
    ? null
    : 'results come from other operations';
}

const operationText = (operation: TracedOperation | undefined): string =>
  operation === undefined
    ? 'none'
    : `${operation.name}(${operation.inputs.map(({ source }) => source).join(', ')})` +
      ` ${JSON.stringify(Object.fromEntries(operation.attributes.map(({ name, value }) => [name, value])))}`;

const sameConstant = (a: TracedConstant, b: TracedConstant): boolean =>
  a.dtype === b.dtype && a.shape.join() === b.shape.join() && Buffer.compare(a.bytes, b.bytes) === 0;

function usedBy({ operations }: Trace, constant: number): string {
  const user = operations.findIndex(({ inputs }) => inputs.some(({ source }) => source === `c${constant}`));
  return user < 0 ? '' : ` for operation ${user} (${operations[user]!.name})`;
}
