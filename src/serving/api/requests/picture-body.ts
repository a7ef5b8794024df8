/** The picture that a request carries. */
import type { Context } from "hono";
import { ApiError } from "../errors.ts";
import { type BodyLimits, readBody } from "./body.ts";
import type { Arrival } from "./intake.ts";

/** A picture as it was sent. */
export interface SentPicture {
  /** The bytes of its file, or of the form that holds it. */
  readonly bytes: Uint8Array;
  /** The content type of a form. */
  readonly form?: string;
}

const HINT = "Send the bytes of its file with Content-Type: image/jpeg (or the like), or a form with a file.";

/** Reads the body of a request, which has to be of a type that pictures have. What `readBody` refuses is refused here. */
export async function readPicture(context: Context, limits: BodyLimits, arrival: Arrival): Promise<SentPicture> {
  const header = context.req.header("content-type") ?? "";
  const type = header.split(";")[0]?.trim().toLowerCase() ?? "";
  const isForm = type === "multipart/form-data";
  if (!isForm && type !== "" && type !== "application/octet-stream" && !type.startsWith("image/"))
    throw new ApiError(415, `Content-Type: expected image/… or multipart/form-data but got ${type}.`, HINT);
  const bytes = await readBody(context, limits, arrival);
  if (bytes.length === 0) throw new ApiError(400, "body: expected a picture but it is empty.", HINT);
  return { bytes, ...(isForm && { form: header }) };
}

/** The bytes of a picture's file: those that were sent, or the one file of the form. Forms of many parts take long to read. */
export async function fileOf({ bytes, form: type }: SentPicture): Promise<Uint8Array> {
  if (type === undefined) return bytes;
  const whole = new Response(bytes as Uint8Array<ArrayBuffer>, { headers: { "content-type": type } });
  const form = await whole.formData().catch(() => {
    throw new ApiError(400, "body: expected a multipart form but it is damaged.", HINT);
  });
  const [file, ...others] = [...form.values()].filter((value) => typeof value !== "string");
  if (file && others.length === 0) return new Uint8Array(await file.arrayBuffer());
  const received = file ? `there are ${others.length + 1}` : "there is none";
  throw new ApiError(400, `body: expected one file in the form but ${received}.`, HINT);
}
