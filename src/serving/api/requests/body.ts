/** The body of a request, which is never more than a limit, and comes at some speed. */
import { setImmediate } from "node:timers/promises";
import type { Context } from "hono";
import { connectionOf } from "../../connection.ts";
import { ApiError, clientGone } from "../errors.ts";
import { Gathered } from "./gathered.ts";
import type { Arrival } from "./intake.ts";

/** What holds for a body. */
export interface BodyLimits {
  /** Bytes at most. */
  readonly maxBody: number;
  /** Milliseconds for all of it. */
  readonly timeoutMs: number;
}

/** Milliseconds after which a body has to have come at `SLOWEST`. */
const GRACE = 5000;
/** Bytes a millisecond, one KiB a second: far below any line, and far above who holds a connection open on purpose. */
const SLOWEST = 1.024;
/** Bytes that are taken as they come; of what follows, no more in one turn of the loop than a connection holds ready. */
const EAGER = 1 << 18;

/**
 * The bytes of a body. An `ApiError` of status 413 where they are more than `maxBody`, before they are read if their number is
 * told; of 408 where they come too slowly; of 499 where the client goes; of 429 where the server holds too many.
 */
export async function readBody(context: Context, limits: BodyLimits, arrival: Arrival): Promise<Uint8Array> {
  const { maxBody, timeoutMs } = limits;
  expectPlain(context);
  const told = context.req.header("content-length");
  if (told !== undefined && maxBody < Number(told)) throw tooLarge(maxBody);
  const parts = partsOf(context);
  const began = performance.now();
  const body = new Gathered(told === undefined ? 0 : Number(told));
  while (parts) {
    const patience = Math.min(timeoutMs, GRACE + body.size / SLOWEST) - (performance.now() - began);
    const { value } = await within(patience, parts.next());
    if (!value) break;
    if (maxBody < body.size + value.length) throw tooLarge(maxBody);
    arrival.hold(value.length);
    body.add(value);
    if (EAGER < body.size) await setImmediate(); // so that what comes quickly leaves others their turn
  }
  return body.bytes;
}

/** What comes of a body: from its connection where there is one, since a stream of the web around it costs more. */
function partsOf(context: Context): AsyncIterator<Uint8Array, undefined> | undefined {
  const source: AsyncIterable<Uint8Array> | null = connectionOf(context)?.incoming ?? context.req.raw.body;
  return source?.[Symbol.asyncIterator]();
}

/** What comes within so many milliseconds, or an `ApiError` of status 408, or of 499 where the client goes meanwhile. */
function within<T>(milliseconds: number, coming: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(tooSlow()), milliseconds);
    coming.then(resolve, () => reject(clientGone())).finally(() => clearTimeout(timer));
  });
}

function tooLarge(maxBody: number): ApiError {
  const message = `body: expected at most ${maxBody} bytes but it is larger.`;
  return new ApiError(413, message, "Send less, or start the server with a larger --max-body.");
}

/** Its connection is closed, since the rest of the body may come at any time. */
const tooSlow = (): ApiError =>
  new ApiError(408, "body: expected all of it but it comes too slowly.", "Send it again on a faster line.", {
    connection: "close",
  });

/** Throws if a body is compressed. */
function expectPlain(context: Context): void {
  const encoding = context.req.header("content-encoding") ?? "identity";
  if (encoding === "identity") return;
  const message = `Content-Encoding: expected a body as it is but got ${encoding}.`;
  throw new ApiError(415, message, "Send it without compression.");
}
