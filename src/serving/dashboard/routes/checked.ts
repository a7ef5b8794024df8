import { z } from "zod";
import { UserError } from "../../../errors.ts";
import { SIDES } from "../pictures/thumbnails.ts";

/** The place of a picture in its set. */
export const indexSchema = z.coerce.number().int().min(0);

/** The byte of a file after which a page goes on reading; the beginning for what is none. */
export const byteSchema = z.coerce.number().int().min(0).catch(0);

/** The side of a thumbnail; the usual one for any other value. */
export const sideSchema = z.coerce.number().int().min(SIDES.least).max(SIDES.most).catch(SIDES.usual);

/** What a request holds, as `schema` has it; a `UserError` if it does not fit. */
export function checked<Value>(schema: z.ZodType<Value>, value: unknown): Value {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new UserError(`request: expected other values (${z.prettifyError(result.error)}).`, "Reload the page.");
}
