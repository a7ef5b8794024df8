/** The messages of the Open Inference Protocol. */
import { z } from "@hono/zod-openapi";

/** A field that may be absent; `null`, as many clients write that, is the same. */
const optional = <Type extends z.ZodType>(type: Type) => type.nullish().transform((value) => value ?? undefined);

/** Parameters, of which ocelli reads the known ones and passes over the others. */
const parameters = <Known extends z.ZodRawShape>(known: Known) =>
  optional(z.object(known).catchall(z.union([z.string(), z.number(), z.boolean(), z.null()])));
/** Outputs that may be asked for; no model has more. */
const MOST_OUTPUTS = 1000;
const flag = optional(z.boolean());
const byteCount = optional(z.int().min(0));
const shape = z.array(z.int().min(0));
const data = z.array(z.unknown()).openapi({ description: "Elements row by row, or in lists nested as the shape" });
const datatype = z.string().openapi({
  description: "BOOL, UINT8 to UINT64, INT8 to INT64, FP16, FP32, FP64 or BYTES, whose elements are texts",
});

/** A tensor as a client sends it; `data` are flat or nested as the shape says, and absent if they follow as bytes. */
export const inputTensor = z
  .object({
    ...{ name: z.string(), shape, datatype },
    ...{ parameters: parameters({ binary_data_size: byteCount }), data: optional(data) },
  })
  .openapi("InputTensor");

/** What a client asks. */
export const inferRequest = z
  .object({
    id: optional(z.string()),
    parameters: parameters({ binary_data_output: flag }),
    inputs: z.array(inputTensor).min(1),
    outputs: optional(
      z.array(z.object({ name: z.string(), parameters: parameters({ binary_data: flag }) })).max(MOST_OUTPUTS),
    ),
  })
  .openapi("InferRequest");

/** A tensor of an answer. */
export const outputTensor = z
  .object({
    ...{ name: z.string(), shape, datatype: z.string() },
    parameters: z.object({ binary_data_size: z.int() }).optional(),
    data: z.array(z.union([z.number(), z.boolean(), z.string()])).optional(),
  })
  .openapi("OutputTensor");

/** The answer. */
export const inferResponse = z
  .object({
    model_name: z.string(),
    model_version: z.string(),
    id: z.string().optional(),
    outputs: z.array(outputTensor),
  })
  .openapi("InferResponse");

/** A question. */
export type InferRequest = z.infer<typeof inferRequest>;
/** A tensor of a question. */
export type InputTensor = z.infer<typeof inputTensor>;
/** A tensor of an answer. */
export type OutputTensor = z.infer<typeof outputTensor>;
