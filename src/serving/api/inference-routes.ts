/** The Open Inference Protocol, version 2: https://github.com/open-inference/open-inference-protocol */
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { ModelPort } from "../../engines/onnx/model-file.ts";
import { UserError } from "../../errors.ts";
import { withDeadline } from "../deadline.ts";
import type { ServedModel, Visit } from "../models/served-model.ts";
import {
  type ApiContext,
  errorSchema,
  errorsOf,
  isStuck,
  jsonOf,
  MODEL_VERSION,
  modelNamed,
  modelParameter,
  patienceOf,
  visiting,
} from "./context.ts";
import { ApiError } from "./errors.ts";
import { readBody } from "./requests/body.ts";
import type { Arrival } from "./requests/intake.ts";
import { datatypeOf } from "./tensors/datatypes.ts";
import { JSON_LENGTH, type Question, writeAnswer } from "./tensors/messages.ts";
import { inferRequest, inferResponse } from "./tensors/schemas.ts";

const tags = ["Open Inference Protocol"];
/** Letters of a name of a client's that are told. */
const LONGEST_SHOWN = 100;
const port = z
  .object({ name: z.string(), datatype: z.string(), shape: z.array(z.int()) })
  .openapi("TensorMetadata", { description: "A size of -1 is free" });

const serverSchema = z.object({ name: z.string(), version: z.string(), extensions: z.array(z.string()) });
const modelSchema = z
  .object({
    ...{ name: z.string(), versions: z.array(z.string()), platform: z.string() },
    ...{ inputs: z.array(port), outputs: z.array(port) },
  })
  .openapi("ModelMetadata");

const MODEL = {
  ...{ name: "other", versions: [MODEL_VERSION], platform: "onnxruntime_onnx" },
  inputs: [{ name: "x", datatype: "FP32", shape: [-1, 2] }],
  outputs: [{ name: "y", datatype: "FP32", shape: [-1, 2] }],
};
const QUESTION = { id: "7", inputs: [{ name: "x", shape: [1, 2], datatype: "FP32", data: [[0.5, 1.5]] }] };
const ANSWER = {
  ...{ model_name: "other", model_version: MODEL_VERSION, id: "7" },
  outputs: [{ name: "y", datatype: "FP32", shape: [1, 2], data: [0.25, 0.75] }],
};
const UNFIT = {
  error: 'input "x", data[1]: expected a whole number in 0..255 for UINT8 but got 300.',
  hint: "See the form of requests in /docs.",
};
const jsonLength = z.string().optional().openapi({
  description: "Where tensors follow as bytes: the bytes of the JSON before them. Answers with bytes have it too",
});
const headers = z.object({ "Inference-Header-Content-Length": jsonLength });
const tensorContent = {
  "application/json": { schema: inferRequest, example: QUESTION },
  "application/octet-stream": {
    schema: {
      ...{ type: "string" as const, format: "binary" },
      description:
        "The JSON, in which a tensor has a binary_data_size and no data, then the tensors' bytes: little-endian, row-major",
    },
  },
};

/** Adds the protocol's routes. */
export function addInferenceRoutes(app: OpenAPIHono, api: ApiContext): void {
  addServerRoutes(app, api);
  for (const version of ["", "/versions/{version}"]) addModelRoutes(app, api, `/v2/models/{name}${version}`);
}

function addServerRoutes(app: OpenAPIHono, api: ApiContext): void {
  const get = { method: "get", tags } as const;
  const server = { name: "ocelli", version: api.version, extensions: ["binary_tensor_data"] };
  const metadata = createRoute({
    ...{ ...get, path: "/v2", summary: "What the server is" },
    responses: { 200: jsonOf(serverSchema, "Name, version and extensions", server), ...errorsOf(401, 403, 503) },
  });
  app.openapi(metadata, (context) => context.json(server, 200));
  const live = createRoute({
    ...{ ...get, path: "/v2/health/live", summary: "Whether the server runs" },
    responses: { 200: jsonOf(z.object({ live: z.boolean() }), "It does", { live: true }) },
  });
  app.openapi(live, (context) => context.json({ live: true }, 200));
  const readySchema = z.object({ ready: z.boolean() });
  const ready = createRoute({
    ...{ ...get, path: "/v2/health/ready", summary: "Whether the server takes requests" },
    responses: {
      200: jsonOf(readySchema, "It does", { ready: true }),
      503: jsonOf(readySchema, "It is stopping, or a model is stuck in a run that takes longer than an answer may", {
        ready: false,
      }),
    },
  });
  app.openapi(ready, (context) => {
    const isReady = api.isReady() && ![...api.models.values()].some((model) => isStuck(model, api));
    return context.json({ ready: isReady }, isReady ? 200 : 503);
  });
}

