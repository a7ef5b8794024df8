/** Small changes of bytes, of the kinds that find faults in readers: see the mutators of AFL and libFuzzer. */
import type { Rng } from "../../../src/rng.ts";

/** Longest input that is made. */
const LONGEST = 1 << 16;
/** Changes of one input. */
const MOST_CHANGES = 6;
const ODD_NUMBERS: readonly [number, ...number[]] = [
  0, 1, 2, 7, 8, 15, 16, 127, 128, 255, 256, 32_767, 32_768, 65_535, 65_536, 0x7fffffff, 0xffffffff,
];
const ODD_TEXTS: readonly [string, ...string[]] = [
  "0",
  "-1",
  "1e308",
  "NaN",
  "null",
  "9007199254740993",
  '""',
  "[]",
  "{}",
  "__proto__",
  "constructor",
];

/** What changes are made of. */
export interface Material {
  readonly rng: Rng;
  /** Texts that the format knows. */
  readonly words: readonly Uint8Array[];
  /** Another input, from which parts are taken. */
  readonly other: () => Uint8Array;
}

type Change = (bytes: Uint8Array, material: Material) => Uint8Array;

const place = (rng: Rng, bytes: Uint8Array): number => rng.integer(0, Math.max(0, bytes.length - 1));

function pick<Item>(rng: Rng, items: readonly [Item, ...Item[]]): Item {
  return items[rng.integer(0, items.length - 1)] ?? items[0];
}

/** `bytes` with `count` of them at `at` replaced by `part`. */
function spliced(bytes: Uint8Array, at: number, count: number, part: Uint8Array): Uint8Array {
  const result = new Uint8Array(bytes.length - count + part.length);
  result.set(bytes.subarray(0, at));
  result.set(part, at);
  result.set(bytes.subarray(at + count), at + part.length);
  return result;
}

/** Some bytes in a row, more often few than many. */
function run(rng: Rng, bytes: Uint8Array): [at: number, count: number] {
  const at = place(rng, bytes);
  const most = Math.min(bytes.length - at, pick(rng, [1, 4, 16, 64, 1024, LONGEST]));
  return [at, rng.integer(Math.min(1, most), most)];
}

const encoder = new TextEncoder();

function number(rng: Rng): Uint8Array {
  const view = new DataView(new ArrayBuffer(8));
  const value = pick(rng, ODD_NUMBERS);
  const isLittle = rng.integer(0, 1) === 1;
  const size = pick(rng, [1, 2, 4, 8]);
  if (size === 1) view.setUint8(0, value);
  else if (size === 2) view.setUint16(0, value, isLittle);
  else if (size === 4) view.setUint32(0, value, isLittle);
  else view.setBigUint64(0, BigInt(value), isLittle);
  return new Uint8Array(view.buffer, 0, size);
}

/** Puts `part` over what is there, or between. */
function put(bytes: Uint8Array, part: Uint8Array, rng: Rng): Uint8Array {
  const at = place(rng, bytes);
  return spliced(bytes, at, rng.integer(0, 1) * Math.min(part.length, bytes.length - at), part);
}

const CHANGES: readonly [Change, ...Change[]] = [
  (bytes, { rng }) => {
    const result = bytes.slice();
    const at = place(rng, bytes);
    if (0 < bytes.length) result[at] = (result[at] ?? 0) ^ (1 << rng.integer(0, 7));
    return result;
  },
  (bytes, { rng }) => {
    const result = bytes.slice();
    if (0 < bytes.length) result[place(rng, bytes)] = rng.integer(0, 255);
    return result;
  },
  (bytes, { rng }) => {
    const result = bytes.slice();
    const at = place(rng, bytes);
    if (0 < bytes.length) result[at] = (result[at] ?? 0) + rng.integer(-16, 16);
    return result;
  },
  (bytes, { rng }) => put(bytes, number(rng), rng),
  (bytes, { rng }) => put(bytes, encoder.encode(pick(rng, ODD_TEXTS)), rng),
  (bytes, { rng, words: [word, ...more] }) =>
    word === undefined ? bytes : put(bytes, pick(rng, [word, ...more]), rng),
  (bytes, { rng }) => spliced(bytes, ...run(rng, bytes), new Uint8Array()),
  (bytes, { rng }) => {
    const [at, count] = run(rng, bytes);
    return spliced(bytes, place(rng, bytes), 0, bytes.slice(at, at + count));
  },
  (bytes, { rng }) => {
    const [at, count] = run(rng, bytes);
    const part = bytes.slice(at, at + count);
    const times = rng.integer(2, 64);
    const repeated = new Uint8Array(Math.min(part.length * times, LONGEST));
    for (let start = 0; start + part.length <= repeated.length && 0 < part.length; start += part.length)
      repeated.set(part, start);
    return spliced(bytes, at, 0, repeated);
  },
  (bytes, { rng, other }) => {
    const from = other();
    const [at, count] = run(rng, from);
    return put(bytes, from.slice(at, at + count), rng);
  },
  (bytes, { rng }) => bytes.slice(0, rng.integer(0, bytes.length)),
];

/** The input with some changes by chance. */
export function mutated(bytes: Uint8Array, material: Material): Uint8Array {
  let result = bytes;
  for (let change = material.rng.integer(1, MOST_CHANGES); 0 < change; change--)
    result = pick(material.rng, CHANGES)(result, material).subarray(0, LONGEST);
  return result;
}
