/** A Program as steps over oneDNN's memories. */
import { inputName, type Program } from "../../graph/program.ts";
import type { Node, Value } from "../../graph/value.ts";
import type { OpName } from "../../ops/index.ts";
import type { Feeds, Results } from "../engine.ts";
import { Builder } from "./builder.ts";
import { findFusions } from "./fusions.ts";
import { KERNELS } from "./kernels/index.ts";
import { scheduleNodes } from "./schedule.ts";
import type { Held, Store } from "./store.ts";
import { arrange, type Region, type Storage, type Tensor } from "./tensor.ts";

/** A compiled Program of one engine. */
export class Plan {
  readonly #store: Store;
  readonly #builder: Builder;
  readonly #inputs: readonly { name: string; tensor: Tensor }[];
  readonly #updated: readonly Held[];
  readonly #offsets: ReadonlyMap<Storage, number>;
  readonly #bytes: number;
  #region: Region | undefined;
  #results: Record<string, Float32Array> = {};

  /** `constants` are variables that keep their content as long as the plan is run. */
  constructor(store: Store, program: Program, constants: ReadonlySet<string> = new Set()) {
    this.#store = store;
    for (const { name, shape } of program.variables) store.hold(name, shape);
    const fusions = findFusions(program);
    const builder = new Builder(store, program, { fusions, constants });
    this.#builder = builder;
    this.#inputs = program.inputs.map((value) => ({ name: inputName(value), tensor: builder.write(value) }));
    for (const { tensor } of this.#inputs) tensor.storage.use(0);
    for (const node of scheduleNodes(program, fusions)) this.#add(node);
    this.#addOutputs(program);
    this.#updated = this.#addUpdates(program);
    const storages = new Set(builder.tensors.map(({ storage }) => storage));
    // kept ones have their place already
    const used = [...storages].filter(
      ({ placed, first, bytes }) => !placed && 0 < bytes && first < builder.steps.length,
    );
    const { offsets, bytes } = arrange(used);
    this.#offsets = offsets;
    this.#bytes = bytes;
  }

  /** Copies from one layout to another in a run; those of weights that no run changes are not counted. */
  get reorders(): number {
    return this.#builder.steps.filter(({ name }) => name === "reorder").length;
  }

  /** Bytes of all that lives only during a run. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Runs the steps in order; `observe` sees the name and the milliseconds of each. */
  run(feeds: Feeds, observe?: (name: string, ms: number) => void): Results {
    this.#settle();
    for (const { name, tensor } of this.#inputs) {
      const data = feeds[name] ?? new Float32Array();
      if (data instanceof Int32Array) tensor.storage.integers.set(data);
      else tensor.storage.floats.set(data);
    }
    this.#results = {};
    for (const step of this.#builder.steps) {
      const start = observe ? performance.now() : 0;
      step.run();
      observe?.(step.name, performance.now() - start);
    }
    for (const held of this.#updated) held.version++;
    return this.#results;
  }

  /** Frees oneDNN's objects of this plan. */
  free(): void {
    const { dnnl, primitives, tensors } = this.#builder;
    for (const primitive of primitives) dnnl.free("primitive", primitive);
    for (const { memory } of tensors) dnnl.free("memory", memory);
  }

  /** Has all tensors lie in the engine's region, wherever that is now. */
  #settle(): void {
    const region = this.#store.region(this.#bytes);
    if (region === this.#region) return;
    this.#region = region;
    for (const [storage, offset] of this.#offsets) storage.place(region, offset);
  }

  #add(node: Node): void {
    this.#builder.begin(node);
    if (this.#builder.fusions.absorbed.has(node)) return;
    KERNELS[node.op as OpName](node, this.#builder);
  }

  #addOutputs({ outputs }: Program): void {
    for (const [name, value] of Object.entries(outputs)) {
      const tensor = this.#builder.readPlain(value);
      const give = (): void => {
        this.#results[name] = Float32Array.from(tensor.storage.floats);
      };
      this.#builder.step([tensor], give, "output");
    }
  }

  /** All updates are ready before the first variable is written, since one may be the old content of another. */
  #addUpdates({ updates }: Program): Held[] {
    const ready = updates.map(({ variable, value }) => {
      const held = this.#store.hold(variable.name, variable.shape);
      return { held, tensor: this.#update(value) };
    });
    for (const { held, tensor } of ready) {
      if (held.tensor === tensor) continue; // written in place
      const store = (): void => held.tensor.storage.floats.set(tensor.storage.floats);
      this.#builder.step([tensor], store, "update");
    }
    return ready.map(({ held }) => held);
  }

  #update(value: Value): Tensor {
    const plain = this.#builder.readPlain(value);
    if (value.source.kind !== "variable") return plain;
    return this.#builder.reordered(plain, plain.layout);
  }
}
