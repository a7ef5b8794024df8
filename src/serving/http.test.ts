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

/** A promise and what fulfils it. */
function gate() {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}

/** Sends each text when its turn comes; all that is answered until the connection ends, or the error that ends it. */
function talk(port: number, text: string) {
  const socket = connect(port, "127.0.0.1", () => socket.write(text));
  let said = "";
  const answered = gate();
  socket.on("data", (data) => {
    said += data;
    answered.open();
  });
  const all = new Promise<string>((resolve) => {
    socket.on("error", (error) => resolve(`${said}${error.message}`)).on("end", () => resolve(said));
  });
  return { socket, answered: answered.opened, all };
}

/** Answers "done" to /slow when the gate opens, and once it stops 503 to everything else. */
function stoppable() {
  const [arrival, end] = [gate(), gate()];
  const state = { stops: false };
  const app = new Hono().all("*", async (context) => {
    if (context.req.path !== "/slow") return context.text("said", state.stops ? 503 : 200);
    arrival.open();
    await end.opened;
    return context.text("done");
  });
  return { app, state, arrived: arrival.opened, finish: end.open };
}

const GET = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

test("closing lets what is under way end, answers what is on its way, and refuses what comes later", async () => {
  const { app, state, arrived, finish } = stoppable();
  const server = await started(app);
  const slow = talk(server.port, GET.replace("/", "/slow"));
  await arrived;
  const idle = talk(server.port, GET);
  await idle.answered; // and is kept alive
  const silent = talk(server.port, "");
  const half = talk(server.port, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nha");
  await half.answered; // before its body has come, and so without the end of its connection
  const coming = Array.from({ length: 60 }, () => talk(server.port, GET)); // no turn of the server comes before close
  state.stops = true;
  idle.socket.write(GET + GET);
  const closed = server.close(60_000);
  for (const answer of await Promise.all(coming.map(({ all }) => all))) expect(answer).toMatch(/^HTTP\/1\.1 503/);
  expect((await idle.all).match(/HTTP\/1\.1 \d+/g)).toEqual(["HTTP/1.1 200", "HTTP/1.1 503", "HTTP/1.1 503"]);
  expect(await silent.all).toBe("");
  await expect(fetch(server.url)).rejects.toThrow();
  half.socket.write("lf");
  expect(await half.all).toMatch(/^HTTP\/1\.1 200/);
  finish();
  expect(await slow.all).toMatch(/connection: close[\s\S]*done$/i);
  await closed;
});

test("a body that is still on its way does not have its connection reset by the answer", async () => {
  const { app, state } = stoppable();
  const server = await started(app);
  const length = 5_000_000;
  state.stops = true;
  const large = talk(server.port, `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n\r\n`);
  const closed = server.close(60_000);
  await large.answered;
  large.socket.write("x".repeat(length));
  expect(await large.all).toMatch(/^HTTP\/1\.1 503[\s\S]*said$/);
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

test("what was answered before its head was whole is told: 400, 408, 431", async () => {
  const refused: number[] = [];
  const { port } = await started(hello, { receiveTimeoutMs: 1, onRefused: (status) => refused.push(status) });
  const end = (text: string) => talk(port, text).all;
  expect(await end("no HTTP at all\r\n\r\n")).toMatch(/^HTTP\/1\.1 400 Bad Request\r\nConnection: close\r\n\r\n$/);
  expect(await end(`GET / HTTP/1.1\r\nX: ${"x".repeat(20_000)}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 431/);
  expect(await end("GET / HTTP/1.1\r\nHost: x\r\n")).toMatch(/^HTTP\/1\.1 408 Request Timeout/);
  expect(refused).toEqual([400, 431, 408]);
});
