/**
 * A trace of a step as a TensorFlow graph in a SavedModel. The state lives in it as resource variables:
 *
 *   `ready`: every `s3_value` (fed) is assigned to variable `s3`;
 *   `s3_read`: what variable `s3` holds;
 *   `done`: the batch `b0`, `b1`, … is fed, the step is run, its new state assigned, after everything was read;
 *   `l0`, `l1`, …: the losses of that step.
 */
import { create, toBinary, type MessageInitShape } from '@bufbuild/protobuf';
import type { DataType, NativeBinding } from './native-backend.ts';
import { attributesOf } from './operations.ts';
import {
  SavedModelSchema,
  type AttrValueSchema,
  type NodeDefSchema,
  type TensorProtoSchema,
} from './saved-model_pb.ts';
import type { TensorSource, Trace, TracedAttribute, TracedConstant, TracedOperation } from './trace.ts';

type Node = MessageInitShape<typeof NodeDefSchema>;
type Attribute = MessageInitShape<typeof AttrValueSchema>;

/** Type and shape of a tensor. */
export interface TensorType {
  readonly dtype: DataType;
  readonly shape: readonly number[];
}

/** A step, ready to be written. The trace's results are the new state, then the losses. */
export interface StepGraph {
  readonly trace: Trace;
  readonly state: readonly TensorType[];
  readonly batch: readonly TensorType[];
  readonly types: Pick<NativeBinding, 'TF_FLOAT' | 'TF_INT32'>;
}

/** Names of the graph's inputs and outputs, as the binding wants them. */
export const NAMES = {
  initialState: (k: number) => `s${k}_value:0`,
  state: (k: number) => `s${k}_read:0`,
  batch: (k: number) => `b${k}:0`,
  loss: (k: number) => `l${k}:0`,
  ready: 'ready:0',
  done: 'done:0',
} as const;

/** Names under which a trace knows its inputs. */
export const SOURCES = {
  state: (k: number): TensorSource => `s${k}_read`,
  batch: (k: number): TensorSource => `b${k}`,
} as const;

/** Of TensorFlow 2.15; older and newer ones read it. */
const PRODUCER = 1645;
const SCHEMA_VERSION = 1n;
/** The tag under which it is loaded. */
export const TAG = 'serve';

const type = (value: DataType): Attribute => ({ value: { case: 'type', value } });
const bytes = (value: string): Attribute => ({
  value: { case: 's', value: new TextEncoder().encode(value) },
});
const dimensions = (shape: readonly number[]) => ({ dim: shape.map((size) => ({ size: BigInt(size) })) });
const shapeAttribute = (shape: readonly number[]): Attribute => ({
  value: { case: 'shape', value: dimensions(shape) },
});

/**
 * The bytes of `saved_model.pb`.
 *
 * @throws Error naming an operation that is not in the table of operations.
 */
export function encodeSavedModel(step: StepGraph): Uint8Array {
  const { trace, state, batch, types } = step;
  const node = [
    ...state.flatMap((tensor, k) => variableNodes(k, tensor)),
    ...batch.map((tensor, k) => placeholder(`b${k}`, tensor)),
    ...trace.constants.map((constant, k) => constantNode(`c${k}`, constant, types)),
    ...trace.operations.map((operation, k) => operationNode(`n${k}`, operation)),
    ...state.map((tensor, k) =>
      assignment(`s${k}_next`, k, tensor, trace.results[k]!.source, [`^s${k}_read`]),
    ),
    ...trace.results.slice(state.length).map(({ source, dtype }, k) => ({
      name: `l${k}`,
      op: 'Identity',
      input: [source],
      attr: { T: type(dtype) },
    })),
    signal(
      'ready',
      state.map((_, k) => `s${k}_init`),
      types,
    ),
    signal(
      'done',
      state.map((_, k) => `s${k}_next`),
      types,
    ),
  ];
  const metaGraph = { metaInfoDef: { tags: [TAG] }, graphDef: { node, versions: { producer: PRODUCER } } };
  return toBinary(
    SavedModelSchema,
    create(SavedModelSchema, { savedModelSchemaVersion: SCHEMA_VERSION, metaGraphs: [metaGraph] }),
  );
}

