/** Tensors of files, and state dicts of them. */
import { createHash } from "node:crypto";
import type { Shape } from "../graph/value.ts";

/** Element types and the arrays that hold them; float16 and bfloat16 are held as their bits. */
export const ELEMENT_ARRAYS = {
  float32: Float32Array,
  float64: Float64Array,
  float16: Uint16Array,
  bfloat16: Uint16Array,
  int64: BigInt64Array,
  int32: Int32Array,
  int16: Int16Array,
  int8: Int8Array,
  uint8: Uint8Array,
  bool: Uint8Array,
} as const;

/** Element type of a tensor of a file. */
export type ElementName = keyof typeof ELEMENT_ARRAYS;

/** An array of elements. */
export type ElementData =
  | Float32Array
  | Float64Array
  | Uint16Array
  | BigInt64Array
  | Int32Array
  | Int16Array
  | Int8Array
  | Uint8Array;

/** A tensor of a file, row-major. */
export interface StateTensor {
  readonly dtype: ElementName;
  readonly shape: Shape;
  readonly data: ElementData;
}

/** Tensors by name, such as `layer1.0.conv1.weight`, in the order of the file. */
export type StateDict = ReadonlyMap<string, StateTensor>;

/** Whether `value` is a tensor. */
export const isStateTensor = (value: unknown): value is StateTensor =>
  typeof value === "object" && value !== null && "dtype" in value && "shape" in value && "data" in value;

/** The value of float16 bits (IEEE 754 binary16). */
function float16Value(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

let float16Values: Float32Array | undefined;

/** Each is looked up: a network has millions, but there are only 65,536 different ones. */
function float16ToFloat32(bits: Uint16Array): Float32Array {
  float16Values ??= Float32Array.from({ length: 2 ** 16 }, (_, index) => float16Value(index));
  const values = float16Values;
  const result = new Float32Array(bits.length);
  for (let i = 0; i < bits.length; i++) result[i] = values[bits[i]!]!;
  return result;
}

const LARGEST_FLOAT16 = 65504;
const SMALLEST_NORMAL_EXPONENT = -14;

/** The bits of the nearest float16 of each number, halves to even; what is too large becomes the largest there is. */
export function toFloat16(numbers: Float32Array): Uint16Array {
  const bits = new Uint16Array(numbers.length);
  for (let i = 0; i < numbers.length; i++) bits[i] = float16Bits(numbers[i]!);
  return bits;
}

function float16Bits(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  if (Number.isNaN(value)) return 0x7e00;
  const size = Math.min(Math.abs(value), LARGEST_FLOAT16);
  const exponent = Math.max(SMALLEST_NORMAL_EXPONENT, Math.floor(Math.log2(size)));
  const steps = size * 2 ** (10 - exponent); // 1024..2047, below 1024 for subnormal numbers
  const whole = Math.floor(steps);
  const rest = steps - whole;
  const rounded = 0.5 < rest || (rest === 0.5 && whole % 2 === 1) ? whole + 1 : whole;
  return sign + Math.min(0x7bff, (exponent - SMALLEST_NORMAL_EXPONENT) * 1024 + rounded); // a carry raises the exponent
}

/** bfloat16 is the upper half of a float32. */
function bfloat16ToFloat32(bits: Uint16Array): Float32Array {
  const result = new Uint32Array(bits.length);
  for (let i = 0; i < bits.length; i++) result[i] = bits[i]! << 16;
  return new Float32Array(result.buffer);
}

/** The elements as float32; those that are need no memory. float64, and int64 beyond 2²⁴, are rounded to the nearest. */
export function toFloat32({ dtype, data }: StateTensor): Float32Array {
  if (data instanceof Float32Array) return data;
  if (dtype === "bfloat16") return bfloat16ToFloat32(data as Uint16Array);
  if (dtype === "float16") return float16ToFloat32(data as Uint16Array);
  if (data instanceof BigInt64Array) return Float32Array.from(data, Number);
  return new Float32Array(data);
}

/** A float32 tensor. */
export const float32Tensor = (shape: Shape, data: ArrayLike<number>): StateTensor => ({
  dtype: "float32",
  shape,
  data: data instanceof Float32Array ? data : Float32Array.from(data),
});

/** An int64 scalar, as counters are stored. */
export const int64Scalar = (value: number): StateTensor => ({
  dtype: "int64",
  shape: [],
  data: BigInt64Array.of(BigInt(value)),
});

/** The bytes of the elements, little-endian as on all machines that Node runs on. */
export const bytesOf = ({ data }: StateTensor): Uint8Array<ArrayBuffer> =>
  new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);

/** Pieces one after the other. */
export function joined(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

/** SHA-256 over name (UTF-8) and little-endian bytes of every tensor, sorted by name: 64 hexadecimal digits. */
export function stateHash(state: StateDict): string {
  const hash = createHash("sha256");
  const names = [...state.keys()].sort((a, b) => (a < b ? -1 : 1));
  for (const name of names) {
    const tensor = state.get(name);
    if (tensor) hash.update(name).update(bytesOf(tensor));
  }
  return hash.digest("hex");
}

/** Shapes and values of all tensors by name, as an engine takes them. */
export const float32Values = (state: StateDict): Map<string, { shape: Shape; data: Float32Array }> =>
  new Map(Array.from(state, ([name, tensor]) => [name, { shape: tensor.shape, data: toFloat32(tensor) }]));
