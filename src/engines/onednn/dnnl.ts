/** oneDNN's objects behind a small interface: layouts, descriptors of primitives, primitives and memories. */
import { type Shape, sizeOf } from "../../graph/value.ts";
import { type Pointer, viewOf } from "../native.ts";
import { Calls } from "./calls.ts";
import { ARGUMENT, ELEMENT_BYTES, type Element, ISA_WITH_BFLOAT16, type Operation, type QUERY } from "./codes.ts";
import type { Descriptors, Place } from "./descriptors.ts";
import { descriptors2 } from "./descriptors-2.ts";
import { descriptors3 } from "./descriptors-3.ts";
import { ARGUMENT_BYTES, type Layout, packArguments } from "./layout.ts";
import type { Library } from "./library.ts";

/** A description of a primitive for which oneDNN has found an implementation. */
export type Description = Pointer;

/** Attributes of primitives: none, relu applied to the result, the result added to what is there, or a scratchpad that oneDNN allocates itself. */
export type Attribute = "plain" | "relu" | "accumulate" | "ownScratchpad";

const CPU = 1;
const IN_ORDER = 1;
const USER_SCRATCHPAD = 1;

/** DNNL_MEMORY_ALLOCATE */
const ALLOCATE = 2n ** 64n - 1n;

/** One CPU engine of oneDNN with its stream. Objects live as long as it does. */
export class Dnnl {
  readonly #calls: Calls;
  readonly #descriptors: Descriptors;
  readonly #engine: Pointer;
  readonly #stream: Pointer;
  readonly #attributes = new Map<Attribute, Pointer>();
  readonly #layouts = new Map<string, Layout>();
  /** The memories of `allocate` that nobody has freed. */
  readonly #allocated = new Set<Pointer>();

  constructor(library: Library, threads: number) {
    this.#calls = new Calls(library);
    this.#descriptors = library.version[0] === 2 ? descriptors2(this.#calls) : descriptors3(this.#calls);
    // of the OpenMP that the library is linked to; a build for another threading runtime has none
    library.bindIfThere("void omp_set_num_threads(int)")?.(threads);
    this.#engine = this.#calls.made("dnnl_engine_create(_Out_ void **, int, size_t)", CPU, 0);
    this.#stream = this.#calls.made("dnnl_stream_create(_Out_ void **, void *, int)", this.#engine, IN_ORDER);
  }

  /** See `Descriptors`. */
  get gradientTakesShift(): boolean {
    return this.#descriptors.gradientTakesShift;
  }

  /** The row-major layout of a shape. */
  plain(shape: Shape, element: Element = "float32"): Layout {
    return this.strided(shape.length === 0 ? [1] : shape, undefined, element);
  }

  /** A layout by the distances between neighbours along each axis, in elements. */
  strided(shape: Shape, strides?: Shape, element: Element = "float32"): Layout {
    const key = `${element} ${shape.join()} ${strides?.join() ?? ""}`;
    const known = this.#layouts.get(key);
    if (known) return known;
    const descriptor = this.#descriptors.strided(shape, element, strides);
    const layout = { descriptor, bytes: ELEMENT_BYTES[element] * sizeOf(shape), element, plain: key };
    this.#layouts.set(key, layout);
    return layout;
  }