function placeholder(name: string, { dtype, shape }: TensorType): Node {
  return { name, op: 'Placeholder', attr: { dtype: type(dtype), shape: shapeAttribute(shape) } };
}

function variableNodes(k: number, tensor: TensorType): Node[] {
  const { dtype, shape } = tensor;
  const name = `s${k}`;
  return [
    {
      name,
      op: 'VarHandleOp',
      attr: {
        dtype: type(dtype),
        shape: shapeAttribute(shape),
        shared_name: bytes(name),
        container: bytes(''),
      },
    },
    { name: `${name}_read`, op: 'ReadVariableOp', input: [name], attr: { dtype: type(dtype) } },
    placeholder(`${name}_value`, tensor),
    assignment(`${name}_init`, k, tensor, `${name}_value`, []),
  ];
}

function assignment(
  name: string,
  variable: number,
  { dtype }: TensorType,
  source: TensorSource,
  after: readonly string[],
): Node {
  return {
    name,
    op: 'AssignVariableOp',
    input: [`s${variable}`, source, ...after],
    attr: { dtype: type(dtype) },
  };
}

/** A number that is there once `nodes`, which have no output, have been run. */
function signal(name: string, nodes: readonly string[], types: StepGraph['types']): Node {
  const zero = { dtype: types.TF_INT32, shape: [], bytes: new Uint8Array(4) };
  return { ...constantNode(name, zero, types), input: nodes.map((node) => `^${node}`) };
}

function constantNode(name: string, constant: TracedConstant, types: StepGraph['types']): Node {
  const { dtype, shape } = constant;
  const tensor: MessageInitShape<typeof TensorProtoSchema> = {
    dtype,
    tensorShape: dimensions(shape),
    ...content(constant, types),
  };
  return {
    name,
    op: 'Const',
    attr: { dtype: type(dtype), value: { value: { case: 'tensor', value: tensor } } },
  };
}

/** One number where all are the same, as in a tensor of ones. */
function content(
  { dtype, bytes: all }: TracedConstant,
  { TF_FLOAT, TF_INT32 }: StepGraph['types'],
): { tensorContent: Uint8Array } | { intVal: number[] } | { floatVal: number[] } {
  const words = dtype === TF_FLOAT || dtype === TF_INT32 ? new Int32Array(all.buffer) : new Int32Array();
  if (words.length < 2 || words.some((word) => word !== words[0])) return { tensorContent: all };
  return dtype === TF_INT32
    ? { intVal: [words[0]!] }
    : { floatVal: [new Float32Array(all.buffer, 0, 1)[0]!] };
}

function operationNode(name: string, { name: op, attributes, inputs }: TracedOperation): Node {
  const rules = attributesOf(op);
  if (rules === null) {
    throw new Error(
      `operation ${op} cannot be compiled: its attributes are not in the table of src/compile/operations.ts`,
    );
  }
  const given = new Map(attributes.map((attribute) => [attribute.name, attribute]));
  const attr: Record<string, Attribute> = {};
  for (const { name: attribute, typeOfInput, otherInputs } of rules) {
    const value = given.get(attribute);
    if (value !== undefined) attr[attribute] = attributeValue(value);
    else if (typeOfInput !== undefined) attr[attribute] = type(inputs[typeOfInput]!.dtype);
    else if (otherInputs !== undefined)
      attr[attribute] = { value: { case: 'i', value: BigInt(inputs.length - otherInputs) } };
  }
  return { name, op, input: inputs.map(({ source }) => source), attr };
}

function attributeValue({ kind, value }: TracedAttribute): Attribute {
  switch (kind) {
    case 'string':
      return bytes(String(value));
    case 'type':
      return type(value as DataType);
    case 'shape':
      return shapeAttribute(value as readonly number[]);
    case 'int':
      return Array.isArray(value)
        ? list({ i: (value as number[]).map(BigInt) })
        : { value: { case: 'i', value: BigInt(value as number) } };
    case 'float':
      return Array.isArray(value)
        ? list({ f: value as number[] })
        : { value: { case: 'f', value: value as number } };
    case 'bool':
      return Array.isArray(value)
        ? list({ b: value as boolean[] })
        : { value: { case: 'b', value: value as boolean } };
  }
}

const list = (value: { i?: bigint[]; f?: number[]; b?: boolean[] }): Attribute => ({
  value: { case: 'list', value },
});
