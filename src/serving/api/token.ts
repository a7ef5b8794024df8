/** Who may ask. */
import type { MiddlewareHandler } from "hono";
import { bearerOf, tokenCheck } from "../token.ts";
import { ApiError } from "./errors.ts";

/** Lets those through who send `Authorization: Bearer TOKEN`. */
export function requireToken(token: string): MiddlewareHandler {
  const isRight = tokenCheck(token);
  return async (context, next) => {
    const given = bearerOf(context.req.header("authorization"));
    if (isRight(given)) return next();
    const received = given === undefined ? "none was sent" : "it is another one";
    const challenge = { "www-authenticate": 'Bearer realm="ocelli"' };
    const hint = "Send the header: Authorization: Bearer TOKEN";
    throw new ApiError(401, `expected the server's token but ${received}.`, hint, challenge);
  };
}
