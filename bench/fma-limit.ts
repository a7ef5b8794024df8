/**
 * The floating-point limit of this machine: multiply-adds on registers alone, in as many threads as compute. Nothing that reads memory
 * can be faster.
 */
import { readFileSync } from "node:fs";
import type koffi from "koffi";

/**
 * A function `void f(int64_t rounds)` for System V on x86-64: vzeroall, then in each round 14 independent
 * `vfmadd231ps r0, r1, r2…r15`, as zeros cost what other numbers do.
 */
const CODE = {
  avx512: {
    flag: "avx512f",
    lanes: 16,
    bytes:
      "c5fc7762f27548b8d062f27548b8d862f27548b8e062f27548b8e862f27548b8f062f27548b8f862727548b8c062727548b8c862727548b8d062727548b8d8" +
      "62727548b8e062727548b8e862727548b8f062727548b8f848ffcf75a7c5f877c3",
  },
  avx2: {
    flag: "fma",
    lanes: 8,
    bytes:
      "c5fc77c4e275b8d0c4e275b8d8c4e275b8e0c4e275b8e8c4e275b8f0c4e275b8f8c46275b8c0c46275b8c8c46275b8d0c46275b8d8c46275b8e0" +
      "c46275b8e8c46275b8f0c46275b8f848ffcf75b5c5f877c3",
  },
} as const;

const REGISTERS = 14;
const ROUNDS = 20_000_000;
const TRIES = 7;
const PAGE = 4096;
/** Values of mmap and mprotect on Linux. */
const PROTECTION = { readWrite: 3, readExecute: 5 };
const PRIVATE_ANONYMOUS = 0x22;

type Loop = ReturnType<ReturnType<typeof koffi.load>["func"]>;

/**
 * The code in memory of its own, which can no longer be written once it can be run; undefined where koffi is not installed or code
 * cannot be run from memory.
 */
async function load(bytes: Uint8Array): Promise<Loop | undefined> {
  const library = await import("koffi").catch(() => undefined);
  if (!library) return undefined;
  const { default: ffi } = library;
  const libc = ffi.load("libc.so.6");
  const mmap = libc.func("void *mmap(void *at, size_t size, int protection, int flags, int file, int64_t offset)");
  const memcpy = libc.func("void *memcpy(void *to, const uint8_t *from, size_t size)");
  const mprotect = libc.func("int mprotect(void *at, size_t size, int protection)");
  const page: unknown = mmap(null, PAGE, PROTECTION.readWrite, PRIVATE_ANONYMOUS, -1, 0);
  memcpy(page, bytes, bytes.length);
  if (mprotect(page, PAGE, PROTECTION.readExecute) !== 0) return undefined;
  return ffi.decode(page, ffi.proto("void", ["int64_t"])) as Loop;
}

const inThread = (loop: Loop): Promise<void> =>
  new Promise((resolve, reject) => loop.async(ROUNDS, (error: unknown) => (error ? reject(error) : resolve())));

/** Billions of operations a second of `threads` threads together, the best of some tries; undefined where it cannot be measured. */
export async function measureFmaLimit(threads: number): Promise<number | undefined> {
  if (process.platform !== "linux" || process.arch !== "x64") return undefined;
  const flags = new Set(/^flags\s*:(.*)$/m.exec(readFileSync("/proc/cpuinfo", "utf8"))?.[1]?.split(" "));
  const code = Object.values(CODE).find(({ flag }) => flags.has(flag));
  if (!code) return undefined;
  const loop = await load(Buffer.from(code.bytes, "hex"));
  if (!loop) return undefined;
  let best = 0;
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const began = performance.now();
    await Promise.all(Array.from({ length: threads }, () => inThread(loop)));
    const seconds = (performance.now() - began) / 1000;
    best = Math.max(best, (2 * code.lanes * REGISTERS * ROUNDS * threads) / seconds / 1e9);
  }
  return Math.round(best * 10) / 10;
}
