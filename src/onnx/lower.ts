/** Program → one ONNX model of stock operators. */
import { inputName, type Program } from "../graph/program.ts";
import { type Node, type Shape, sizeOf, type TensorType, type Value, type Variable } from "../graph/value.ts";
import type { OpName } from "../ops/index.ts";
import { createEmission, type Emission, type Emitter, STANDARD, type Target } from "./emitter.ts";
import { flatten, fromFlat } from "./flat.ts";
import { kernels } from "./kernels/index.ts";
import {
  encodeModel,
  type ModelRecord,
  type NodeRecord,
  type PortRecord,
  type TensorRecord,
  tensorRecord,
} from "./model.ts";

/** A mask that the host makes before each run and feeds as the input `name`: `dropoutMask` has no ONNX operator. */
export interface HostMask {
  readonly name: string;
  /** The input that holds the key. */
  readonly key: string;
  readonly shape: Shape;
  readonly rate: number;
  readonly layer: number;
}

/** A Program as an ONNX model, and what each of its ports means. */
export interface LoweredProgram {
  readonly model: ModelRecord;
  /** Names of the Program's inputs that the model takes as they are. */
  readonly inputs: readonly string[];
  readonly masks: readonly HostMask[];
  /** Names of the variables that the model takes as inputs; as vectors where the target is ONNX Runtime alone. */
  readonly variables: readonly string[];
  /** Names of the variables whose contents the runtime is to get beside the model. */
  readonly external: readonly string[];
  /** Name of the model's output for each of the Program's: the same, unless an input or a variable has it. */
  readonly outputs: ReadonlyMap<string, string>;
  /** Name of the output that holds the new content of each variable. */
  readonly updates: ReadonlyMap<string, string>;
}

