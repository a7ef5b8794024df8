/** How much a pickle may cost: memory in proportion to its bytes, and work of keys that anybody can make collide. */
import { FormatError } from "../format-error.ts";

/** Bytes of memory for each byte of a pickle, and what a small one may have besides. */
const MEMORY_PER_BYTE = 4;
const MEMORY_SLACK = 2 ** 26;

/** About how many bytes of memory values take. */
export const COST = { item: 8, list: 56, pair: 40, dictionary: 256, bytes: 256, object: 128, call: 256 } as const;

/** The memory that the values of one pickle take; nothing is given back, as a checkpoint throws little away. */
export class MemoryRoom {
  #spent = 0;

  /** Takes memory after so many bytes of the pickle; more than it allows is a `FormatError`. */
  spend(memory: number, bytesRead: number): void {
    this.#spent += memory;
    if (MEMORY_SLACK + MEMORY_PER_BYTE * bytesRead < this.#spent)
      throw new FormatError("its pickle makes far more objects than a checkpoint has");
  }
}

/** Whole numbers below this share a place in a table of n places with at most this / n others. */
const SMALL = 2 ** 24;
/** Comparisons of keys in one file. 16,000 large numbers in one dictionary take as many, and no time. */
const MAX_COMPARISONS = 2 ** 27;
const DIGITS = /^\d{1,10}$/;

/**
 * Work of dictionaries. A Map finds text and objects by hashes that nobody can foresee, but numbers, and text of digits
 * alone, by such as everybody knows, so that a file can have all its keys at one place of the table. What that may cost is
 * counted as if it did.
 */
export class KeyRoom {
  #left = MAX_COMPARISONS;

  /** Counts one key that is looked for among `size` others; too many are a `FormatError`. */
  spend(key: unknown, size: number): void {
    const number = numberOf(key);
    if (number === undefined || number === size) return; // 0, 1, 2 … lie apart
    this.#left -= Math.abs(number) < SMALL && Number.isInteger(number) ? Math.min(size, (2 * SMALL) / size) : size;
    if (this.#left < 0) throw new FormatError("its dictionaries have far more numbers as keys than a checkpoint has");
  }
}

function numberOf(key: unknown): number | undefined {
  if (typeof key === "number") return key;
  if (typeof key === "bigint") return Number.POSITIVE_INFINITY;
  return typeof key === "string" && key.length <= 10 && DIGITS.test(key) ? Number(key) : undefined;
}
