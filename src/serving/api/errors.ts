/** Errors of the API: a status, what is wrong, and what to do. */
import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { UserError } from "../../errors.ts";
import { QueueFull } from "../batching/batch-queue.ts";

/** What an answer to a bad request holds. */
export interface ErrorBody {
  readonly error: string;
  readonly hint: string;
}

/** An error with its status. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly status: ContentfulStatusCode;
  readonly hint: string;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: ContentfulStatusCode, message: string, hint: string, headers: Record<string, string> = {}) {
    super(message);
    this.status = status;
    this.hint = hint;
    this.headers = headers;
  }
}

/** Seconds after which a client may try again. */
export const RETRY = { "retry-after": "1" };

/** The error as the client is told it; undefined if it is a bug. */
export function apiErrorOf(error: unknown): ApiError | undefined {
  if (error instanceof ApiError) return error;
  if (error instanceof QueueFull)
    return new ApiError(429, "expected a place in the queue but it is full.", "Try again after a second.", RETRY);
  if (error instanceof UserError) return new ApiError(422, error.message, error.hint);
  return undefined;
}

/** The answer to a request that failed. */
export function errorAnswer(context: Context, { status, message, hint, headers }: ApiError): Response {
  return context.json({ error: message, hint } satisfies ErrorBody, status, headers);
}

/** What is told of a bug, which itself is told to whoever runs the server. */
export const internalError = (): ApiError =>
  new ApiError(500, "the server failed at this request.", "See what the server printed.");

/** What a request is counted as whose client has gone; nobody reads it. The number is nginx's. */
export const clientGone = (): ApiError =>
  new ApiError(499 as ContentfulStatusCode, "expected a client that waits but it has gone.", "Send it again.");

/** The answer while the server stops. */
export const stopping = (): ApiError =>
  new ApiError(503, "expected a server that takes requests but it is stopping.", "Try again after a while.", RETRY);

/** The answer where the work took too long. */
export const late = (timeoutMs: number): ApiError =>
  new ApiError(504, `expected an answer within ${timeoutMs / 1000} s but it is not there yet.`, "Try again later.");
