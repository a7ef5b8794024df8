import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { messageOf, UserError } from "../errors.ts";
import type { Shape } from "../graph/value.ts";
import {
  type AttributeProto,
  AttributeProtoSchema,
  GraphProtoSchema,
  ModelProtoSchema,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  StringStringEntryProtoSchema,
  type TensorProto,
  TensorProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from "./proto/onnx_pb.ts";
import { expectRoom } from "./room.ts";

/** Element types with their numbers in the format and the arrays that hold them; float16 is held as its bits. */
const ELEMENTS = {
  float32: { code: 1, array: Float32Array },
  uint8: { code: 2, array: Uint8Array },
  int8: { code: 3, array: Int8Array },
  int16: { code: 5, array: Int16Array },
  int32: { code: 6, array: Int32Array },
  int64: { code: 7, array: BigInt64Array },
  bool: { code: 9, array: Uint8Array },
  float16: { code: 10, array: Uint16Array },
  float64: { code: 11, array: Float64Array },
} as const;

const OPSET = 20;
const IR_VERSION = 9; // the one that goes with opset 20
const EXTERNAL = 1; // a data_location
const ATTRIBUTE_TYPES = { float: 1, int: 2, string: 3, floats: 6, ints: 7 } as const;

/** Element type of a tensor in a file. */
export type ElementType = keyof typeof ELEMENTS;

/** The number of an element type in the format, as `Cast` takes it. */
export const elementCode = (kind: ElementType): number => ELEMENTS[kind].code;

/** Value of a node's attribute: integers, text, or a float marked as such. */
export type AttributeValue = number | string | readonly number[] | { readonly float: number };

/** A node before it is written. */
export interface NodeRecord {
  readonly name: string;
  readonly opType: string;
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, AttributeValue | undefined>>;
}

/** A constant before it is written; `bytes` are little-endian. */
export interface TensorRecord {
  readonly name: string;
  readonly kind: ElementType;
  readonly shape: Shape;
  readonly bytes: Uint8Array;
}

/** A constant whose bytes are not in the model: the runtime gets them beside it, as a file of the constant's name. */
export type ExternalRecord = Omit<TensorRecord, "bytes">;

/** An input or output of the graph; a size that is text is free, such as the batch size "N". */
export interface PortRecord {
  readonly name: string;
  readonly kind: ElementType;
  readonly shape: readonly (number | string)[];
}

/** A graph before it is written. */
export interface ModelRecord {
  readonly name: string;
  readonly nodes: readonly NodeRecord[];
  readonly initializers: readonly TensorRecord[];
  readonly external?: readonly ExternalRecord[];
  readonly inputs: readonly PortRecord[];
  readonly outputs: readonly PortRecord[];
  readonly metadata?: Readonly<Record<string, string>>;
  /** Version of ocelli that wrote it. */
  readonly producerVersion?: string;
}

/** A constant of the given numbers; of float16 they are its bits. */
export function tensorRecord(
  name: string,
  kind: ElementType,
  { data, shape }: { data: ArrayLike<number>; shape: Shape },
): TensorRecord {
  const typed = kind === "int64" ? BigInt64Array.from(Array.from(data, BigInt)) : new ELEMENTS[kind].array(data);
  return { name, kind, shape, bytes: new Uint8Array(typed.buffer) };
}

/** The bytes of a `.onnx` file. */
export function encodeModel(model: ModelRecord): Uint8Array {
  const graph = create(GraphProtoSchema, {
    name: model.name,
    node: model.nodes.map((node) =>
      create(NodeProtoSchema, {
        name: node.name,
        opType: node.opType,
        domain: node.domain,
        input: [...node.inputs],
        output: [...node.outputs],
        attribute: Object.entries(node.attributes).flatMap(([name, value]) =>
          value === undefined ? [] : [encodeAttribute(name, value)],
        ),
      }),
    ),
    initializer: [
      ...model.initializers.map((record) => create(TensorProtoSchema, { ...typeOf(record), rawData: record.bytes })),
      ...(model.external ?? []).map(encodeExternal),
    ],
    input: model.inputs.map(encodePort),
    output: model.outputs.map(encodePort),
  });
  const domains = new Set(["", ...model.nodes.map((node) => node.domain)]);
  const proto = create(ModelProtoSchema, {
    irVersion: BigInt(IR_VERSION),
    producerName: "ocelli",
    producerVersion: model.producerVersion ?? "",
    graph,
    opsetImport: [...domains].map((domain) =>
      create(OperatorSetIdProtoSchema, { domain, version: BigInt(domain === "" ? OPSET : 1) }),
    ),
    metadataProps: Object.entries(model.metadata ?? {}).map(([key, value]) =>
      create(StringStringEntryProtoSchema, { key, value }),
    ),
  });
  return toBinary(ModelProtoSchema, proto);
}

/** Inputs, outputs, constants and metadata of a `.onnx` file; `file` is named in errors. */
export function decodeModel(bytes: Uint8Array, file: string): Omit<ModelRecord, "nodes"> & { opTypes: string[] } {
  const kinds = new Map(Object.entries(ELEMENTS).map(([kind, { code }]) => [code as number, kind as ElementType]));
  const proto = decodeProto(bytes, file);
  const { graph } = proto;
  if (!graph) throw new UserError(`${file}: expected an ONNX model but it has no graph.`, "Give a .onnx file.");
  const port = ({ name, type }: ValueInfoProto): PortRecord => ({
    name,
    kind: kinds.get(type?.tensorType?.elemType ?? 0) ?? "float32",
    shape: (type?.tensorType?.shape?.dim ?? []).map(({ value }) =>
      value.case === "dimValue" ? Number(value.value) : (value.value ?? "?"),
    ),
  });
  return {
    name: graph.name,
    initializers: graph.initializer.map(({ name, dataType, dims, rawData }) => ({
      name,
      kind: kinds.get(dataType) ?? "float32",
      shape: dims.map(Number),
      bytes: rawData,
    })),
    inputs: graph.input.map(port),
    outputs: graph.output.map(port),
    metadata: Object.fromEntries(proto.metadataProps.map(({ key, value }) => [key, value])),
    opTypes: graph.node.map((node) => node.opType),
  };
}

function decodeProto(bytes: Uint8Array, file: string) {
  try {
    expectRoom(ModelProtoSchema, bytes);
    return fromBinary(ModelProtoSchema, bytes);
  } catch (error) {
    throw new UserError(
      `${file}: expected an ONNX model but it cannot be read: ${messageOf(error)}.`,
      "Give a .onnx file.",
      {
        cause: error,
      },
    );
  }
}

function encodeAttribute(name: string, value: AttributeValue): AttributeProto {
  if (typeof value === "string") {
    return create(AttributeProtoSchema, { name, type: ATTRIBUTE_TYPES.string, s: new TextEncoder().encode(value) });
  }
  if (typeof value === "number")
    return create(AttributeProtoSchema, { name, type: ATTRIBUTE_TYPES.int, i: BigInt(value) });
  if ("float" in value) return create(AttributeProtoSchema, { name, type: ATTRIBUTE_TYPES.float, f: value.float });
  return create(AttributeProtoSchema, { name, type: ATTRIBUTE_TYPES.ints, ints: value.map(BigInt) });
}

const typeOf = ({ name, kind, shape }: ExternalRecord) => ({
  name,
  dataType: elementCode(kind),
  dims: shape.map(BigInt),
});

const encodeExternal = (record: ExternalRecord): TensorProto =>
  create(TensorProtoSchema, {
    ...typeOf(record),
    dataLocation: EXTERNAL,
    externalData: [create(StringStringEntryProtoSchema, { key: "location", value: record.name })],
  });

const encodePort = ({ name, kind, shape }: PortRecord): ValueInfoProto =>
  create(ValueInfoProtoSchema, {
    name,
    type: {
      tensorType: {
        elemType: elementCode(kind),
        shape: {
          dim: shape.map((size) =>
            typeof size === "number"
              ? { value: { case: "dimValue" as const, value: BigInt(size) } }
              : { value: { case: "dimParam" as const, value: size } },
          ),
        },
      },
    },
  });
