/** Numbers and names of oneDNN's C interface (dnnl_types.h, dnnl.h). */

/** dnnl_prop_kind_t */
export const PROPAGATION = { training: 64, inference: 96, backward: 128 } as const;

/** dnnl_alg_kind_t */
export const ALGORITHM = {
  convolution: 0x1,
  relu: 0x1f,
  reluByResult: 0x100,
  poolMaximum: 0x1ff,
  /** Padding counts in the divisor. */
  poolAverageAll: 0x2ff,
  poolAverage: 0x3ff,
  add: 0x1fff0,
  multiply: 0x1fff1,
} as const;

/** dnnl_data_type_t */
export const ELEMENT = { bfloat16: 2, float32: 3, int32: 4 } as const;
/** Name of a type of elements. */
export type Element = keyof typeof ELEMENT;
/** Bytes of an element. */
export const ELEMENT_BYTES: Readonly<Record<Element, number>> = { bfloat16: 2, float32: 4, int32: 4 };

/** The type of elements of a number in oneDNN. */
export function elementOf(code: number): Element {
  const found = Object.entries(ELEMENT).find(([, number]) => number === code);
  return found ? (found[0] as Element) : "float32"; // of none that is used here: bytes of a workspace
}

/** dnnl_cpu_isa_t, bits that a processor with instructions for products of bfloat16 has. */
export const ISA_WITH_BFLOAT16 = 0xe7;

/** What a descriptor is asked for: dnnl_query_t */
export const QUERY = {
  src: 129,
  gradSrc: 130,
  weights: 131,
  gradWeights: 132,
  dst: 133,
  gradDst: 134,
  workspace: 135,
  scratchpad: 136,
} as const;

/** Which tensor an argument is: DNNL_ARG_* */
export const ARGUMENT = {
  src: 1,
  src1: 2,
  dst: 17,
  weights: 33,
  bias: 41,
  mean: 49,
  variance: 50,
  scale: 51,
  shift: 52,
  workspace: 64,
  scratchpad: 80,
  gradSrc: 129,
  gradDst: 145,
  gradWeights: 161,
  gradBias: 169,
  gradScale: 255,
  gradShift: 256,
  /** The first of the tensors of a sum or a concatenation. */
  first: 1024,
} as const;

/** dnnl_normalization_flags_t */
export const NORMALIZATION = { givenStatistics: 0x1, relu: 0x4, scale: 0x8, shift: 0x10 } as const;

/** dnnl_format_tag_any */
export const ANY_LAYOUT = 1;

/** Name of a kind of primitive. */
export type Operation =
  | `convolution${"Forward" | "BackwardData" | "BackwardWeights"}`
  | `${"pooling" | "batchNormalization" | "eltwise"}${"Forward" | "Backward"}`
  | "innerProductForward"
  | "matmul"
  | "binary";
