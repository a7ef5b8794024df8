/** Pictures that look alike. */
import { FINGERPRINT_BITS, type Fingerprint } from "./fingerprint.ts";

/** How much fingerprints of one picture may differ. */
export interface Likeness {
  /** Bits, fewer than `BANDS`. */
  readonly bits: number;
  /** Mean difference of the cells, 0..255. */
  readonly lightness: number;
}

/**
 * Copies of 60 photos at half and twice their size and at JPEG quality 60 stayed within 24 bits in nine of ten cases, and all
 * within a lightness of 2; any two of 397 different photos were 68 bits apart or more.
 */
const ALIKE: Likeness = { bits: 24, lightness: 3 };
/** Fingerprints that differ in fewer bits than there are bands agree in all bits of at least one band. */
const BANDS = 32;
const BAND_BITS = FINGERPRINT_BITS / BANDS;
const WORDS = FINGERPRINT_BITS / 32;
/** With fewer bits set, or fewer not set, there is too little in a picture to tell it by. */
const LEAST_BITS = 16;

/** The number of bits set in a word. */
function bitCount(word: number): number {
  let pairs = word - ((word >>> 1) & 0x55555555);
  pairs = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((pairs + (pairs >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/**
 * Groups of pictures that look alike, by their indices: each is alike to at least one other of its group. Pictures with
 * hardly anything in them (one colour, a single edge) are in no group.
 *
 * Only those that share a band of bits are compared, or all where that would be fewer comparisons, as for drawings.
 */
export function nearDuplicates(fingerprints: readonly Fingerprint[], likeness: Likeness = ALIKE): number[][] {
  const words = new Uint32Array(fingerprints.length * WORDS);
  for (const [index, { bits }] of fingerprints.entries()) words.set(bits, index * WORDS);
  const candidates = [...fingerprints.keys()].filter((index) => !isPlain(words, index));
  const bands = Array.from({ length: BANDS }, (_, band) => sharing(candidates, (index) => bandOf(words, index, band)));
  const pairs = bands.flat().reduce((sum, { length }) => sum + pairsOf(length), 0);
  const parents = Int32Array.from(fingerprints.keys());
  for (const bucket of pairs < pairsOf(candidates.length) ? bands.flat() : [candidates]) {
    joinAlike(bucket, { fingerprints, words, parents, likeness });
  }
  return sharing(candidates, (index) => rootOf(parents, index));
}

const pairsOf = (count: number): number => (count * (count - 1)) / 2;

function isPlain(words: Uint32Array, index: number): boolean {
  const own = words.subarray(index * WORDS, (index + 1) * WORDS);
  const set = own.reduce((sum, word) => sum + bitCount(word), 0);
  return set < LEAST_BITS || FINGERPRINT_BITS - LEAST_BITS < set;
}

function bandOf(words: Uint32Array, index: number, band: number): number {
  const bit = band * BAND_BITS;
  return ((words[index * WORDS + (bit >>> 5)] ?? 0) >>> (bit & 31)) & (2 ** BAND_BITS - 1);
}

/** The indices that share a key, where there are two or more. */
function sharing(indices: readonly number[], keyOf: (index: number) => number): number[][] {
  const byKey = new Map<number, number[]>();
  for (const index of indices) {
    const key = keyOf(index);
    const bucket = byKey.get(key);
    if (bucket) bucket.push(index);
    else byKey.set(key, [index]);
  }
  return [...byKey.values()].filter((bucket) => 1 < bucket.length);
}

interface Comparison {
  readonly fingerprints: readonly Fingerprint[];
  /** The bits of all fingerprints, one after the other. */
  readonly words: Uint32Array;
  /** For each picture one of its group that comes before it; the first has itself. */
  readonly parents: Int32Array;
  readonly likeness: Likeness;
}

/** Joins the groups of those in a bucket that are alike. */
function joinAlike(bucket: readonly number[], comparison: Comparison): void {
  const { parents } = comparison;
  for (const [place, first] of bucket.entries()) {
    for (let i = place + 1; i < bucket.length; i++) {
      const second = bucket[i] ?? 0;
      if (!bitsAgree(first, second, comparison) || !cellsAgree(first, second, comparison)) continue;
      const [one, other] = [rootOf(parents, first), rootOf(parents, second)];
      parents[Math.max(one, other)] = Math.min(one, other);
    }
  }
}

function bitsAgree(first: number, second: number, { words, likeness }: Comparison): boolean {
  let differing = 0;
  for (let i = 0; i < WORDS; i++) {
    differing += bitCount((words[first * WORDS + i] ?? 0) ^ (words[second * WORDS + i] ?? 0));
    if (likeness.bits < differing) return false;
  }
  return true;
}

function cellsAgree(first: number, second: number, { fingerprints, likeness }: Comparison): boolean {
  const a = fingerprints[first]?.cells ?? [];
  const b = fingerprints[second]?.cells ?? [];
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference += Math.abs((a[i] ?? 0) - (b[i] ?? 0));
  return difference <= likeness.lightness * a.length;
}

function rootOf(parents: Int32Array, index: number): number {
  let root = index;
  while (parents[root] !== root) root = parents[root] ?? 0;
  parents[index] = root;
  return root;
}
