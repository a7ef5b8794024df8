/** The functions that a module of `assemble` exports: they take whole numbers. */
export type Kernels<Names extends string> = Readonly<Record<Names, (...values: number[]) => void>> & WithMemory;

interface WithMemory {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
}

/** The part of the standard WebAssembly interface used here, which Node's type definitions lack. */
interface WebAssemblyApi {
  validate(bytes: Uint8Array): boolean;
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: object };
}

const PAGE = 65_536;

/** An instance of the module; undefined where there is no WebAssembly (as with `node --jitless`) or no SIMD. */
export function instantiate<Names extends string>(module: () => Uint8Array<ArrayBuffer>): Kernels<Names> | undefined {
  const api = (globalThis as { WebAssembly?: WebAssemblyApi }).WebAssembly;
  if (!api) return undefined;
  const bytes = module();
  if (!api.validate(bytes)) return undefined;
  return new api.Instance(new api.Module(bytes)).exports as Kernels<Names>;
}

/** The kernels' memory, grown to at least `bytes`. Growing makes earlier views of it useless. */
export function memoryOf({ memory }: WithMemory, bytes: number): Uint8Array<ArrayBuffer> {
  const missing = bytes - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / PAGE));
  return new Uint8Array(memory.buffer);
}

/** A function that gives what `make` gave at its first call. */
export function lazily<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
