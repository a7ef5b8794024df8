/** Turns the nodes of a Program, one after the other, into steps over tensors whose layouts are chosen on the way. */
import type { HostTensor } from "../../graph/define-op.ts";
import type { Program, Update } from "../../graph/program.ts";
import { type Node, type Shape, sizeOf, type Value } from "../../graph/value.ts";
import type { Pointer } from "../native.ts";
import { ARGUMENT, ELEMENT_BYTES, type Element } from "./codes.ts";
import type { Description, Dnnl } from "./dnnl.ts";
import type { Fusions } from "./fusions.ts";
import { type Layout, packArguments } from "./layout.ts";
import type { Held, Store } from "./store.ts";
import { Tensor } from "./tensor.ts";

/** Part of a run. */
export interface Step {
  /** The op, or `reorder`. */
  readonly name: string;
  run(): void;
}

type Arguments = Partial<Record<keyof typeof ARGUMENT, Tensor | undefined>>;

/** What a primitive reads and writes. */
export interface Uses {
  readonly reads: Arguments;
  readonly writes: Arguments;
  /** Operands of a sum or a concatenation. */
  readonly list?: readonly Tensor[];
  /** Asked at each run: whether it has done the work itself, on the same tensors. */
  readonly unless?: () => boolean;
}

/** The forward pass of a max pool. */
export interface MaxPoolForward {
  readonly description: Description;
  /** Which elements were chosen in this run, if that is not in oneDNN's workspace. */
  chosen: HostTensor | undefined;
}

/** Steps under construction. */
export class Builder {
  readonly dnnl: Dnnl;
  readonly steps: Step[] = [];
  readonly primitives: Pointer[] = [];
  /** All tensors of this plan, kept ones aside. */
  readonly tensors: Tensor[] = [];
  /** What the gradients of max pools must know of the forward pass, by its workspace. */
  readonly forwards = new Map<Value, MaxPoolForward>();
  readonly #store: Store;
  /** Of images and weights in convolutions and products. */
  readonly element: Element;
  /** What is done together. */
  readonly fusions: Fusions;
  /** Workspaces of batch normalisations that did a relu along, for their gradients. */
  readonly masks = new Map<Node, Tensor>();
  readonly #updates: readonly Update[];
  readonly #updated: ReadonlySet<string>;
  readonly #constants: ReadonlySet<string>;
  /** How often each value is still read. */
  readonly #readings = new Map<Value | string, number>();
  /** The tensor of each value, then its copies in other layouts. */
  readonly #made = new Map<Value | string, Tensor[]>();
  #name = "";

  constructor(
    store: Store,
    program: Program,
    { fusions, constants }: { fusions: Fusions; constants: ReadonlySet<string> },
  ) {
    this.#store = store;
    this.fusions = fusions;
    this.#constants = constants;
    this.#updates = program.updates;
    this.#updated = new Set(program.updates.map(({ variable }) => variable.name));
    this.dnnl = store.dnnl;
    this.element = store.element;
    const results = new Set(Object.values(program.outputs).map(keyOf));
    const values = [...program.nodes.flatMap(({ inputs }) => inputs), ...program.updates.map(({ value }) => value)];
    for (const value of values)
      if (value) this.#readings.set(keyOf(value), (this.#readings.get(keyOf(value)) ?? 0) + 1);
    for (const key of results) this.#readings.set(key, Number.POSITIVE_INFINITY);
  }

  /** Begins the steps of a node, which is the last to read what none after it reads. */
  begin({ op, inputs }: Node): void {
    this.#name = op;
    for (const value of inputs) {
      if (value) this.#readings.set(keyOf(value), (this.#readings.get(keyOf(value)) ?? 0) - 1);
    }
  }

