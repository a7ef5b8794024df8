/** What outlives a run: variables, their copies in other layouts, constants, and the region that all plans share. */
import type { Shape } from "../../graph/value.ts";
import { checkContents, checkSameShape, unknownVariable } from "../checks.ts";
import type { VariableData } from "../engine.ts";
import type { Pointer } from "../native.ts";
import type { Element } from "./codes.ts";
import type { Dnnl } from "./dnnl.ts";
import type { Layout } from "./layout.ts";
import { type Region, Tensor } from "./tensor.ts";

/** A variable, row-major. */
export interface Held {
  readonly shape: Shape;
  readonly tensor: Tensor;
  /** Counts its changes. */
  version: number;
}

/** A copy of a variable in another layout, that is renewed when it is needed. */
export interface Copy {
  readonly tensor: Tensor;
  /** The variable's version, or the sum of several, of which it is a copy. */
  version: number;
}

/** Memory of one engine. */
export class Store {
  readonly dnnl: Dnnl;
  readonly element: Element;
  readonly #variables = new Map<string, Held>();
  readonly #copies = new Map<Held | string, Copy[]>();
  #region: (Region & { readonly memory: Pointer }) | undefined;

  /** `element` is that of images and weights in convolutions and products; variables are float32. */
  constructor(dnnl: Dnnl, element: Element = "float32") {
    this.dnnl = dnnl;
    this.element = element;
  }

  /** A region of at least `bytes` for what no run leaves to the next; it moves when it grows. */
  region(bytes: number): Region {
    if (this.#region && bytes <= this.#region.content.byteLength) return this.#region;
    if (this.#region) this.dnnl.free("memory", this.#region.memory);
    this.#region = this.dnnl.allocate(bytes);
    return this.#region;
  }

  /** A tensor in memory of its own, zero at first. */
  kept(layout: Layout): Tensor {
    const tensor = new Tensor(this.dnnl, layout);
    tensor.storage.place(this.dnnl.allocate(layout.bytes), 0);
    tensor.storage.floats.fill(0);
    return tensor;
  }

  /** The variable, which from now on exists. */
  hold(name: string, shape: Shape): Held {
    const held = this.#variables.get(name) ?? { shape, tensor: this.kept(this.dnnl.plain(shape)), version: 0 };
    checkSameShape(name, held.shape, shape);
    this.#variables.set(name, held);
    return held;
  }

  /** The copy of a variable in a layout, or what is computed of several under a name of its own; it may be out of date. */
  copyOf(source: Held | string, layout: Layout): Copy {
    const copies = this.#copies.get(source) ?? [];
    this.#copies.set(source, copies);
    const known = copies.find(({ tensor }) => this.dnnl.same(tensor.layout, layout));
    if (known) return known;
    const copy = { tensor: this.kept(layout), version: -1 };
    copies.push(copy);
    return copy;
  }

  /** Sets variables: all of them, or none if one does not fit. */
  write(values: ReadonlyMap<string, VariableData>): void {
    checkContents(values, (name) => this.#variables.get(name)?.shape);
    for (const [name, { shape, data }] of values) {
      const held = this.hold(name, shape);
      held.tensor.storage.floats.set(data);
      held.version++;
    }
  }

  /** Copies of variables, by default of all. */
  read(names: readonly string[] = [...this.#variables.keys()]): Map<string, VariableData> {
    return new Map(
      names.map((name) => {
        const held = this.#variables.get(name);
        if (!held) throw unknownVariable(name);
        return [name, { shape: held.shape, data: Float32Array.from(held.tensor.storage.floats) }];
      }),
    );
  }

  /** Frees the memory of all variables, copies and runs. */
  close(): void {
    this.dnnl.close();
  }
}
