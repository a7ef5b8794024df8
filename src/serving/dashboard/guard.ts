/** Who may ask: pages of this server alone, in a browser on this machine. */
import type { MiddlewareHandler } from "hono";
import { isLoopback } from "../loopback.ts";
import { forbidden } from "./status-error.ts";

/** Requests that change something have this header, which a page of another origin cannot send without being asked first. */
export const OWN_HEADER = "x-ocelli";

const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' blob: data:",
  "font-src 'self'",
  "connect-src 'self'",
  "media-src 'self' blob:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/**
 * Refuses (403) hosts that are not this machine, as a name that was bound anew would be; what other sites ask of the API; and
 * changes without the dashboard's own header. Sets headers that keep a page from doing more than it should.
 */
export const guard = (): MiddlewareHandler => async (context, next) => {
  const header = (name: string): string | undefined => context.req.header(name);
  const host = header("host") ?? "";
  if (!isLoopback(host)) throw forbidden(`host "${host}": expected this machine, 127.0.0.1.`, "Open http://127.0.0.1.");
  if (context.req.path.startsWith("/api/")) {
    const site = header("sec-fetch-site") ?? "none";
    if (site !== "same-origin" && site !== "none") throw foreign();
  }
  if (context.req.method !== "GET" && context.req.method !== "HEAD") {
    const origin = header("origin");
    if (header(OWN_HEADER) === undefined || (origin !== undefined && origin !== `http://${host}`)) throw foreign();
  }
  await next();
  const defaults: Record<string, string> = {
    "content-security-policy": POLICY,
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
  };
  for (const [name, value] of Object.entries(defaults))
    if (!context.res.headers.has(name)) context.res.headers.set(name, value);
};

const foreign = () =>
  forbidden("expected a request of the dashboard's own page but it is of another.", "Use the dashboard's page.");
