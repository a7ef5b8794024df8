/** Elements of tensors as JSON holds them, to and from typed arrays. What does not fit a type exactly is refused, never changed. */
import { toFloat16, toFloat32 } from "../../../checkpoint/index.ts";
import { type NumericType, TENSOR_ARRAYS, type TensorNumbers } from "../../../engines/onnx/model-file.ts";
import { shownValue } from "../../../harmless.ts";
import { wholeOf, writtenWhole } from "./exact-json.ts";

/** An element, or a list, of a request that is not what its tensor needs. */
export class Unfit extends Error {
  override readonly name = "Unfit";

  /** Where it is in the data. */
  readonly index: readonly number[];
  readonly expected: string;
  readonly received: string;

  constructor(index: readonly number[], expected: string, received: string) {
    super(`expected ${expected} but got ${received}`);
    this.index = index;
    this.expected = expected;
    this.received = received;
  }
}

/** What each type of whole numbers holds. */
const RANGES: Partial<Record<NumericType, readonly [least: bigint, largest: bigint]>> = Object.fromEntries(
  [8, 16, 32, 64].flatMap((bits) => [
    [`int${bits}`, [-(2n ** BigInt(bits - 1)), 2n ** BigInt(bits - 1) - 1n]],
    [`uint${bits}`, [0n, 2n ** BigInt(bits) - 1n]],
  ]),
);
/** Half way between the largest float16 and the next number that it would have: from here on it is infinite. */
const FLOAT16_END = 65_520;

/** What was received, in a few words. */
function textOf(value: unknown): string {
  const whole = wholeOf(value);
  if (whole !== undefined) return String(whole);
  if (Array.isArray(value)) return `a list of ${value.length}`;
  return shownValue(value, 40);
}

/** The index of an element in lists nested as `shape`, or alone where they are not nested. */
function indexIn(at: number, shape: readonly number[] | undefined): number[] {
  if (!shape) return [at];
  const index: number[] = [];
  let rest = at;
  for (const size of shape.toReversed()) {
    index.unshift(rest % size);
    rest = Math.floor(rest / size);
  }
  return index;
}

/** The elements of a tensor, and the shape in which its lists are nested if they are. */
export interface Elements {
  readonly values: readonly unknown[];
  readonly nested?: readonly number[];
}

/** How lists have to be nested: as `shape` says, but the innermost may hold its sizes in a row. */
function nesting(data: readonly unknown[], shape: readonly number[]): number[] {
  let depth = 1;
  for (let [first] = data; depth < shape.length && Array.isArray(first); [first] = first) depth++;
  return [...shape.slice(0, depth - 1), shape.slice(depth - 1).reduce((product, size) => product * size, 1)];
}

/** The elements of lists, which are flat or nested as `shape` says; others are `Unfit`. */
export function flatten(data: readonly unknown[], shape: readonly number[]): Elements {
  if (!data.some(Array.isArray)) return { values: data };
  const sizes = nesting(data, shape);
  const values: unknown[] = [];
  const walk = (list: readonly unknown[], index: readonly number[]): void => {
    const size = sizes[index.length] ?? 0;
    if (list.length !== size) throw new Unfit(index, `${size} elements`, `${list.length}`);
    const isLast = index.length === sizes.length - 1;
    for (const [at, element] of list.entries()) {
      if (Array.isArray(element) === isLast)
        throw new Unfit([...index, at], isLast ? "no list" : "a list", textOf(element));
      if (Array.isArray(element)) walk(element, [...index, at]);
      else values.push(element);
    }
  };
  walk(data, []);
  return { values, nested: sizes };
}

/** The elements as the type's own array; the first that the type does not hold is `Unfit`. */
export function numbersFrom(type: NumericType, { values, nested }: Elements): TensorNumbers {
  const unfit = (at: number, expected: string): Unfit => new Unfit(indexIn(at, nested), expected, textOf(values[at]));
  if (type === "bool") {
    const at = values.findIndex((value) => typeof value !== "boolean");
    if (at !== -1) throw unfit(at, "true or false");
    return Uint8Array.from(values as boolean[], Number);
  }
  const range = RANGES[type];
  if (range) return wholeNumbers(type, values, range, unfit);
  const numbers = Float64Array.from(values, (value) =>
    Number(typeof value === "number" ? value : (wholeOf(value) ?? Number.NaN)),
  );
  const end = type === "float16" ? FLOAT16_END : Number.POSITIVE_INFINITY;
  const round = type === "float32" ? Math.fround : Number;
  const at = numbers.findIndex((number) => !(Math.abs(round(number)) < end));
  if (at !== -1) throw unfit(at, `a number that ${type} holds`);
  if (type === "float64") return numbers;
  const rounded = Float32Array.from(numbers);
  return type === "float16" ? Uint16Array.from(toFloat16(rounded)) : rounded;
}

function wholeNumbers(
  type: NumericType,
  values: readonly unknown[],
  [least, largest]: readonly [bigint, bigint],
  unfit: (at: number, expected: string) => Unfit,
): TensorNumbers {
  const data = new TENSOR_ARRAYS[type](values.length);
  const isLong = data instanceof BigInt64Array || data instanceof BigUint64Array;
  for (const [at, value] of values.entries()) {
    const whole = typeof value === "number" && Number.isSafeInteger(value) ? BigInt(value) : wholeOf(value);
    if (whole === undefined || whole < least || largest < whole)
      throw unfit(at, `a whole number in ${least}..${largest}`);
    data[at] = isLong ? whole : Number(whole);
  }
  return data;
}

/** The texts of a tensor; what is none, or could not be sent as UTF-8, is `Unfit`. */
export function textsFrom({ values, nested }: Elements): string[] {
  const at = values.findIndex((value) => typeof value !== "string" || /\p{Surrogate}/u.test(value));
  if (at !== -1) throw new Unfit(indexIn(at, nested), "a text", textOf(values[at]));
  return values as string[];
}

/** A value that JSON holds for an element; see `writeJson` for long whole numbers. */
export type Element = number | boolean | string;

/** The numbers as JSON holds them. One that is not finite, which JSON cannot hold, is `Unfit`. */
export function elementsOf(type: NumericType, data: TensorNumbers): Element[] {
  if (type === "bool") return Array.from(data as Uint8Array, (value) => value !== 0);
  if (data instanceof BigInt64Array || data instanceof BigUint64Array)
    return Array.from<bigint, Element>(data, writtenWhole);
  const numbers =
    type === "float16"
      ? toFloat32({ dtype: "float16", shape: [data.length], data: data as Uint16Array })
      : (data as Float32Array);
  const at = numbers.findIndex((number) => !Number.isFinite(number));
  if (at !== -1) throw new Unfit([at], "a finite number", String(numbers[at]));
  return [...numbers];
}
