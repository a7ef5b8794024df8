/** What the routes share. */
import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { QueueFull } from "../batching/batch-queue.ts";
import { connectionOf } from "../connection.ts";
import type { Patience } from "../deadline.ts";
import type { ServedModel, Visit } from "../models/served-model.ts";
import type { Workers } from "../work/work.ts";
import { ApiError, late } from "./errors.ts";
import type { Arrival, Intake } from "./requests/intake.ts";

/** The models and limits of a server. */
export interface ApiContext {
  readonly models: ReadonlyMap<string, ServedModel>;
  /** Version of ocelli. */
  readonly version: string;
  readonly timeoutMs: number;
  /** Bytes of a body at most. */
  readonly maxBody: number;
  /** What reads messages. */
  readonly workers: Pick<Workers, "question">;
  /** What counts the requests on their way. */
  readonly intake: Intake;
  /** Whether the server takes requests; not any more while it stops. */
  readonly isReady: () => boolean;
}

/** Whether a run of the model goes on for longer than any answer may take, and so may never end. */
export const isStuck = ({ longestRun }: ServedModel, { timeoutMs }: Pick<ApiContext, "timeoutMs">): boolean =>
  timeoutMs < longestRun;

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

/** What is done with a request: first its body is read, and then it has a place with the model. */
interface Service<Body, Answer> {
  readonly read: (arrival: Arrival) => Promise<Body>;
  readonly answer: (visit: Visit, body: Body) => Promise<Answer>;
}

/** Answers a request to a model. Who sends slowly takes no place; who comes to a full queue is refused before the body is read. */
export async function visiting<Body, Answer>(
  context: Context,
  { model, intake }: { readonly model: ServedModel; readonly intake: Intake },
  { read, answer }: Service<Body, Answer>,
): Promise<Answer> {
  const arrival = intake.enter(addressOf(context));
  try {
    if (model.isFull) throw new QueueFull();
    const body = await read(arrival);
    const visit = model.enter();
    try {
      return await answer(visit, body);
    } finally {
      visit.leave();
    }
  } finally {
    arrival.leave();
  }
}

/** How long the answer to a request may take: as the server's `--timeout` says, and while its client waits. */
export const patienceOf = (context: Context, { timeoutMs }: Pick<ApiContext, "timeoutMs">): Patience => ({
  timeoutMs,
  late: () => late(timeoutMs),
  client: context.req.raw.signal,
});

/** The address that a request comes from: a proxy's, where there is one. */
function addressOf(context: Context): string {
  return connectionOf(context)?.incoming.socket.remoteAddress ?? "unknown";
}

/** What errors look like. */
export const errorSchema = z.object({ error: z.string(), hint: z.string() }).openapi("Error");

/** The name of a model in a path. */
export const modelParameter = z.string().openapi({ description: "Name of a model; /models lists them" });

/** How answers of a schema are described, with one of them. */
export const jsonOf = <Schema extends z.ZodType>(schema: Schema, description: string, example: z.input<Schema>) => ({
  description,
  content: { "application/json": { schema, example } },
});

/** Each error's meaning, and one of them as it is answered. */
const ERRORS = {
  400: [
    "The request is damaged or lacks something",
    "body: expected a picture but it is empty.",
    "Send the bytes of its file with Content-Type: image/jpeg (or the like), or a form with a file.",
  ],
  401: [
    "The server has a token, which was not sent",
    "expected the server's token but none was sent.",
    "Send the header: Authorization: Bearer TOKEN",
  ],
  403: [
    "A page of another origin asks, or a host that is not this machine, of a server without token",
    "expected a request of this machine but it is of a page of another site.",
    "Let the page ask with --cors ORIGIN.",
  ],
  404: ["There is no such model", 'expected the name of a model but got "wasps".', "There are: pets."],
  408: [
    "The body comes too slowly: below 1 KiB a second after the first 5 s, or later than the timeout",
    "body: expected all of it but it comes too slowly.",
    "Send it again on a faster line.",
  ],
  413: [
    "The body or the picture is too large",
    "body: expected at most 20971520 bytes but it is larger.",
    "Send less, or start the server with a larger --max-body.",
  ],
  415: [
    "The body is of a type that is not taken",
    "Content-Encoding: expected a body as it is but got gzip.",
    "Send it without compression.",
  ],
  422: [
    "The body is no picture, or does not fit the model",
    "picture: expected a whole picture but the file is cut off.",
    "Copy it again.",
  ],
  429: [
    "The queue is full, or this client has too much on its way: try again after Retry-After seconds",
    "expected a place in the queue but it is full.",
    "Try again after a second.",
  ],
  500: [
    "The model gave no number, or the server failed",
    '"pets": expected a number for each class but "dogs" got NaN.',
    "Look at the weights of the model: other pictures may fail as well.",
  ],
  503: [
    "The server is stopping",
    "expected a server that takes requests but it is stopping.",
    "Try again after a while.",
  ],
  504: ["The answer took too long", "expected an answer within 30 s but it is not there yet.", "Try again later."],
} as const;

/** Descriptions of errors by status. */
export const errorsOf = (...statuses: readonly (keyof typeof ERRORS)[]) =>
  Object.fromEntries(
    statuses.map((status) => {
      const [description, error, hint] = ERRORS[status];
      return [status, jsonOf(errorSchema, description, { error, hint })];
    }),
  );