  /**
   * A tensor for a value that becomes the content of a variable at the end of a run: the variable's own, if nobody reads
   * its old content after this node. The step that fills it may read it, element by element.
   */
  writeUpdate(value: Value): Tensor {
    const update = this.#updates.find((item) => item.value === value);
    const name = update?.variable.name;
    if (!update || 0 < (this.#readings.get(`variable ${name}`) ?? 0)) return this.write(value);
    const { tensor } = this.#store.hold(update.variable.name, update.variable.shape);
    this.bind(value, tensor);
    return tensor;
  }

  /** A value's tensor as it was made. */
  read(value: Value): Tensor {
    const [first] = this.#tensorsOf(value);
    if (!first) throw new Error(`a value of shape [${value.shape.join(", ")}] is read before it is made`);
    return first;
  }

  /** A value in a layout: as it was made, or a copy. */
  readAs(value: Value, layout: Layout): Tensor {
    const tensors = this.#tensorsOf(value);
    const known = tensors.find((tensor) => this.dnnl.same(tensor.layout, layout));
    if (known) return known;
    const held = this.#unchanging(value);
    const copy = held ? this.#renewed(held, layout) : this.reordered(this.read(value), layout);
    tensors.push(copy);
    return copy;
  }

  /** A value in row-major order, as `shape` if one is given. */
  readPlain(value: Value, shape: Shape = value.shape): Tensor {
    const plain = this.readAs(value, this.dnnl.plain(value.shape));
    return shape === value.shape ? plain : this.alias(plain, this.dnnl.plain(shape));
  }

  /** A tensor for the content of a value, row-major by default; the step that follows fills it. */
  write(value: Value, layout: Layout = this.dnnl.plain(value.shape)): Tensor {
    const tensor = this.scratch(layout);
    this.#made.set(keyOf(value), [tensor]);
    return tensor;
  }

  /** Makes `tensor` the content of a value. */
  bind(value: Value, tensor: Tensor): void {
    this.#made.set(keyOf(value), [tensor]);
  }

  /** A tensor for the use of one or a few steps. */
  scratch(layout: Layout): Tensor {
    const tensor = new Tensor(this.dnnl, layout);
    this.tensors.push(tensor);
    return tensor;
  }

  /**
   * A tensor that is computed of variables, none of which a run changes; again only when one was changed between runs.
   * `compute` gets their elements and gives those of the tensor, row-major.
   */
  derived(
    name: string,
    { layout, shape }: { layout: Layout; shape: Shape },
    { variables, compute }: { variables: readonly Value[]; compute: (...contents: Float32Array[]) => Float32Array },
  ): Tensor {
    const held = variables.map(({ shape: heldShape, source }) => {
      if (source.kind !== "variable") throw new Error(`${name} is computed of variables only`);
      return this.#store.hold(source.variable.name, heldShape);
    });
    const names = variables.map((value) => keyOf(value)).join(", ");
    const copy = this.#store.copyOf(`${name} of ${names}`, layout);
    const renew = (): void => {
      const version = held.reduce((total, one) => total + one.version, 0);
      if (copy.version === version) return;
      this.dnnl.fromPlain(compute(...held.map(({ tensor }) => tensor.storage.floats)), copy.tensor, shape);
      copy.version = version;
    };
    this.step([], renew, "renew");
    return copy.tensor;
  }

  /** Zeros that nothing changes. */
  zeros(layout: Layout): Tensor {
    return this.#store.kept(layout);
  }

  /** The same bytes in another layout. */
  alias(tensor: Tensor, layout: Layout): Tensor {
    const alias = new Tensor(this.dnnl, layout, tensor.storage);
    this.tensors.push(alias);
    return alias;
  }

  /** Adds a step in plain code. */
  step(tensors: readonly (Tensor | undefined)[], run: () => void, name = this.#name): void {
    for (const tensor of tensors) tensor?.storage.use(this.steps.length);
    this.steps.push({ name, run });
  }

  /** Adds a step that runs a primitive. */
  primitive(description: Description, { reads, writes, list = [], unless }: Uses, name = this.#name): void {
    const scratchpad = this.dnnl.layoutOf(description, "scratchpad");
    const named: Arguments = {
      ...reads,
      ...writes,
      ...(scratchpad.bytes === 0 ? {} : { scratchpad: this.scratch(scratchpad) }),
    };
    const uses = Object.entries(named).flatMap(([argument, tensor]) =>
      tensor ? [[ARGUMENT[argument as keyof typeof ARGUMENT], tensor] as const] : [],
    );
    const all = [...uses, ...list.map((tensor, index) => [ARGUMENT.first + index, tensor] as const)];
    const packed = packArguments(all.map(([argument, tensor]) => [argument, tensor.memory]));
    const primitive = this.dnnl.primitive(description);
    this.primitives.push(primitive);
    const tensors = all.map(([, tensor]) => tensor);
    const run = (): void => this.dnnl.execute(primitive, packed);
    this.step(tensors, unless ? () => void (unless() || run()) : run, name);
  }

  /** A copy in another layout. */
  reordered(from: Tensor, layout: Layout): Tensor {
    const to = this.scratch(layout);
    this.copy(from, to);
    return to;
  }

  /** Adds the step that copies a tensor into another. */
  copy(from: Tensor, to: Tensor): void {
    const description = this.dnnl.describeReorder(from.layout, to.layout);
    this.primitive(description, { reads: { src: from }, writes: { dst: to } }, "reorder");
  }

  #tensorsOf(value: Value): Tensor[] {
    const known = this.#made.get(keyOf(value));
    if (known) return known;
    const tensors = [...this.#first(value)];
    this.#made.set(keyOf(value), tensors);
    return tensors;
  }

  /** The tensor of what no step makes. */
  #first(value: Value): Tensor[] {
    const { source } = value;
    if (source.kind === "variable") return [this.#store.hold(source.variable.name, value.shape).tensor];
    return source.kind === "constant" ? [this.#constant(value, source.data)] : [];
  }

  #constant(value: Value, data: Float32Array | Int32Array): Tensor {
    const tensor = this.#store.kept(this.dnnl.plain(value.shape));
    if (data instanceof Int32Array) tensor.storage.integers.set(data);
    else tensor.storage.floats.set(data);
    return tensor;
  }

  /** Whether a value is a variable that keeps its content as long as the plan is run, so that a copy in another layout pays. */
  isConstant({ source }: Value): boolean {
    return source.kind === "variable" && this.#constants.has(source.variable.name);
  }

  /** The variable that a value reads, if it has the same content at the end of a run. */
  #unchanging({ source }: Value): Held | undefined {
    if (source.kind !== "variable" || this.#updated.has(source.variable.name)) return undefined;
    return this.#store.hold(source.variable.name, source.variable.shape);
  }

  #renewed(held: Held, layout: Layout): Tensor {
    const copy = this.#store.copyOf(held, layout);
    const description = this.dnnl.describeReorder(held.tensor.layout, layout);
    const primitive = this.dnnl.primitive(description);
    this.primitives.push(primitive);
    const scratchpad = this.dnnl.layoutOf(description, "scratchpad");
    const scratch = scratchpad.bytes === 0 ? undefined : this.scratch(scratchpad);
    const packed = packArguments([
      [ARGUMENT.src, held.tensor.memory],
      [ARGUMENT.dst, copy.tensor.memory],
      ...(scratch ? [[ARGUMENT.scratchpad, scratch.memory] as const] : []),
    ]);
    const run = (): void => {
      if (copy.version === held.version) return;
      this.dnnl.execute(primitive, packed);
      copy.version = held.version;
    };
    this.step([scratch], run, "renew");
    return copy.tensor;
  }
}

/** Inputs and variables are known by name: several values may read one. */
function keyOf(value: Value): Value | string {
  const { source } = value;
  if (source.kind === "input") return `input ${source.name}`;
  return source.kind === "variable" ? `variable ${source.variable.name}` : value;
}

/** Whether each element of the layout is one of the tensor's: no padding, so that element-wise primitives may go over all bytes. */
export const isDense = ({ bytes, element }: Layout, shape: Shape): boolean =>
  bytes === ELEMENT_BYTES[element] * sizeOf(shape);
