/** The picture that a request carries. */
import type { Context } from "hono";
import { ApiError } from "./errors.ts";

const HINT = "Send the bytes of its file with Content-Type: image/jpeg (or the like), or a form with a file.";

/** The bytes of the picture in a request: its body, or the one file of a form. */
export async function pictureIn(context: Context): Promise<Uint8Array> {
  const type = context.req.header("content-type")?.split(";")[0]?.trim().toLowerCase() ?? "";
  expectPlain(context);
  if (type === "multipart/form-data") return pictureInForm(context);
  if (type !== "" && type !== "application/octet-stream" && !type.startsWith("image/"))
    throw new ApiError(415, `Content-Type: expected image/… or multipart/form-data but got ${type}.`, HINT);
  const bytes = new Uint8Array(await context.req.arrayBuffer());
  if (bytes.length === 0) throw new ApiError(400, "body: expected a picture but it is empty.", HINT);
  return bytes;
}

/** Throws if a body is compressed. */
export function expectPlain(context: Context): void {
  const encoding = context.req.header("content-encoding") ?? "identity";
  if (encoding === "identity") return;
  const message = `Content-Encoding: expected a body as it is but got ${encoding}.`;
  throw new ApiError(415, message, "Send it without compression.");
}

async function pictureInForm(context: Context): Promise<Uint8Array> {
  const form = await context.req.formData().catch((error: unknown) => {
    if (error instanceof ApiError) throw error;
    throw new ApiError(400, "body: expected a multipart form but it is damaged.", HINT);
  });
  const [file, ...others] = [...form.values()].filter((value) => typeof value !== "string");
  if (file && others.length === 0) return new Uint8Array(await file.arrayBuffer());
  const received = file ? `there are ${others.length + 1}` : "there is none";
  throw new ApiError(400, `body: expected one file in the form but ${received}.`, HINT);
}
