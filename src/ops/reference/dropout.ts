import { philox } from "../../rng.ts";

const TWO_32 = 4294967296;
const WORDS_PER_BLOCK = 4;

/**
 * `size` elements of a dropout mask: 0 with probability `rate`, else 1/(1 − rate), float32.
 *
 * Element i is decided by word i mod 4 of the Philox4x32-10 block with counter [⌊i/4⌋, step, epoch, layer] under the key
 * [seedLow, seedHigh], where `key` = [seedLow, seedHigh, step, epoch].
 */
export function dropoutMaskValues(
  key: Int32Array,
  { size, rate, layer }: { size: number; rate: number; layer: number },
): Float32Array {
  const mask = new Float32Array(size);
  const kept = 1 / (1 - rate);
  const threshold = rate * TWO_32;
  const counter = Uint32Array.of(0, key[2]!, key[3]!, layer);
  const words = new Uint32Array(WORDS_PER_BLOCK);
  const seed = [key[0]! >>> 0, key[1]! >>> 0] as const;
  for (let start = 0; start < size; start += WORDS_PER_BLOCK) {
    counter[0] = start / WORDS_PER_BLOCK;
    philox(counter, seed, words);
    const end = Math.min(start + WORDS_PER_BLOCK, size);
    for (let i = start; i < end; i++) mask[i] = threshold <= words[i - start]! ? kept : 0;
  }
  return mask;
}
