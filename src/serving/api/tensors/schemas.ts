/** The messages of the Open Inference Protocol. */
import { z } from "@hono/zod-openapi";

const parameters = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional();
const shape = z.array(z.int().min(0));

/** A tensor as a client sends it; `data` are nested or not, and absent if they follow as bytes. */
export const inputTensor = z
  .object({ name: z.string(), shape, datatype: z.string(), parameters, data: z.array(z.unknown()).optional() })
  .openapi("InputTensor");

/** What a client asks. */
export const inferRequest = z
  .object({
    id: z.string().optional(),
    parameters,
    inputs: z.array(inputTensor).min(1),
    outputs: z.array(z.object({ name: z.string(), parameters })).optional(),
  })
  .openapi("InferRequest");

/** A tensor of an answer. */
export const outputTensor = z
  .object({
    name: z.string(),
    shape,
    datatype: z.string(),
    parameters,
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
