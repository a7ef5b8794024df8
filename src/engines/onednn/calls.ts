import type { NativeFunction, Pointer } from "../native.ts";
import type { Library } from "./library.ts";

const STATUS = ["success", "out of memory", "invalid arguments", "unimplemented", "iterator ends", "runtime error"];
const UNIMPLEMENTED = 3;

const failure = (prototype: string, status: number): Error =>
  new Error(`oneDNN: ${prototype.split("(")[0]} failed: ${STATUS[status] ?? `status ${status}`}`);

/** Calls of C functions by their prototypes without the type of the result: `dnnl_memory_destroy(void *)`. */
export class Calls {
  readonly #library: Library;
  readonly #functions = new Map<string, NativeFunction>();

  constructor(library: Library) {
    this.#library = library;
  }

  /** A function whose result has that type. */
  bound(prototype: string, result = "int"): NativeFunction {
    const known = this.#functions.get(prototype);
    if (known) return known;
    const bound = this.#library.bind(`${result} ${prototype}`);
    this.#functions.set(prototype, bound);
    return bound;
  }

  /** Calls a function that returns a status: 0 if all is well. */
  status(prototype: string, args: readonly unknown[]): number {
    return this.bound(prototype)(...args);
  }

  /** Calls a function that must succeed. */
  call(prototype: string, args: readonly unknown[]): void {
    const status = this.status(prototype, args);
    if (status !== 0) throw failure(prototype, status);
  }

  /** Calls a function that stores an object through its first parameter; undefined if oneDNN has none of that kind. */
  found(prototype: string, args: readonly unknown[]): Pointer | undefined {
    const out: [Pointer | null] = [null];
    const status = this.status(prototype, [out, ...args]);
    if (status === UNIMPLEMENTED) return undefined;
    if (status !== 0 || out[0] === null) throw failure(prototype, status);
    return out[0];
  }

  /** As `found`, but any failure means that there is none. */
  madeIf(prototype: string, args: readonly unknown[]): Pointer | undefined {
    const out: [Pointer | null] = [null];
    return this.status(prototype, [out, ...args]) === 0 ? (out[0] ?? undefined) : undefined;
  }

  /** Calls a function that stores an object through its first parameter. */
  made(prototype: string, ...args: readonly unknown[]): Pointer {
    return this.madeBy(prototype, (out) => [out, ...args]);
  }

  /** As `made`; `argsWith` puts the place for the object among the arguments. */
  madeBy(prototype: string, argsWith: (out: [Pointer | null]) => readonly unknown[]): Pointer {
    const out: [Pointer | null] = [null];
    const status = this.status(prototype, argsWith(out));
    if (status !== 0 || out[0] === null) throw failure(prototype, status);
    return out[0];
  }
}
