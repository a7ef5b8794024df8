/** The body of a request, which is never more than a limit. */
import type { Context } from "hono";
import { ApiError } from "./errors.ts";

/** The bytes of a body. More than `maxBody` are an `ApiError` of status 413, before they are read where their number is told. */
export async function readBody(context: Context, maxBody: number): Promise<Uint8Array> {
  expectPlain(context);
  const told = context.req.header("content-length");
  if (told !== undefined && context.req.header("transfer-encoding") === undefined) {
    if (maxBody < Number(told)) throw tooLarge(maxBody);
    return new Uint8Array(await context.req.arrayBuffer());
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of context.req.raw.body ?? []) {
    size += chunk.length;
    if (maxBody < size) throw tooLarge(maxBody);
    chunks.push(chunk);
  }
  return new Uint8Array(Buffer.concat(chunks));
}

function tooLarge(maxBody: number): ApiError {
  const message = `body: expected at most ${maxBody} bytes but it is larger.`;
  return new ApiError(413, message, "Send less, or start the server with a larger --max-body.");
}

/** Throws if a body is compressed. */
function expectPlain(context: Context): void {
  const encoding = context.req.header("content-encoding") ?? "identity";
  if (encoding === "identity") return;
  const message = `Content-Encoding: expected a body as it is but got ${encoding}.`;
  throw new ApiError(415, message, "Send it without compression.");
}
