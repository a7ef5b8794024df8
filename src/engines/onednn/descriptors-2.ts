import { type Pointer, viewOf } from "../native.ts";
import type { Calls } from "./calls.ts";
import { ALGORITHM, ANY_LAYOUT, ELEMENT, elementOf, type Operation, QUERY } from "./codes.ts";
import { type Descriptor, type Descriptors, dimensions, parametersOf } from "./descriptors.ts";

/** Bytes of a descriptor of a layout. */
const LAYOUT_BYTES = 696;
/** Where it has its type of elements: after the number of axes and twelve sizes. */
const ELEMENT_AT = 104;
/** Room for a descriptor of a primitive, which takes at most 6,000 bytes. */
const DESCRIPTOR_BYTES = 16384;

/** Parameters of `dnnl_…_desc_init` after the descriptor, as `parametersOf` takes them. */
const OPERATIONS: Readonly<Record<Operation, readonly [name: string, types: string]>> = {
  convolutionForward: ["dilated_convolution_forward", "iipppppppp"],
  convolutionBackwardData: ["dilated_convolution_backward_data", "ippppppp"],
  convolutionBackwardWeights: ["dilated_convolution_backward_weights", "ipppppppp"],
  poolingForward: ["pooling_v2_forward", "iippppppp"],
  poolingBackward: ["pooling_v2_backward", "ippppppp"],
  batchNormalizationForward: ["batch_normalization_forward", "ipfi"],
  batchNormalizationBackward: ["batch_normalization_backward", "ippfi"],
  eltwiseForward: ["eltwise_forward", "iipff"],
  eltwiseBackward: ["eltwise_backward", "ippff"],
  innerProductForward: ["inner_product_forward", "ipppp"],
  matmul: ["matmul", "pppp"],
  binary: ["binary", "ippp"],
};

function prototypeOf(operation: Operation): string {
  const [name, types] = OPERATIONS[operation];
  return `dnnl_${name}_desc_init(void *, ${parametersOf(types)})`;
}

/** Descriptors of oneDNN 2.6 and later 2.x: structures that the caller owns, filled in place. */
export function descriptors2(calls: Calls): Descriptors {
  const filled = (prototype: string, ...args: readonly unknown[]): Buffer => {
    const descriptor = Buffer.alloc(LAYOUT_BYTES);
    calls.call(prototype, [descriptor, ...args]);
    return descriptor;
  };
  const list = (from: readonly Descriptor[]): Buffer => Buffer.concat(from as readonly Buffer[]);
  return {
    gradientTakesShift: true,
    strided(shape, element, strides) {
      const prototype = "dnnl_memory_desc_init_by_strides(void *, int, void *, int, void *)";
      const steps = strides ? dimensions(strides) : null;
      return filled(prototype, shape.length, dimensions(shape), ELEMENT[element], steps);
    },
    any(shape, element) {
      const prototype = "dnnl_memory_desc_init_by_tag(void *, int, void *, int, int)";
      return filled(prototype, shape.length, dimensions(shape), ELEMENT[element], ANY_LAYOUT);
    },
    part(whole, shape, offsets) {
      const descriptor = Buffer.alloc(LAYOUT_BYTES);
      const prototype = "dnnl_memory_desc_init_submemory(void *, void *, void *, void *)";
      const status = calls.status(prototype, [descriptor, whole, dimensions(shape), dimensions(offsets)]);
      return status === 0 ? descriptor : undefined;
    },
    elementOf: (descriptor) => elementOf((descriptor as Buffer).readInt32LE(ELEMENT_AT)),
    describe(operation, args, { engine, attribute, forward }) {
      const descriptor = Buffer.alloc(DESCRIPTOR_BYTES);
      const given = args.map((arg) => (Array.isArray(arg) ? dimensions(arg) : (arg ?? null)));
      calls.call(prototypeOf(operation), [descriptor, ...given]);
      const prototype = "dnnl_primitive_desc_create(_Out_ void **, void *, void *, void *, void *)";
      return calls.found(prototype, [descriptor, attribute, engine, forward]);
    },
    sum(to, from, scales, { engine, attribute }) {
      const prototype = "dnnl_sum_primitive_desc_create(_Out_ void **, void *, int, void *, void *, void *, void *)";
      return calls.found(prototype, [to, from.length, scales, list(from), attribute, engine]);
    },
    concat(to, axis, from, { engine, attribute }) {
      const prototype = "dnnl_concat_primitive_desc_create(_Out_ void **, void *, int, int, void *, void *, void *)";
      return calls.found(prototype, [to, from.length, axis, list(from), attribute, engine]);
    },
    query(description, what) {
      const pointer = calls.bound("dnnl_primitive_desc_query_md(void *, int, int)", "void *")(
        description,
        QUERY[what],
        0,
      ) as unknown as Pointer | null;
      return pointer ? Buffer.from(viewOf(pointer, LAYOUT_BYTES).slice(0)) : undefined;
    },
    appendRelu(operations) {
      const prototype = "dnnl_post_ops_append_eltwise(void *, float, int, float, float)";
      calls.call(prototype, [operations, 1, ALGORITHM.relu, 0, 0]);
    },
    appendSum: (operations) => calls.call("dnnl_post_ops_append_sum(void *, float)", [operations, 1]),
  };
}
