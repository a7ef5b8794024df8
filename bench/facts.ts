/** What reports of measurements say of figures, the machine and versions. */
import { createRequire } from "node:module";
import { availableParallelism, cpus, totalmem } from "node:os";

/** The middle value, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}

/** The version in a package's JSON file. */
export const versionOf = (specifier: string): string =>
  (createRequire(import.meta.url)(specifier) as { version: string }).version;

const PAGE = 4096;
/** More than the C library keeps for reuse, so that the memory is new each time. */
const PAGES = 2 ** 14;

/**
 * Microseconds that the first write to a page of fresh memory takes. Usually well below one; on virtual machines whose host gives memory only
 * when it is touched it may be ten or more, and whatever allocates and frees large tensors in each step waits for that.
 */
export function freshPageMicroseconds(): number {
  const times = Array.from({ length: 5 }, () => {
    const memory = new Uint8Array(PAGES * PAGE);
    const began = performance.now();
    for (let at = 0; at < memory.length; at += PAGE) memory[at] = 1;
    return (1000 * (performance.now() - began)) / PAGES;
  });
  return median(times);
}

/** Processor, cores, memory, platform. */
export const machine = (): string =>
  `${cpus()[0]?.model.trim()}, ${availableParallelism()} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, ${process.platform}-${process.arch}`;
