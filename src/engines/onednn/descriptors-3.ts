import type { Pointer } from "../native.ts";
import type { Calls } from "./calls.ts";
import { ALGORITHM, ANY_LAYOUT, ELEMENT, elementOf, NORMALIZATION, type Operation, QUERY } from "./codes.ts";
import {
  type DescriptionArgument,
  type Descriptor,
  type Descriptors,
  dimensions,
  parametersOf,
} from "./descriptors.ts";

/** dnnl_eltwise_relu */
const RELU = 0x20;
/** dnnl_query_data_type */
const QUERY_ELEMENT = 258;
/** dnnl_data_type_undef: as that of the tensor */
const SAME_ELEMENT = 0;

/** Bits of dnnl_normalization_flags_t by those of oneDNN 2.6. */
const FLAGS: readonly (readonly [from: number, to: number])[] = [
  [NORMALIZATION.givenStatistics, 0x1],
  [NORMALIZATION.scale, 0x2],
  [NORMALIZATION.shift, 0x4],
  [NORMALIZATION.relu, 0x8],
];

const flagsOf = (flags: number): number =>
  FLAGS.reduce((sum, [from, to]) => sum + ((flags & from) === from ? to : 0), 0);

const algorithmOf = (algorithm: DescriptionArgument): DescriptionArgument =>
  algorithm === ALGORITHM.relu ? RELU : algorithm;

/** One operation: its name, its parameters as `parametersOf` takes them, whether it takes its forward primitive, its arguments by those of oneDNN 2.6. */
interface Form {
  readonly name: string;
  readonly types: string;
  readonly hint?: true;
  readonly adapt?: (args: readonly DescriptionArgument[]) => readonly DescriptionArgument[];
}

/** By operation; where oneDNN 3 wants the layout of a result too, it is that of the operand. */
const FORMS: Readonly<Record<Operation, Form>> = {
  convolutionForward: { name: "convolution_forward", types: "iipppppppp" },
  convolutionBackwardData: { name: "convolution_backward_data", types: "ippppppp", hint: true },
  convolutionBackwardWeights: { name: "convolution_backward_weights", types: "ipppppppp", hint: true },
  poolingForward: { name: "pooling_forward", types: "iippppppp" },
  poolingBackward: { name: "pooling_backward", types: "ippppppp", hint: true },
  batchNormalizationForward: {
    name: "batch_normalization_forward",
    types: "ippfu",
    adapt: ([kind, x, epsilon, flags]) => [kind, x, x, epsilon, flagsOf(flags as number)],
  },
  batchNormalizationBackward: {
    name: "batch_normalization_backward",
    types: "ipppfu",
    hint: true,
    adapt: ([kind, dy, x, epsilon, flags]) => [kind, dy, dy, x, epsilon, flagsOf(flags as number)],
  },
  eltwiseForward: {
    name: "eltwise_forward",
    types: "iippff",
    adapt: ([kind, algorithm, x, ...factors]) => [kind, algorithmOf(algorithm), x, x, ...factors],
  },
  eltwiseBackward: {
    name: "eltwise_backward",
    types: "ipppff",
    hint: true,
    adapt: ([algorithm, dy, x, ...factors]) => [algorithmOf(algorithm), dy, dy, x, ...factors],
  },
  innerProductForward: { name: "inner_product_forward", types: "ipppp" },
  matmul: { name: "matmul", types: "pppp" },
  binary: { name: "binary", types: "ippp" },
};

function prototypeOf({ name, types, hint }: Form): string {
  const parameters = parametersOf(`${types}${hint ? "p" : ""}`);
  return `dnnl_${name}_primitive_desc_create(_Out_ void **, void *, ${parameters}, void *)`;
}

/** Descriptors of oneDNN 3.x: handles that live as long as the engine, and primitives described at once. */
export function descriptors3(calls: Calls): Descriptors {
  const pointers = (from: readonly Descriptor[]): BigUint64Array => BigUint64Array.from(from as readonly Pointer[]);
  return {
    gradientTakesShift: false,
    strided(shape, element, strides) {
      const prototype = "dnnl_memory_desc_create_with_strides(_Out_ void **, int, void *, int, void *)";
      // without distances the descriptor would be of no layout
      const steps = strides ?? shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1));
      return calls.made(prototype, shape.length, dimensions(shape), ELEMENT[element], dimensions(steps));
    },
    any(shape, element) {
      const prototype = "dnnl_memory_desc_create_with_tag(_Out_ void **, int, void *, int, int)";
      return calls.made(prototype, shape.length, dimensions(shape), ELEMENT[element], ANY_LAYOUT);
    },
    part(whole, shape, offsets) {
      const prototype = "dnnl_memory_desc_create_submemory(_Out_ void **, void *, void *, void *)";
      return calls.madeIf(prototype, [whole, dimensions(shape), dimensions(offsets)]);
    },
    elementOf(descriptor) {
      const code = new Int32Array(1);
      calls.call("dnnl_memory_desc_query(void *, int, void *)", [descriptor, QUERY_ELEMENT, code]);
      return elementOf(code[0] ?? 0);
    },
    describe(operation, args, { engine, attribute, forward }) {
      const form = FORMS[operation];
      const given = (form.adapt?.(args) ?? args).map((arg) => (Array.isArray(arg) ? dimensions(arg) : (arg ?? null)));
      return calls.found(prototypeOf(form), [engine, ...given, ...(form.hint ? [forward] : []), attribute]);
    },
    sum(to, from, scales, { engine, attribute }) {
      const prototype = "dnnl_sum_primitive_desc_create(_Out_ void **, void *, void *, int, void *, void *, void *)";
      return calls.found(prototype, [engine, to, from.length, scales, pointers(from), attribute]);
    },
    concat(to, axis, from, { engine, attribute }) {
      const prototype = "dnnl_concat_primitive_desc_create(_Out_ void **, void *, void *, int, int, void *, void *)";
      return calls.found(prototype, [engine, to, from.length, axis, pointers(from), attribute]);
    },
    query(description, what) {
      const query = calls.bound("dnnl_primitive_desc_query_md(void *, int, int)", "void *");
      return (query(description, QUERY[what], 0) as unknown as Pointer | null) ?? undefined;
    },
    appendRelu(operations) {
      calls.call("dnnl_post_ops_append_eltwise(void *, int, float, float)", [operations, RELU, 0, 0]);
    },
    appendSum(operations) {
      calls.call("dnnl_post_ops_append_sum(void *, float, int, int)", [operations, 1, 0, SAME_ELEMENT]);
    },
  };
}
