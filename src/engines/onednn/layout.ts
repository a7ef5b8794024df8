/** What oneDNN reads and writes as bytes: descriptors of layouts, arguments of primitives. */
import { ELEMENT, type Element } from "./codes.ts";
import type { Pointer } from "./library.ts";

/** How a tensor lies in memory. */
export interface Layout {
  /** oneDNN's descriptor. */
  readonly descriptor: Buffer;
  readonly bytes: number;
  readonly element: Element;
  /** Of the plain layouts, which are row-major: their key; undefined for what oneDNN chose. */
  readonly plain?: string;
}

/** Bytes of a descriptor of a layout. */
export const LAYOUT_BYTES = 696;
/** Where a descriptor has its type of elements: after the number of axes and twelve sizes. */
const ELEMENT_AT = 104;

/** The type of elements that a descriptor says. */
export function elementOf(descriptor: Buffer): Element {
  const code = descriptor.readInt32LE(ELEMENT_AT);
  const found = Object.entries(ELEMENT).find(([, number]) => number === code);
  return found ? (found[0] as Element) : "float32"; // of none that is used here: bytes of a workspace
}

/** dnnl_exec_arg_t: the number of the argument, four bytes of nothing, the memory. */
export const ARGUMENT_BYTES = 16;
const MEMORY_AT = 8;

/** Arguments of a primitive as `execute` takes them: pairs of the argument's number and a memory. */
export function packArguments(args: readonly (readonly [number, Pointer])[]): Buffer {
  const packed = Buffer.alloc(args.length * ARGUMENT_BYTES);
  args.forEach(([argument, memory], index) => {
    packed.writeInt32LE(argument, index * ARGUMENT_BYTES);
    packed.writeBigUInt64LE(memory, index * ARGUMENT_BYTES + MEMORY_AT);
  });
  return packed;
}
