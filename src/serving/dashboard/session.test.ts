import { Hono } from "hono";
import { expect, test } from "vitest";
import { linkWith, newToken, requireSession } from "./session.ts";

const TOKEN = "to ken&=";
const app = new Hono().use(requireSession(TOKEN)).all("*", (context) => context.text("in"));
app.onError((error, context) => context.text(error.message, (error as { status?: 401 }).status ?? 500));
const ask = (path: string, headers: Record<string, string> = {}, method = "GET") =>
  app.request(`http://127.0.0.1:7860${path}`, { headers, method });

test("the link gives a cookie and goes on to the address without the token; the cookie lets in", async () => {
  const { pathname, search } = new URL(linkWith("http://127.0.0.1:7860", TOKEN));
  const answer = await ask(pathname + search);
  expect([answer.status, answer.headers.get("location")]).toEqual([302, "/"]);
  const cookie = answer.headers.get("set-cookie") ?? "";
  expect(cookie).toMatch(/^ocelli-7860=[^;]+; Path=\/; HttpOnly; SameSite=Lax$/);
  const [pair = ""] = cookie.split(";");
  expect(await (await ask("/api/runs", { cookie: `other=1; ${pair}` })).text()).toBe("in");
  expect((await ask("/api/runs", { cookie: pair.replace("7860", "7861") })).status).toBe(401);
});

test("the address is otherwise kept, and none of another host", async () => {
  const token = encodeURIComponent(TOKEN);
  const goal = async (path: string) => (await ask(path)).headers.get("location");
  expect(await goal(`/compare?run=a&token=${token}&run=b`)).toBe("/compare?run=a&run=b");
  expect(await goal(`//example.org/x?token=${token}`)).toBe("/example.org/x");
  expect(await goal(`/\\example.org/x?token=${token}`)).toBe("/example.org/x");
});

test.each(["", "?token=", "?token=wrong", "?token=to"])("a page with %j is told what to do", async (query) => {
  const answer = await ask(`/${query}`);
  expect([answer.status, answer.headers.get("set-cookie")]).toEqual([401, null]);
  expect(await answer.text()).toContain("Open the link that <code>ocelli ui</code> printed");
});

test("programs send the token in a header; the API takes none from an address", async () => {
  const right = { authorization: `Bearer ${newToken()}` };
  const own = new Hono().use(requireSession(right.authorization.slice(7))).all("*", (context) => context.text("in"));
  expect((await own.request("/api/x", { headers: right })).status).toBe(200);
  for (const authorization of ["Bearer wrong", "Bearer ", "Basic x"])
    expect((await ask("/api/x", { authorization })).status).toBe(401);
  const answer = await ask(`/api/x?token=${encodeURIComponent(TOKEN)}`);
  expect([answer.status, await answer.text()]).toEqual([401, "expected the dashboard's token but it was not sent."]);
  expect((await ask(`/?token=${encodeURIComponent(TOKEN)}`, {}, "POST")).status).toBe(401);
});

test("tokens are long and never the same", () => {
  expect(newToken()).toMatch(/^[\w-]{32}$/);
  expect(newToken()).not.toBe(newToken());
});
