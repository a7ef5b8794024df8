/** Pages of other origins that may ask. */
import type { MiddlewareHandler } from "hono";
import { cors } from "hono/cors";
import { UserError } from "../../errors.ts";

/** What a page may send, and what it may read beyond what browsers always let through. */
const HEADERS = {
  allowHeaders: ["Authorization", "Content-Type", "Inference-Header-Content-Length"],
  exposeHeaders: ["Inference-Header-Content-Length", "Retry-After", "WWW-Authenticate", "Allow"],
};
/** Seconds for which a browser need not ask again. */
const MAX_AGE = 600;

/** The origin as browsers send it; `*` is any. What is none is a `UserError`. */
export function parseOrigin(text: string): string {
  if (text === "*" || text === "null") return text;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isWeb = url !== undefined && /^https?:$/.test(url.protocol) && !url.host.includes("*");
  if (isWeb && url.href === `${url.origin}/`) return url.origin;
  const likely = isWeb ? url.origin : "https://example.org";
  throw new UserError(
    `--cors: expected an origin, which is a scheme, a host and perhaps a port, but got "${text}".`,
    `Give it as browsers send it, such as --cors ${likely}; --cors '*' lets pages of any origin ask.`,
  );
}

/** Lets pages of these origins ask and read the answers, errors included. Nobody's cookies are involved. */
export function allowOrigins(origins: readonly string[]): MiddlewareHandler {
  const origin = origins.includes("*") ? "*" : [...origins];
  return cors({ origin, ...HEADERS, allowMethods: ["GET", "HEAD", "POST"], maxAge: MAX_AGE });
}