  /** For the description of a primitive: whatever layout suits it best. */
  any(shape: Shape, element: Element = "float32"): Layout {
    return { descriptor: this.#descriptors.any(shape, element), bytes: 0, element };
  }

  /** Part of a layout; undefined where it cannot be cut there. */
  part(layout: Layout, shape: Shape, offsets: Shape): Layout | undefined {
    const descriptor = this.#descriptors.part(layout.descriptor, shape, offsets);
    return descriptor === undefined ? undefined : { descriptor, bytes: layout.bytes, element: layout.element };
  }

  /** Whether two layouts are the same. */
  same(a: Layout, b: Layout): boolean {
    if (a === b) return true;
    return this.#calls.bound("dnnl_memory_desc_equal(void *, void *)")(a.descriptor, b.descriptor) === 1;
  }

  /**
   * Describes a primitive; undefined if oneDNN has no implementation of it. `args` are those of oneDNN 2.6's `dnnl_…_desc_init`:
   * numbers, layouts, sizes; undefined for what is left out. `forward` is the description of the forward primitive of a gradient.
   */
  describe(
    operation: Operation,
    args: readonly (number | Layout | readonly number[] | undefined)[],
    { attribute = "plain", forward }: { attribute?: Attribute; forward?: Description } = {},
  ): Description | undefined {
    const given = args.map((arg) => (typeof arg === "object" && "descriptor" in arg ? arg.descriptor : arg));
    return this.#descriptors.describe(operation, given, { ...this.#place(attribute), forward: forward ?? null });
  }

  /** Describes the copy from one layout to another. */
  describeReorder(from: Layout, to: Layout, kind: Attribute = "plain"): Description {
    const prototype = "dnnl_reorder_primitive_desc_create(_Out_ void **, void *, void *, void *, void *, void *)";
    const { engine, attribute } = this.#place(kind);
    return this.#calls.made(prototype, from.descriptor, engine, to.descriptor, engine, attribute);
  }

  /** Describes the sum of tensors, each times its scale; the first of them may lie where the sum does. */
  describeSum(to: Layout, from: readonly Layout[], factors = from.map(() => 1)): Description | undefined {
    const list = from.map(({ descriptor }) => descriptor);
    return this.#descriptors.sum(to.descriptor, list, Float32Array.from(factors), this.#place("plain"));
  }

  /** Describes the concatenation of tensors along an axis; oneDNN chooses the layout of the result. */
  describeConcat(shape: Shape, axis: number, from: readonly Layout[]): Description | undefined {
    const { element } = from[0] as Layout;
    const list = from.map(({ descriptor }) => descriptor);
    return this.#descriptors.concat(this.any(shape, element).descriptor, axis, list, this.#place("plain"));
  }

  /** The layout that a described primitive gives or wants. */
  layoutOf(description: Description, what: keyof typeof QUERY): Layout {
    const descriptor = this.#descriptors.query(description, what);
    if (!descriptor) return { ...this.plain([]), bytes: 0, plain: undefined };
    const bytes = Number(this.#calls.bound("dnnl_memory_desc_get_size(void *)", "size_t")(descriptor));
    // a scratchpad that is not needed has neither bytes nor elements
    return { descriptor, bytes, element: bytes === 0 ? "float32" : this.#descriptors.elementOf(descriptor) };
  }

  /** Whether the processor multiplies bfloat16. */
  get hasBfloat16(): boolean {
    const isa = this.#calls.bound("dnnl_get_effective_cpu_isa()")();
    return (isa & ISA_WITH_BFLOAT16) === ISA_WITH_BFLOAT16;
  }

  /** Makes a described primitive. */
  primitive(description: Description): Pointer {
    return this.#calls.made("dnnl_primitive_create(_Out_ void **, void *)", description);
  }

  /** A memory without content. */
  memory(layout: Layout): Pointer {
    const prototype = "dnnl_memory_create(_Out_ void **, void *, void *, void *)";
    return this.#calls.made(prototype, layout.descriptor, this.#engine, null);
  }

  /** Says where the content of a memory lies. */
  place(memory: Pointer, address: Pointer): void {
    this.#calls.call("dnnl_memory_set_data_handle(void *, void *)", [memory, address]);
  }

  /** Runs a primitive on arguments packed by `packArguments`. */
  execute(primitive: Pointer, packed: Buffer): void {
    this.#calls.call("dnnl_primitive_execute(void *, void *, int, void *)", [
      primitive,
      this.#stream,
      packed.length / ARGUMENT_BYTES,
      packed,
    ]);
  }

  /** Bytes that oneDNN allocates, at least `bytes`; with a memory to free them by. */
  allocate(bytes: number): { memory: Pointer; address: Pointer; content: ArrayBuffer } {
    const layout = this.strided([Math.ceil(bytes / 4)]);
    this.#layouts.delete(layout.plain ?? "");
    const prototype = "dnnl_memory_create(_Out_ void **, void *, void *, void *)";
    const memory = this.#calls.made(prototype, layout.descriptor, this.#engine, ALLOCATE);
    const address = this.#addressOf(memory);
    this.#allocated.add(memory);
    return { memory, address, content: viewOf(address, layout.bytes) };
  }

  /** The row-major elements of a tensor in any layout; for what is seldom. */
  toPlain(tensor: { layout: Layout; memory: Pointer }, shape: Shape): Float32Array {
    const copy = this.#besides(shape);
    this.#reorder(tensor, copy);
    const elements = Float32Array.from(copy.floats);
    this.free("memory", copy.memory);
    return elements;
  }

  /** Fills a tensor in any layout with row-major elements; for what is seldom. */
  fromPlain(elements: Float32Array, tensor: { layout: Layout; memory: Pointer }, shape: Shape): void {
    const copy = this.#besides(shape);
    copy.floats.set(elements);
    this.#reorder(copy, tensor);
    this.free("memory", copy.memory);
  }

  #besides(shape: Shape): { layout: Layout; memory: Pointer; floats: Float32Array } {
    const layout = this.plain(shape);
    const prototype = "dnnl_memory_create(_Out_ void **, void *, void *, void *)";
    const memory = this.#calls.made(prototype, layout.descriptor, this.#engine, ALLOCATE);
    return { layout, memory, floats: new Float32Array(viewOf(this.#addressOf(memory), layout.bytes)) };
  }

  #addressOf(memory: Pointer): Pointer {
    return this.#calls.madeBy("dnnl_memory_get_data_handle(void *, _Out_ void **)", (out) => [memory, out]);
  }

  #reorder(from: { layout: Layout; memory: Pointer }, to: { layout: Layout; memory: Pointer }): void {
    const description = this.describeReorder(from.layout, to.layout, "ownScratchpad");
    const primitive = this.primitive(description);
    this.execute(
      primitive,
      packArguments([
        [ARGUMENT.src, from.memory],
        [ARGUMENT.dst, to.memory],
      ]),
    );
    this.free("primitive", primitive);
    this.free("primitive_desc", description);
  }

  /** Frees a primitive, a description or a memory. */
  free(kind: "primitive" | "primitive_desc" | "memory", pointer: Pointer): void {
    this.#calls.call(`dnnl_${kind}_destroy(void *)`, [pointer]);
    this.#allocated.delete(pointer);
  }

  /** Frees all that `allocate` has given. */
  close(): void {
    for (const memory of this.#allocated) this.free("memory", memory);
  }

  #place(attribute: Attribute): Place {
    return { engine: this.#engine, attribute: this.#attribute(attribute) };
  }

  #attribute(attribute: Attribute): Pointer {
    const known = this.#attributes.get(attribute);
    if (known) return known;
    const made = this.#calls.made("dnnl_primitive_attr_create(_Out_ void **)");
    if (attribute !== "ownScratchpad")
      this.#calls.call("dnnl_primitive_attr_set_scratchpad_mode(void *, int)", [made, USER_SCRATCHPAD]);
    if (attribute === "relu" || attribute === "accumulate") {
      const operations = this.#calls.made("dnnl_post_ops_create(_Out_ void **)");
      if (attribute === "accumulate") this.#descriptors.appendSum(operations);
      else this.#descriptors.appendRelu(operations);
      this.#calls.call("dnnl_primitive_attr_set_post_ops(void *, void *)", [made, operations]);
      this.#calls.call("dnnl_post_ops_destroy(void *)", [operations]);
    }
    this.#attributes.set(attribute, made);
    return made;
  }
}
