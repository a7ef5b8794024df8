/** Calls of native libraries. The only importer of koffi. */
import koffi from "koffi";

/** A pointer into native memory; 0 is none. */
export type Pointer = bigint;

/** A native function, called with numbers, pointers and buffers; `Result` is a number, or a pointer that is null for none. */
export type NativeFunction<Result = number> = (...args: readonly unknown[]) => Result;

/** A loaded library. */
export interface NativeLibrary {
  /** Binds a C function by its prototype; an error if the library has none of that name. */
  bind<Result = number>(prototype: string): NativeFunction<Result>;
}

/** Loads a library; an error with the loader's reason if that fails. It stays in memory until the process ends. */
export function openLibrary(file: string): NativeLibrary {
  const library = koffi.load(file);
  keepLoaded(file);
  return { bind: <Result>(prototype: string) => library.func(prototype) as unknown as NativeFunction<Result> };
}

/** The C function at an address, by the types of its result and its parameters. */
export function functionAt<Result>(
  address: Pointer,
  result: string,
  parameters: readonly string[],
): NativeFunction<Result> {
  const prototype = koffi.proto(result, [...parameters]);
  return koffi.decode(address, prototype) as unknown as NativeFunction<Result>;
}

/** Native memory; valid as long as the memory is. */
export const viewOf = (address: Pointer, bytes: number): ArrayBuffer => koffi.view(address, bytes);

/** Where the elements of an array lie: valid as long as somebody holds the array. */
export const addressOf = (array: NodeJS.TypedArray): Pointer => koffi.address(array);

/** The text at an address, which ends with a zero. */
export const textAt = (address: Pointer): string => koffi.decode.string(address);

/** Sets a variable in the native environment, which is not the one of a worker thread. */
export function setNativeEnvironment(name: string, value: string): void {
  if (process.platform !== "linux") return;
  try {
    koffi.load("libc.so.6").func("int setenv(const char *, const char *, int)")(name, value, 0);
  } catch {
    // another libc: whoever reads the variable keeps its default
  }
}

/**
 * Keeps a library in memory until the process ends: koffi closes it with the last thread that holds it, and threads of the library's
 * own, which end by themselves a little later, would run code that is no longer there.
 */
function keepLoaded(file: string): void {
  if (process.platform === "linux") pin("libc.so.6", 0x1000);
  if (process.platform === "darwin") pin("libSystem.B.dylib", 0x80);

  function pin(libc: string, noDelete: number): void {
    const now = 2; // RTLD_NOW
    try {
      koffi.load(libc).func("void *dlopen(const char *, int)")(file, now | noDelete);
    } catch {
      // another libc, or one older than glibc 2.34, which has it in libdl
    }
  }
}
