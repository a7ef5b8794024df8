import { fromBinary } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { decodeModel, encodeModel, type ModelRecord, tensorRecord } from "./model.ts";
import { ModelProtoSchema } from "./proto/onnx_pb.ts";

const node = (attributes: ModelRecord["nodes"][number]["attributes"], domain = "") => ({
  name: "node",
  opType: "Softmax",
  domain,
  inputs: ["x", "", "weight"],
  outputs: ["y"],
  attributes,
});
const model: ModelRecord = {
  name: "graph of é",
  nodes: [node({ axis: -1, alpha: { float: 0.5 }, mode: "constant", pads: [0, 1, -2], absent: undefined })],
  initializers: [
    tensorRecord("weight", "float32", { data: [1, -2.5, Number.NaN], shape: [3] }),
    tensorRecord("indices", "int32", { data: [-1, 2 ** 31 - 1], shape: [2, 1] }),
    tensorRecord("shape", "int64", { data: [-1, 2 ** 40], shape: [2] }),
    tensorRecord("none", "float32", { data: [], shape: [0, 3] }),
  ],
  inputs: [
    { name: "x", kind: "float32", shape: ["N", 3, 224, 224] },
    { name: "labels", kind: "int32", shape: [] },
  ],
  outputs: [{ name: "y", kind: "int64", shape: ["N", 10] }],
  metadata: { model: "resnet18", classes: "[]" },
};

describe("what is encoded is decoded", () => {
  test("name, ports, constants and metadata", () => {
    const { nodes, ...rest } = model;
    expect(decodeModel(encodeModel(model), "f.onnx")).toEqual({ ...rest, opTypes: nodes.map(({ opType }) => opType) });
  });

  test("constants whose bytes come beside the model name where they are", () => {
    const external = [{ name: "outside", kind: "float32", shape: [2, 3] }] as const;
    const { initializer } =
      fromBinary(ModelProtoSchema, encodeModel({ ...model, initializers: [], external })).graph ?? {};
    expect(initializer).toMatchObject([
      {
        name: "outside",
        dataType: 1,
        dims: [2n, 3n],
        dataLocation: 1,
        externalData: [{ key: "location", value: "outside" }],
      },
    ]);
  });

  test("nodes with their attributes by type", () => {
    const [written] = fromBinary(ModelProtoSchema, encodeModel(model)).graph?.node ?? [];
    expect(written).toMatchObject({ name: "node", opType: "Softmax", input: ["x", "", "weight"], output: ["y"] });
    const attributes = written?.attribute.map(({ name, type, i, f, s, ints }) => [name, type, { i, f, ints, s }]);
    const none = { i: 0n, f: 0, ints: [], s: new Uint8Array() };
    // the numbers of the types are the format's: float 1, int 2, string 3, ints 7
    expect(attributes).toEqual([
      ["axis", 2, { ...none, i: -1n }],
      ["alpha", 1, { ...none, f: 0.5 }],
      ["mode", 3, { ...none, s: new TextEncoder().encode("constant") }],
      ["pads", 7, { ...none, ints: [0n, 1n, -2n] }],
    ]);
  });

  test("versions: the format's 9, opset 20, and 1 of each other domain that a node has", () => {
    const own = { ...model, nodes: [node({}), node({}, "com.microsoft"), node({}, "com.microsoft")] };
    const proto = fromBinary(ModelProtoSchema, encodeModel(own));
    expect(proto).toMatchObject({ irVersion: 9n, producerName: "ocelli" });
    expect(proto.opsetImport.map(({ domain, version }) => [domain, version])).toEqual([
      ["", 20n],
      ["com.microsoft", 1n],
    ]);
  });
});

describe("bad files", () => {
  test.each([
    [
      "something else",
      new TextEncoder().encode("not a model"),
      /photo\.onnx: expected an ONNX model but it cannot be read/,
    ],
    ["nothing", new Uint8Array(), /photo\.onnx: expected an ONNX model but it has no graph/],
    ["half a model", encodeModel(model).subarray(0, 100), /photo\.onnx: expected an ONNX model but it cannot be read/],
  ])("%s is a UserError that names the file", (_, bytes, message) => {
    const decode = () => decodeModel(bytes, "photo.onnx");
    expect(decode).toThrow(message);
    expect(decode).toThrow(expect.objectContaining({ name: "UserError", hint: "Give a .onnx file." }));
  });
});
