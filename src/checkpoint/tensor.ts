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

/** The elements as float32; bfloat16 is the upper half of a float32. int64 beyond 2²⁴ is rounded. */
export function toFloat32({ dtype, data }: StateTensor): Float32Array {
  if (data instanceof Float32Array) return data;
  if (dtype === "bfloat16") return new Float32Array(Uint32Array.from(data as Uint16Array, (bits) => bits << 16).buffer);
  if (dtype === "float16") return Float32Array.from(data as Uint16Array, float16Value);
  return Float32Array.from(data as ArrayLike<number>, Number);
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
