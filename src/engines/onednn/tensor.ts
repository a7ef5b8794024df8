/** Tensors of a plan: memories of oneDNN over storages, which get their place when the whole plan is known. */

import type { Pointer } from "../native.ts";
import type { Dnnl } from "./dnnl.ts";
import type { Layout } from "./layout.ts";

/** Native memory. */
export interface Region {
  readonly address: Pointer;
  readonly content: ArrayBuffer;
}

/** Bytes in which tensors lie. In use from step `first` to step `last` of its plan. */
export class Storage {
  readonly bytes: number;
  first = Number.POSITIVE_INFINITY;
  last = Number.NEGATIVE_INFINITY;
  readonly #memories: { dnnl: Dnnl; memory: Pointer }[] = [];
  #floats = new Float32Array();
  #integers = new Int32Array();
  #address: Pointer | undefined;

  constructor(bytes: number) {
    this.bytes = bytes;
  }

  /** The content as float32, the engine's own layout included. */
  get floats(): Float32Array {
    return this.#floats;
  }

  /** The content as int32. */
  get integers(): Int32Array {
    return this.#integers;
  }

  /** Is in use at a step. */
  use(step: number): void {
    this.first = Math.min(this.first, step);
    this.last = Math.max(this.last, step);
  }

  /** Whether it has a place. */
  get placed(): boolean {
    return this.#address !== undefined;
  }

  /** From now on lies at `offset` bytes of a region; the content does not move along. */
  place({ address, content }: Region, offset: number): void {
    this.#floats = new Float32Array(content, offset, this.bytes >> 2);
    this.#integers = new Int32Array(content, offset, this.bytes >> 2);
    this.#address = address + BigInt(offset);
    for (const { dnnl, memory } of this.#memories) dnnl.place(memory, this.#address);
  }

  /** Has a memory follow this storage. */
  attach(dnnl: Dnnl, memory: Pointer): void {
    this.#memories.push({ dnnl, memory });
    if (this.#address !== undefined) dnnl.place(memory, this.#address);
  }
}

/** A tensor in a layout. Several may lie in one storage. */
export class Tensor {
  readonly layout: Layout;
  readonly storage: Storage;
  readonly memory: Pointer;

  constructor(dnnl: Dnnl, layout: Layout, storage = new Storage(layout.bytes)) {
    this.layout = layout;
    this.storage = storage;
    this.memory = dnnl.memory(layout);
    storage.attach(dnnl, this.memory);
  }
}

const ALIGNMENT = 64;
const aligned = (bytes: number): number => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;

/**
 * Offsets at which storages share one region: those in use at the same time do not overlap. Large ones choose first, each the lowest gap.
 * Returns the bytes that they take together.
 */
export function arrange(storages: readonly Storage[]): { offsets: Map<Storage, number>; bytes: number } {
  const placed: { storage: Storage; start: number; end: number }[] = [];
  const offsets = new Map<Storage, number>();
  let total = 0;
  for (const storage of storages.toSorted((a, b) => b.bytes - a.bytes)) {
    const size = aligned(storage.bytes);
    let start = 0;
    for (const other of placed) {
      if (other.storage.last < storage.first || storage.last < other.storage.first) continue;
      if (start + size <= other.start) break;
      start = Math.max(start, other.end);
    }
    const at = placed.findIndex((other) => start < other.start);
    placed.splice(at === -1 ? placed.length : at, 0, { storage, start, end: start + size });
    offsets.set(storage, start);
    total = Math.max(total, start + size);
  }
  return { offsets, bytes: total };
}
