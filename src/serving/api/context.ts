/** What the routes share. */
import { z } from "@hono/zod-openapi";
import type { ServedModel, Visit } from "../models/served-model.ts";
import { ApiError } from "./errors.ts";

/** The models and limits of a server. */
export interface ApiContext {
  readonly models: ReadonlyMap<string, ServedModel>;
  /** Version of ocelli. */
  readonly version: string;
  readonly timeoutMs: number;
  /** Bytes of a body at most. */
  readonly maxBody: number;
  /** Whether the server takes requests; not any more while it stops. */
  readonly isReady: () => boolean;
}

/** The one version that each model has. */
export const MODEL_VERSION = "1";

/** The model of that name, or an `ApiError` of status 404. */
export function modelNamed({ models }: ApiContext, name: string, version: string = MODEL_VERSION): ServedModel {
  const model = models.get(name);
  const known = [...models.keys()].join(", ");
  if (!model) throw new ApiError(404, `expected the name of a model but got "${name}".`, `There are: ${known}.`);
  if (version === MODEL_VERSION) return model;
  throw new ApiError(
    404,
    `"${name}": expected version ${MODEL_VERSION} but got "${version}".`,
    "Leave the version out.",
  );
}

/** Takes a place with the model for as long as `answer` takes. */
export async function visiting<T>(model: ServedModel, answer: (visit: Visit) => Promise<T>): Promise<T> {
  const visit = model.enter();
  try {
    return await answer(visit);
  } finally {
    visit.leave();
  }
}

/** What errors look like. */
export const errorSchema = z.object({ error: z.string(), hint: z.string() }).openapi("Error");

/** How answers of a schema are described. */
export const jsonOf = <Schema extends z.ZodType>(schema: Schema, description: string) => ({
  description,
  content: { "application/json": { schema } },
});

const REASONS = {
  400: "The request is damaged or lacks something",
  401: "The server has a token, which was not sent",
  404: "There is no such model",
  413: "The body or the picture is too large",
  415: "The body is of a type that is not taken",
  422: "The body is no picture, or does not fit the model",
  429: "The queue is full: try again after Retry-After seconds",
  503: "The server is stopping",
  504: "The answer took too long",
} as const;

/** Descriptions of errors by status. */
export const errorsOf = (...statuses: readonly (keyof typeof REASONS)[]) =>
  Object.fromEntries(statuses.map((status) => [status, jsonOf(errorSchema, REASONS[status])]));
