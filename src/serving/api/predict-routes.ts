/** Pictures in, classes out. */
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { rank } from "../../training/index.ts";
import { withDeadline } from "../deadline.ts";
import type { ServedModel } from "../models/served-model.ts";
import { type ApiContext, errorsOf, jsonOf, modelNamed, modelParameter, patienceOf, visiting } from "./context.ts";
import { ApiError } from "./errors.ts";
import { readPicture } from "./requests/picture-body.ts";

const answerSchema = z
  .object({
    model: z.string(),
    top: z
      .array(z.object({ class: z.string(), index: z.int(), probability: z.number() }))
      .openapi({ description: "Classes, most probable first; index counts all classes from 0" }),
    logits: z.array(z.number()).optional().openapi({ description: "With logits=true: the raw output of each class" }),
  })
  .openapi("Prediction");

type Prediction = z.infer<typeof answerSchema>;

const query = z.object({
  top: z.coerce.number().int().min(1).default(5).openapi({ description: "Classes of the answer" }),
  logits: z.enum(["true", "false"]).default("false").openapi({ description: "Whether to add the raw outputs" }),
});

/** Descriptions alone: the body is read by hand. */
const file = { type: "string" as const, format: "binary" };
const form = { type: "object" as const, properties: { image: file }, required: ["image"] };
const pictureContent = {
  "image/*": { schema: { ...file, description: "The bytes of a picture's file" } },
  "application/octet-stream": { schema: { ...file, description: "The same without saying its type" } },
  "multipart/form-data": { schema: { ...form, description: "A form with one file; the field may have any name" } },
};
const ANSWER = {
  model: "pets",
  top: [
    { class: "dogs", index: 1, probability: 0.8808 },
    { class: "cats", index: 0, probability: 0.1192 },
  ],
};

const shared = {
  method: "post" as const,
  tags: ["Pictures"],
  responses: {
    200: jsonOf(answerSchema, "The most probable classes", ANSWER),
    ...errorsOf(400, 401, 404, 408, 413, 415, 422, 429, 500, 503, 504),
  },
};
const request = { query, body: { content: pictureContent } };

const predictRoute = createRoute({
  ...{ ...shared, path: "/predict", request },
  summary: "Classify a picture with the server's only model",
});

const predictWithRoute = createRoute({
  ...{ ...shared, path: "/models/{name}/predict" },
  summary: "Classify a picture with a model",
  request: { ...request, params: z.object({ name: modelParameter }) },
});

const modelsRoute = createRoute({
  ...{
    method: "get",
    path: "/models",
    tags: ["Pictures"],
    summary: "The models, and the classes of those that take pictures",
  },
  responses: {
    200: jsonOf(
      z.object({ models: z.array(z.object({ name: z.string(), classes: z.array(z.string()).optional() })) }),
      "All models; those without classes take tensors",
      { models: [{ name: "pets", classes: ["cats", "dogs"] }, { name: "other" }] },
    ),
    ...errorsOf(401, 403, 503),
  },
});

/** Adds the routes for pictures. */
export function addPredictRoutes(app: OpenAPIHono, api: ApiContext): void {
  app.openapi(predictRoute, async (context) =>
    context.json(await predict(context, api, { ...context.req.valid("query"), model: onlyModel(api) }), 200),
  );
  app.openapi(predictWithRoute, async (context) => {
    const model = modelNamed(api, context.req.valid("param").name);
    return context.json(await predict(context, api, { ...context.req.valid("query"), model }), 200);
  });
  app.openapi(modelsRoute, (context) => {
    const models = Array.from(api.models.values(), ({ name, classes }) => ({ name, classes: classes && [...classes] }));
    return context.json({ models }, 200);
  });
}

function onlyModel({ models }: ApiContext): ServedModel {
  const [model, ...others] = models.values();
  if (model && others.length === 0) return model;
  const names = [...models.keys()].join(", ");
  throw new ApiError(
    404,
    `expected the name of one of ${models.size} models.`,
    `Post to /models/NAME/predict: ${names}.`,
  );
}

interface Asked extends z.infer<typeof query> {
  readonly model: ServedModel;
}

async function predict(context: Context, api: ApiContext, { model, top, logits }: Asked): Promise<Prediction> {
  const { name, classes } = model;
  if (!classes) {
    const message = `"${name}": expected a model that takes pictures but it takes tensors.`;
    throw new ApiError(400, message, `Post tensors to /v2/models/${name}/infer.`);
  }
  const found = await visiting(
    context,
    { model, intake: api.intake },
    {
      read: (arrival) => readPicture(context, api, arrival),
      answer: (visit, picture) => withDeadline(patienceOf(context, api), (signal) => visit.predict(picture, signal)),
    },
  );
  const odd = found.findIndex((logit) => !Number.isFinite(logit));
  if (odd !== -1) {
    const message = `"${name}": expected a number for each class but "${classes[odd]}" got ${found[odd]}.`;
    throw new ApiError(500, message, "Look at the weights of the model: other pictures may fail as well.");
  }
  const ranked = rank(found, classes, top).top;
  return { model: name, top: [...ranked], ...(logits === "true" && { logits: [...found] }) };
}
