/** Layouts of tensors, and arguments of primitives as oneDNN takes them. */

import type { Pointer } from "../native.ts";
import type { Element } from "./codes.ts";
import type { Descriptor } from "./descriptors.ts";

/** How a tensor lies in memory. */
export interface Layout {
  /** oneDNN's descriptor. */
  readonly descriptor: Descriptor;
  readonly bytes: number;
  readonly element: Element;
  /** Of the plain layouts, which are row-major: their key; undefined for what oneDNN chose. */
  readonly plain?: string;
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
