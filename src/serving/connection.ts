/** The connection that a request came on. */
import type { HttpBindings } from "@hono/node-server";
import type { Context } from "hono";

/** What Node.js knows of a request; undefined for one that came on no connection, as in tests of routes alone. */
export function connectionOf({ env }: Context): HttpBindings | undefined {
  return typeof env === "object" && env !== null && "incoming" in env ? (env as HttpBindings) : undefined;
}
