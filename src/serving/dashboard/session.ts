/**
 * Who may use the dashboard: who has its token. The link that `ocelli ui` prints holds it, and a browser that opens the link keeps
 * it in a cookie. Other people's programs on this machine reach its port too.
 */
import { randomBytes } from "node:crypto";
import type { Context, MiddlewareHandler } from "hono";
import { getCookie, setCookie } from "hono/cookie";
import { bearerOf, tokenCheck } from "../token.ts";
import { StatusError } from "./status-error.ts";

/** The parameter of the link. */
const PARAMETER = "token";
const BYTES = 24;
const HINT = "Open the link that ocelli ui printed when it began: it holds the token.";

/** A new token, of letters, digits, - and _. */
export const newToken = (): string => randomBytes(BYTES).toString("base64url");

/** The link that lets a browser in. */
export const linkWith = (url: string, token: string | undefined): string =>
  token === undefined ? url : `${url}/?${PARAMETER}=${encodeURIComponent(token)}`;

/** Cookies are of a host with all its ports: each dashboard has one of its own. */
const cookieOf = (context: Context): string => `ocelli-${new URL(context.req.url).port || "80"}`;

/**
 * Lets those through who send the token in the cookie or as `Authorization: Bearer TOKEN`. A page opened with it in its address
 * gets the cookie and the address without it. Others get 401: a page that says what to do, or an error of the API.
 */
export function requireSession(token: string): MiddlewareHandler {
  const isRight = tokenCheck(token);
  return async (context, next) => {
    const { path } = context.req;
    const given = path.startsWith("/api/") ? undefined : context.req.query(PARAMETER);
    if (isRight(given) && context.req.method === "GET") {
      setCookie(context, cookieOf(context), token, { path: "/", httpOnly: true, sameSite: "Lax" });
      return context.redirect(withoutToken(context.req.url), 302);
    }
    if (isRight(getCookie(context, cookieOf(context))) || isRight(bearerOf(context.req.header("authorization"))))
      return next();
    if (path.startsWith("/api/"))
      throw new StatusError(401, "expected the dashboard's token but it was not sent.", HINT);
    return context.html(PAGE, 401, { "cache-control": "no-store" });
  };
}

function withoutToken(address: string): string {
  const { pathname, searchParams } = new URL(address);
  searchParams.delete(PARAMETER);
  const query = searchParams.toString();
  return pathname.replace(/^\/+/, "/") + (query && `?${query}`);
}

const PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>ocelli: token</title>
<h1>This dashboard asks for its token</h1>
<p>Open the link that <code>ocelli ui</code> printed when it began: it holds the token.</p>
</html>
`;