function addModelRoutes(app: OpenAPIHono, api: ApiContext, path: string): void {
  const version = z.string().openapi({ description: `The one that each model has, ${MODEL_VERSION}` });
  const params = z.object({ name: modelParameter, ...(path.includes("{version}") && { version }) });
  const asked = (context: Context): ServedModel => {
    const { name = "", version } = context.req.param() as Record<string, string>;
    return modelNamed(api, name, version);
  };
  const shared = { tags, request: { params } };
  const metadata = createRoute({
    ...{ ...shared, method: "get", path, summary: "What a model takes and gives" },
    responses: { 200: jsonOf(modelSchema, "Its inputs and outputs", MODEL), ...errorsOf(401, 403, 404, 503) },
  });
  app.openapi(metadata, (context) => {
    const { name, platform, inputs, outputs } = asked(context);
    const [taken, given] = [inputs.map(describe), outputs.map(describe)];
    return context.json({ name, versions: [MODEL_VERSION], platform, inputs: taken, outputs: given }, 200);
  });
  const readySchema = z.object({ name: z.string(), ready: z.boolean() });
  const ready = createRoute({
    ...{ ...shared, method: "get", path: `${path}/ready`, summary: "Whether a model takes requests" },
    responses: {
      200: jsonOf(readySchema, "It does", { name: "other", ready: true }),
      ...errorsOf(401, 403, 404),
      503: jsonOf(z.union([readySchema, errorSchema]), "It is stuck, or the server stops", {
        name: "other",
        ready: false,
      }),
    },
  });
  app.openapi(ready, (context) => {
    const model = asked(context);
    const isReady = !isStuck(model, api);
    return context.json({ name: model.name, ready: isReady }, isReady ? 200 : 503);
  });
  const infer = createRoute({
    ...{ tags, method: "post", path: `${path}/infer`, summary: "Run a model on tensors" },
    request: { params, headers, body: { content: tensorContent } },
    responses: {
      200: jsonOf(inferResponse, "The outputs; as bytes after the JSON where that was asked for", ANSWER),
      ...errorsOf(401, 403, 404, 408, 413, 415, 429, 500, 503, 504),
      400: jsonOf(errorSchema, "The request is damaged, or its tensors do not fit the model", UNFIT),
    },
  });
  // not by app.openapi, which would take the body for JSON alone: bytes may follow
  app.openAPIRegistry.registerPath(infer);
  app.post(infer.getRoutingPath(), (context) => answer(context, api, asked(context)));
}

const describe = ({ name, type, shape }: ModelPort) => ({
  name,
  datatype: datatypeOf(type),
  shape: shape.map((size) => (typeof size === "number" ? size : -1)),
});

async function answer(context: Context, api: ApiContext, model: ServedModel): Promise<Response> {
  const { intake, workers } = api;
  expectMessage(context);
  const read = (arrival: Arrival): Promise<Uint8Array> => readBody(context, api, arrival);
  const reply = async (visit: Visit, body: Uint8Array, signal: AbortSignal) => {
    const question = await workers.question({ body, jsonLength: context.req.header(JSON_LENGTH) }, signal);
    checkOutputs(question, model);
    const results = await visit.infer(question.tensors, signal).catch(asBadRequest);
    return writeAnswer(question, results, { name: model.name, version: MODEL_VERSION });
  };
  const { json, bytes } = await visiting(
    context,
    { model, intake },
    { read, answer: (visit, body) => withDeadline(patienceOf(context, api), (signal) => reply(visit, body, signal)) },
  );
  if (bytes.length === 0) return context.body(json, 200, { "content-type": "application/json" });
  const head = new TextEncoder().encode(json);
  const headers = { "content-type": "application/octet-stream", [JSON_LENGTH]: String(head.length) };
  return context.body(Buffer.concat([head, ...bytes]), 200, headers);
}

/** Throws an `ApiError` (415) for a body of another type, such as those that any web page may send to any server. */
function expectMessage(context: Context): void {
  const type = context.req.header("content-type")?.split(";")[0]?.trim().toLowerCase();
  if (type === undefined || type === "application/json" || type === "application/octet-stream") return;
  const message = `Content-Type: expected application/json or application/octet-stream but got ${type}.`;
  throw new ApiError(415, message, "Send the header: Content-Type: application/json");
}

/** Throws an `ApiError` (400) where a question asks for an output twice, or for one that the model has not. */
function checkOutputs({ outputs }: Question, model: ServedModel): void {
  const known = model.outputs.map(({ name }) => name);
  const asked = new Set<string>();
  for (const { name } of outputs ?? []) {
    const shown = JSON.stringify(name.slice(0, LONGEST_SHOWN));
    if (!known.includes(name)) {
      const message = `outputs: expected some of ${known.join(", ")} but got ${shown}.`;
      throw new ApiError(400, message, "Leave outputs out to get all.");
    }
    if (asked.has(name))
      throw new ApiError(400, `output ${shown}: expected each output once but it comes twice.`, "Ask for it once.");
    asked.add(name);
  }
}

/** Tensors that do not fit are a bad request. */
function asBadRequest(error: unknown): never {
  if (error instanceof UserError) throw new ApiError(400, error.message, error.hint);
  throw error;
}
