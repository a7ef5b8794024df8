/** The picture that a request carries. */
import type { Context } from "hono";
import { readBody } from "./body.ts";
import { ApiError } from "./errors.ts";

const HINT = "Send the bytes of its file with Content-Type: image/jpeg (or the like), or a form with a file.";

/** The bytes of the picture in a request: its body, of at most `maxBody` bytes, or the one file of a form. */
export async function readPicture(context: Context, maxBody: number): Promise<Uint8Array> {
  const header = context.req.header("content-type") ?? "";
  const type = header.split(";")[0]?.trim().toLowerCase() ?? "";
  const isForm = type === "multipart/form-data";
  if (!isForm && type !== "" && type !== "application/octet-stream" && !type.startsWith("image/"))
    throw new ApiError(415, `Content-Type: expected image/… or multipart/form-data but got ${type}.`, HINT);
  const bytes = await readBody(context, maxBody);
  if (bytes.length === 0) throw new ApiError(400, "body: expected a picture but it is empty.", HINT);
  return isForm ? fileInForm(bytes, header) : bytes;
}

async function fileInForm(bytes: Uint8Array, type: string): Promise<Uint8Array> {
  const whole = new Response(bytes as Uint8Array<ArrayBuffer>, { headers: { "content-type": type } });
  const form = await whole.formData().catch(() => {
    throw new ApiError(400, "body: expected a multipart form but it is damaged.", HINT);
  });
  const [file, ...others] = [...form.values()].filter((value) => typeof value !== "string");
  if (file && others.length === 0) return new Uint8Array(await file.arrayBuffer());
  const received = file ? `there are ${others.length + 1}` : "there is none";
  throw new ApiError(400, `body: expected one file in the form but ${received}.`, HINT);
}
