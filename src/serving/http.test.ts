import { connect } from "node:net";
import { Hono } from "hono";
import { afterEach, expect, test } from "vitest";
import { UserError } from "../errors.ts";
import { type Application, type ListenOptions, listen, type RunningServer } from "./http.ts";

const running: RunningServer[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.close()));
});

async function started(app: Application, options: Partial<ListenOptions> = {}): Promise<RunningServer> {
  const server = await listen(app, { port: 0, ...options });
  running.push(server);
  return server;
}

const hello = new Hono()
  .get("/", (context) => context.text("hello"))
  .post("/", async (context) => context.text(await context.req.text()))
  .onError((_, context) => context.text("failed", 500));

test("a free port of this machine is taken", async () => {
  const { url, port } = await started(hello);
  expect(url).toBe(`http://127.0.0.1:${port}`);
  expect(await (await fetch(url)).text()).toBe("hello");
});

test("a port in use is a UserError, or else the next one is taken", async () => {
  const { port } = await started(hello);
  const error = await started(hello, { port }).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UserError);
  expect((error as UserError).message).toBe(
    `127.0.0.1: expected port ${port} to be free but another program listens on it.`,
  );
  const next = await started(hello, { port, orNextFree: true });
  expect(next.port).toBeGreaterThan(port);
  expect(await (await fetch(next.url)).text()).toBe("hello");
});

test("an address that this machine lacks is a UserError", async () => {
  await expect(started(hello, { host: "192.0.2.1" })).rejects.toThrow(/^"192\.0\.2\.1": expected an address of this/);
});

test("closing lets what is under way end and refuses what is new", async () => {
  let arrived = (): void => {};
  let finish = (): void => {};
  const [arrival, end] = [
    new Promise<void>((resolve) => {
      arrived = resolve;
    }),
    new Promise<void>((resolve) => {
      finish = resolve;
    }),
  ];
  const slow = new Hono().get("/", async (context) => {
    arrived();
    await end;
    return context.text("done");
  });
  const server = await started(slow);
  const answer = fetch(server.url);
  await arrival;
  const closed = server.close(60_000);
  await expect(fetch(server.url)).rejects.toThrow();
  finish();
  expect(await (await answer).text()).toBe("done");
  await closed;
});

test("closing cuts off what never ends", async () => {
  const endless = new Hono().get(
    "/",
    () => new Response(new ReadableStream({ start: (to) => to.enqueue(Buffer.from("x")) })),
  );
  const server = await started(endless);
  const reader = (await fetch(server.url)).body?.getReader();
  await reader?.read();
  await server.close();
  await expect(reader?.read()).rejects.toThrow();
});

test("a request that never comes to an end is answered 408, and one that is none 400", async () => {
  const { url, port } = await started(hello, { receiveTimeoutMs: 1 });
  const answerTo = (text: string): Promise<string> =>
    new Promise((resolve, reject) => {
      let said = "";
      const socket = connect(port, "127.0.0.1", () => socket.write(text));
      socket.on("data", (data) => {
        said += data;
      });
      socket.on("error", reject).on("close", () => resolve(said));
    });
  expect(await answerTo("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nshort")).toMatch(/^HTTP\/1\.1 408/);
  expect(await answerTo("GET / HTTP/1.1\r\nHost: x\r\n")).toMatch(/^HTTP\/1\.1 408/);
  expect(await answerTo("no HTTP at all\r\n\r\n")).toMatch(/^HTTP\/1\.1 400/);
  expect(await (await fetch(url)).text()).toBe("hello");
});
