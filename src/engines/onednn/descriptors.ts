/** What differs between oneDNN 2 and 3: how layouts and primitives are described. */
import type { Shape } from "../../graph/value.ts";
import type { Pointer } from "../native.ts";
import type { Element, Operation, QUERY } from "./codes.ts";

/** A descriptor of a layout: its bytes in oneDNN 2, a handle in oneDNN 3. */
export type Descriptor = Buffer | Pointer;

/** An argument of a description: a number, a descriptor, sizes, or undefined for what is left out. */
export type DescriptionArgument = number | Descriptor | readonly number[] | undefined;

/** How one generation of oneDNN describes things. */
export interface Descriptors {
  /** Whether the gradient of a normalisation is given the shift, on which it does not depend: one wants it, the other refuses it. */
  readonly gradientTakesShift: boolean;
  strided(shape: Shape, element: Element, strides: Shape | undefined): Descriptor;
  /** For the description of a primitive: whatever layout suits it best. */
  any(shape: Shape, element: Element): Descriptor;
  /** Part of a layout; undefined where it cannot be cut there. */
  part(whole: Descriptor, shape: Shape, offsets: Shape): Descriptor | undefined;
  elementOf(descriptor: Descriptor): Element;
  /** Describes a primitive; undefined if oneDNN has no implementation of it. Arguments and their numbers are those of oneDNN 2.6. */
  describe(
    operation: Operation,
    args: readonly DescriptionArgument[],
    on: { readonly engine: Pointer; readonly attribute: Pointer; readonly forward: Pointer | null },
  ): Pointer | undefined;
  sum(to: Descriptor, from: readonly Descriptor[], scales: Float32Array, on: Place): Pointer | undefined;
  concat(to: Descriptor, axis: number, from: readonly Descriptor[], on: Place): Pointer | undefined;
  /** The descriptor of one of a described primitive's tensors. */
  query(description: Pointer, what: keyof typeof QUERY): Descriptor | undefined;
  /** Adds to the operations after a primitive: relu of its result, or the sum with what is there. */
  appendRelu(operations: Pointer): void;
  appendSum(operations: Pointer): void;
}

/** Where a primitive runs, and how. */
export interface Place {
  readonly engine: Pointer;
  readonly attribute: Pointer;
}

/** Sizes as oneDNN takes them. */
export const dimensions = (sizes: readonly number[]): BigInt64Array => BigInt64Array.from(sizes, BigInt);

const TYPES: Readonly<Record<string, string>> = { i: "int", p: "void *", f: "float", u: "unsigned int" };

/** The parameters of a prototype by a letter each: i int, p pointer, f float, u unsigned. */
export const parametersOf = (types: string): string => [...types].map((type) => TYPES[type]).join(", ");
