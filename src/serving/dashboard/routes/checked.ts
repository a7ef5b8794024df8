import { z } from "zod";
import { UserError } from "../../../errors.ts";

/** What a request holds, as `schema` has it; a `UserError` if it does not fit. */
export function checked<Value>(schema: z.ZodType<Value>, value: unknown): Value {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new UserError(`request: expected other values (${z.prettifyError(result.error)}).`, "Reload the page.");
}
