/** Who may ask. */
import { createHash, timingSafeEqual } from "node:crypto";
import type { MiddlewareHandler } from "hono";
import { ApiError } from "./errors.ts";

const hash = (text: string): Buffer => createHash("sha256").update(text).digest();

/** Lets those through who send `Authorization: Bearer TOKEN`. The comparison takes the same time whatever they send. */
export function requireToken(token: string): MiddlewareHandler {
  const expected = hash(token);
  return async (context, next) => {
    const [, given] = /^Bearer +(\S+) *$/i.exec(context.req.header("authorization") ?? "") ?? [];
    if (timingSafeEqual(hash(given ?? ""), expected) && given !== undefined) return next();
    const received = given === undefined ? "none was sent" : "it is another one";
    const challenge = { "www-authenticate": 'Bearer realm="ocelli"' };
    const hint = "Send the header: Authorization: Bearer TOKEN";
    throw new ApiError(401, `expected the server's token but ${received}.`, hint, challenge);
  };
}
