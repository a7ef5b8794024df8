/** Element types of the Open Inference Protocol. */
import type { NumericType } from "../../../engines/onnx/model-file.ts";

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
