/** Element types of the Open Inference Protocol. */
import { toFloat16, toFloat32 } from "../../../checkpoint/index.ts";
import { type NumericType, TENSOR_ARRAYS, type TensorNumbers } from "../../../engines/onnx/model-file.ts";

/** The protocol's names by ONNX Runtime's. */
const DATATYPES: Readonly<Record<NumericType | "string", string>> = {
  bool: "BOOL",
  uint8: "UINT8",
  uint16: "UINT16",
  uint32: "UINT32",
  uint64: "UINT64",
  int8: "INT8",
  int16: "INT16",
  int32: "INT32",
  int64: "INT64",
  float16: "FP16",
  float32: "FP32",
  float64: "FP64",
  string: "BYTES",
};

/** The protocol's name of an element type of ONNX Runtime. */
export const datatypeOf = (type: string): string => DATATYPES[type as NumericType] ?? type.toUpperCase();

/** ONNX Runtime's name of an element type of the protocol; undefined for one that there is not. */
export const typeOf = (datatype: string): NumericType | "string" | undefined =>
  (Object.keys(DATATYPES) as (NumericType | "string")[]).find((type) => DATATYPES[type] === datatype);

/** A value that JSON holds for an element: a number, or true and false. */
export type Element = number | boolean;

/** Elements of a JSON array as the type's own array; undefined if one of them is no such value. */
export function numbersFrom(type: NumericType, elements: readonly unknown[]): TensorNumbers | undefined {
  const expected = type === "bool" ? "boolean" : "number";
  if (!elements.every((element) => typeof element === expected)) return undefined;
  const values = elements as readonly Element[];
  if (type === "float16") return Uint16Array.from(toFloat16(Float32Array.from(values, Number)));
  if ((type === "int64" || type === "uint64") && !values.every(Number.isSafeInteger)) return undefined;
  const toElement = type === "int64" || type === "uint64" ? BigInt : Number;
  const data = new TENSOR_ARRAYS[type](values.length);
  for (const [index, value] of values.entries()) data[index] = toElement(value);
  return data;
}

/** The numbers as JSON holds them. What is not finite becomes null there. */
export function elementsOf(type: NumericType, data: TensorNumbers): Element[] {
  if (type === "bool") return Array.from(data as Uint8Array, (value) => value !== 0);
  if (type !== "float16") return Array.from<number | bigint, number>(data as Float32Array, Number);
  return [...toFloat32({ dtype: "float16", shape: [data.length], data: data as Uint16Array })];
}