/** What `lowerProgram` takes besides the Program. */
export interface LowerOptions {
  readonly target: Target;
  /** Contents for variables, which become constants of the model; the others are inputs. */
  readonly constants?: ReadonlyMap<string, Float32Array>;
  /** Names of further variables that become constants: the runtime gets their contents beside the model. */
  readonly external?: ReadonlySet<string>;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** A kernel as it is applied to any node. */
export type ApplyKernel = (emitter: Emitter, inputs: readonly (string | undefined)[], node: Node) => readonly string[];

const kindOf = ({ dtype }: TensorType): PortRecord["kind"] => (dtype === "int32" ? "int32" : "float32");

/** The port of a value; a free batch is called "N". */
const portOf = (name: string, type: TensorType, freeBatch = false): PortRecord => ({
  name,
  kind: kindOf(type),
  shape: freeBatch ? ["N", ...type.shape.slice(1)] : type.shape,
});

/** Name of the output that holds the new content of a variable. */
const updateName = (variable: string): string => `next:${variable}`;

/** Names of the model's outputs by those of the Program's; in ONNX no output has the name of an input. */
function outputNames({ inputs, variables, outputs }: Program): Map<string, string> {
  const taken = new Set([...inputs.map(inputName), ...variables.map(({ name }) => name)]);
  return new Map(Object.keys(outputs).map((name) => [name, taken.has(name) ? `output:${name}` : name]));
}

/** Writes a Program as one ONNX model; its graph has the Program's names for inputs, variables and outputs. */
export function lowerProgram(
  program: Program,
  { target, constants = new Map(), external = new Set(), metadata }: LowerOptions,
): LoweredProgram {
  const isConstant = (name: string): boolean => constants.has(name) || external.has(name);
  const emission = createEmission(target, isConstant);
  const { nameOf, masks } = writeNodes(program, emission);
  const outputs = outputNames(program);
  const results = new Map<string, Result>();
  for (const [name, value] of Object.entries(program.outputs))
    results.set(outputs.get(name) ?? name, { name: nameOf(value), type: value });
  for (const { variable, value } of program.updates)
    results.set(updateName(variable.name), {
      name: target.contrib ? flatten(emission.emitter, nameOf(value), value.shape) : nameOf(value),
      type: storedType(variable, target),
    });
  const nodes = prune(named(emission, results), results.keys());

  const used = new Set(nodes.flatMap((node) => node.inputs));
  const inputs = program.inputs.filter((value) => used.has(inputName(value)));
  const variables = program.variables.filter(({ name }) => used.has(name));
  const free = variables.filter(({ name }) => !isConstant(name));
  const held = variables.flatMap(({ name, shape }): TensorRecord[] => {
    const data = constants.get(name);
    return data ? [tensorRecord(name, "float32", { data, shape })] : [];
  });
  const maskPort = ({ name, shape }: HostMask): PortRecord => ({ name, kind: "float32", shape });
  return {
    model: {
      name: program.name,
      nodes,
      initializers: [...emission.initializers.filter(({ name }) => used.has(name)), ...held],
      external: variables.flatMap(({ name, shape }) => (external.has(name) ? [{ name, kind: "float32", shape }] : [])),
      inputs: [
        ...inputs.map((value) => portOf(inputName(value), value, target.freeBatch)),
        ...masks.map(maskPort),
        ...free.map((variable) => portOf(variable.name, storedType(variable, target))),
      ],
      outputs: Array.from(results, ([name, { type }]) => portOf(name, type, target.freeBatch)),
      metadata,
    },
    inputs: inputs.map(inputName),
    masks,
    variables: free.map(({ name }) => name),
    external: variables.flatMap(({ name }) => (external.has(name) ? [name] : [])),
    outputs,
    updates: new Map(program.updates.map(({ variable }) => [variable.name, updateName(variable.name)])),
  };
}

/** The bytes of a Program as a `.onnx` file of standard operators, with the given contents of its variables inside. */
export function encodeProgram(program: Program, options: Omit<LowerOptions, "target"> = {}): Uint8Array {
  return encodeModel(lowerProgram(program, { ...options, target: STANDARD }).model);
}

/** A result of the model before it is named. */
interface Result {
  readonly name: string;
  readonly type: TensorType;
}

/** How the runtime holds a variable. */
const storedType = ({ shape }: Variable, { contrib }: Target): TensorType => ({
  shape: contrib ? [sizeOf(shape)] : shape,
  dtype: "float32",
});

interface Written {
  readonly nameOf: (value: Value) => string;
  readonly masks: readonly HostMask[];
}

/** A variable in its own shape. */
function variableName(emitter: Emitter, { name, shape }: Variable): string {
  return emitter.target.contrib && !emitter.isConstant(name) ? fromFlat(emitter, name, shape) : name;
}

function writeNodes(program: Program, { emitter }: Emission): Written {
  const names = new Map<Value, string>();
  const masks: HostMask[] = [];
  const nameOf = (value: Value): string => {
    const { source } = value;
    if (source.kind === "input") return source.name;
    if (source.kind === "variable") return variableName(emitter, source.variable);
    if (source.kind === "node") return names.get(value) ?? "";
    const write = source.data instanceof Int32Array ? emitter.int32s : emitter.floats;
    return write(source.data, value.shape);
  };
  for (const node of program.nodes) {
    const operands = node.inputs.map((operand) => operand && nameOf(operand));
    const op = node.op as OpName;
    if (op === "dropoutMask") {
      const { rate, layer } = node.attributes as { rate: number; layer: number };
      const mask = {
        name: `mask:${masks.length}`,
        key: operands[0] ?? "",
        shape: node.outputs[0]?.shape ?? [],
        rate,
        layer,
      };
      masks.push(mask);
      for (const output of node.outputs) names.set(output, mask.name);
      continue;
    }
    const written = (kernels[op] as unknown as ApplyKernel)(emitter, operands, node);
    for (const [index, output] of node.outputs.entries()) names.set(output, written[index] ?? "");
  }
  return { nameOf, masks };
}

/** The nodes with the results under their own names; a result that has another name too is a copy. */
function named({ nodes }: Emission, results: ReadonlyMap<string, Result>): NodeRecord[] {
  const made = new Set(nodes.flatMap((node) => node.outputs));
  const renamed = new Map<string, string>();
  const copies: NodeRecord[] = [];
  for (const [result, { name }] of results) {
    const current = renamed.get(name);
    if (made.has(name) && current === undefined) renamed.set(name, result);
    else
      copies.push({
        name: result,
        opType: "Identity",
        domain: "",
        inputs: [current ?? name],
        outputs: [result],
        attributes: {},
      });
  }
  const rename = (name: string): string => renamed.get(name) ?? name;
  const own = nodes.map((node) => ({ ...node, inputs: node.inputs.map(rename), outputs: node.outputs.map(rename) }));
  return [...own, ...copies];
}

/** Only the nodes that a result needs, without the last outputs that nobody reads (a max pool's indices in evaluation). */
export function prune(nodes: readonly NodeRecord[], results: Iterable<string>): NodeRecord[] {
  const needed = new Set(results);
  const kept: NodeRecord[] = [];
  for (const node of nodes.toReversed()) {
    const last = node.outputs.findLastIndex((name) => needed.has(name));
    if (last < 0) continue;
    for (const name of node.inputs) needed.add(name);
    kept.push({ ...node, outputs: node.opType === "Split" ? node.outputs : node.outputs.slice(0, last + 1) });
  }
  return kept.reverse();
}
