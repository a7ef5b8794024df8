/** Who may ask a server of this machine alone that has no token: this machine, and pages that were named. */
import type { MiddlewareHandler } from "hono";
import { isLoopback } from "../loopback.ts";
import { ApiError } from "./errors.ts";

const LONGEST_SHOWN = 100;

/**
 * Refuses (403) hosts that are not this machine, as a name that a page bound to its address would be, and what pages of other
 * origins ask, but for `origins` (`*` for all). Programs send neither Origin nor Sec-Fetch-Site.
 */
export function guardLocal(origins: readonly string[]): MiddlewareHandler {
  return async (context, next) => {
    const header = (name: string): string | undefined => context.req.header(name);
    const host = header("host") ?? "";
    if (!isLoopback(host)) {
      const message = `Host: expected this machine, 127.0.0.1, but got "${host.slice(0, LONGEST_SHOWN)}".`;
      throw new ApiError(403, message, "Ask http://127.0.0.1, or start the server with a token: OCELLI_TOKEN.");
    }
    const [origin, site = "none"] = [header("origin"), header("sec-fetch-site")];
    const isOwn = site === "none" || site === "same-origin";
    const isNamed = origins.includes("*") || (origin !== undefined && origins.includes(origin));
    if (!isNamed && ((origin !== undefined && origin !== `http://${host}`) || !isOwn)) {
      const message = `expected a request of this machine but it is of a page of ${(origin ?? "another site").slice(0, LONGEST_SHOWN)}.`;
      throw new ApiError(403, message, "Let the page ask with --cors ORIGIN.");
    }
    await next();
  };
}
