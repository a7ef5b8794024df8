/** The Open Inference Protocol, version 2: https://github.com/open-inference/open-inference-protocol */
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { ModelPort } from "../../engines/onnx/model-file.ts";
import { UserError } from "../../errors.ts";
import type { ServedModel } from "../models/served-model.ts";
import { readBody } from "./body.ts";
import { type ApiContext, errorsOf, jsonOf, MODEL_VERSION, modelNamed, visiting } from "./context.ts";
import { withDeadline } from "./deadline.ts";
import { ApiError } from "./errors.ts";
import { datatypeOf } from "./tensors/datatypes.ts";
import { JSON_LENGTH, readQuestion, writeAnswer } from "./tensors/messages.ts";
import { inferRequest, inferResponse } from "./tensors/schemas.ts";

const tags = ["Open Inference Protocol"];
const port = z.object({ name: z.string(), datatype: z.string(), shape: z.array(z.int()) }).openapi("TensorMetadata");

const serverSchema = z.object({ name: z.string(), version: z.string(), extensions: z.array(z.string()) });
const modelSchema = z
  .object({
    ...{ name: z.string(), versions: z.array(z.string()), platform: z.string() },
    ...{ inputs: z.array(port), outputs: z.array(port) },
  })
  .openapi("ModelMetadata");

/** Adds the protocol's routes. */
export function addInferenceRoutes(app: OpenAPIHono, api: ApiContext): void {
  addServerRoutes(app, api);
  for (const version of ["", "/versions/{version}"]) addModelRoutes(app, api, `/v2/models/{name}${version}`);
}

function addServerRoutes(app: OpenAPIHono, api: ApiContext): void {
  const get = { method: "get", tags } as const;
  const metadata = createRoute({
    ...{ ...get, path: "/v2", summary: "What the server is" },
    responses: { 200: jsonOf(serverSchema, "Name, version and extensions"), ...errorsOf(401) },
  });
  app.openapi(metadata, (context) =>
    context.json({ name: "ocelli", version: api.version, extensions: ["binary_tensor_data"] }, 200),
  );
  const live = createRoute({
    ...{ ...get, path: "/v2/health/live", summary: "Whether the server runs" },
    responses: { 200: jsonOf(z.object({ live: z.boolean() }), "It does") },
  });
  app.openapi(live, (context) => context.json({ live: true }, 200));
  const readySchema = z.object({ ready: z.boolean() });
  const ready = createRoute({
    ...{ ...get, path: "/v2/health/ready", summary: "Whether the server takes requests" },
    responses: { 200: jsonOf(readySchema, "It does"), 503: jsonOf(readySchema, "It is stopping") },
  });
  app.openapi(ready, (context) => {
    const isReady = api.isReady();
    return context.json({ ready: isReady }, isReady ? 200 : 503);
  });
}

function addModelRoutes(app: OpenAPIHono, api: ApiContext, path: string): void {
  const params = z.object({ name: z.string(), version: z.string().default(MODEL_VERSION) });
  const asked = (context: { req: { valid(part: "param"): z.infer<typeof params> } }): ServedModel => {
    const { name, version } = context.req.valid("param");
    return modelNamed(api, name, version);
  };
  const shared = { tags, request: { params } };
  const metadata = createRoute({
    ...{ ...shared, method: "get", path, summary: "What a model takes and gives" },
    responses: { 200: jsonOf(modelSchema, "Its inputs and outputs; a size of -1 is free"), ...errorsOf(401, 404) },
  });
  app.openapi(metadata, (context) => {
    const { name, platform, inputs, outputs } = asked(context);
    const [taken, given] = [inputs.map(describe), outputs.map(describe)];
    return context.json({ name, versions: [MODEL_VERSION], platform, inputs: taken, outputs: given }, 200);
  });
  const ready = createRoute({
    ...{ ...shared, method: "get", path: `${path}/ready`, summary: "Whether a model takes requests" },
    responses: {
      200: jsonOf(z.object({ name: z.string(), ready: z.boolean() }), "It does"),
      ...errorsOf(401, 404),
    },
  });
  app.openapi(ready, (context) => context.json({ name: asked(context).name, ready: true }, 200));
  const infer = createRoute({
    ...{ tags, method: "post", path: `${path}/infer`, summary: "Run a model on tensors" },
    request: { params, body: { content: { "application/json": { schema: inferRequest } } } },
    responses: {
      200: jsonOf(inferResponse, "The outputs"),
      ...errorsOf(400, 401, 404, 413, 415, 422, 429, 503, 504),
    },
  });
  // not by app.openapi, which would take the body for JSON alone: bytes may follow
  app.openAPIRegistry.registerPath(infer);
  app.post(infer.getRoutingPath(), (context) => {
    const { name = "", version } = context.req.param() as Record<string, string>;
    return answer(context, api, modelNamed(api, name, version));
  });
}

const describe = ({ name, type, shape }: ModelPort) => ({
  name,
  datatype: datatypeOf(type),
  shape: shape.map((size) => (typeof size === "number" ? size : -1)),
});

async function answer(context: Context, { timeoutMs, maxBody }: ApiContext, model: ServedModel): Promise<Response> {
  const { json, bytes } = await visiting(model, async (visit) => {
    const body = await readBody(context, maxBody);
    const question = readQuestion({ body, jsonLength: context.req.header(JSON_LENGTH) });
    const patience = { timeoutMs, client: context.req.raw.signal };
    const results = await withDeadline(patience, (signal) => visit.infer(question.tensors, signal)).catch(asBadRequest);
    return writeAnswer(question, results, { name: model.name, version: MODEL_VERSION });
  });
  if (bytes.length === 0) return context.body(json, 200, { "content-type": "application/json" });
  const head = new TextEncoder().encode(json);
  const headers = { "content-type": "application/octet-stream", [JSON_LENGTH]: String(head.length) };
  return context.body(Buffer.concat([head, ...bytes]), 200, headers);
}

/** Tensors that do not fit are a bad request. */
function asBadRequest(error: unknown): never {
  if (error instanceof UserError) throw new ApiError(400, error.message, error.hint);
  throw error;
}
