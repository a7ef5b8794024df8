import { appendFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { json, type TestDashboard, testDashboard } from "../../testing/dashboard.ts";
import { epochRecord, recordLine, writeRunFolder } from "../../testing/run-folders.ts";
import type { RunDetail, RunList } from "./api.ts";
import { OWN_HEADER } from "./guard.ts";

let dashboard: TestDashboard;
let root: string;
beforeAll(async () => {
  dashboard = await testDashboard();
  ({ root } = dashboard);
});
afterAll(() => dashboard.close());

const get = (path: string, headers?: Record<string, string>) => dashboard.get(path, headers);
const send = (method: string, path: string, body: unknown, headers?: Record<string, string>) =>
  dashboard.send(method, path, body, headers);

describe("who may ask", () => {
  test.each(["evil.example", "127.0.0.1.evil.example", "localhost.evil:80", ""])("host %j is refused", async (host) => {
    expect((await get("/api/runs", { host })).status).toBe(403);
    expect((await get("/", { host })).status).toBe(403);
  });
  test.each(["127.0.0.1:7860", "localhost:1", "[::1]:7860", "localhost"])("host %s is this machine", async (host) => {
    expect((await get("/api/runs", { host })).status).toBe(200);
  });
  test("another site may open the page but ask nothing", async () => {
    const foreign = { "sec-fetch-site": "cross-site" };
    expect((await get("/", foreign)).status).toBe(200);
    expect((await get("/api/runs", foreign)).status).toBe(403);
    expect((await get("/api/runs", { "sec-fetch-site": "same-site" })).status).toBe(403);
    expect((await get("/api/runs", { "sec-fetch-site": "same-origin" })).status).toBe(200);
  });
  test.each([
    ["without the page's header", {}],
    ["of another origin", { [OWN_HEADER]: "1", origin: "http://evil.example" }],
    ["of another port", { [OWN_HEADER]: "1", origin: "http://127.0.0.1:1" }],
  ])("a change %s is refused", async (_, headers) => {
    for (const [method, path] of [
      ["POST", "/api/train"],
      ["PUT", "/api/runs/photos/marks"],
      ["POST", "/api/runs/plain/stop"],
      ["POST", "/api/runs/plain/resume"],
      ["POST", "/api/runs/plain/rename"],
      ["PUT", "/api/runs/plain/note"],
      ["POST", "/api/runs/plain/exports"],
      ["DELETE", "/api/runs/plain"],
      ["POST", "/api/bin/x/restore"],
      ["DELETE", "/api/bin/x"],
    ] as const)
      expect((await send(method, path, {}, headers)).status, path).toBe(403);
  });
  test("a page may load nothing of other hosts and not be framed", async () => {
    const policy = (await get("/")).headers.get("content-security-policy");
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
  });
});

test.each([
  ["PUT", "/api/runs/plain/note", 1],
  ["POST", "/api/train/check", 1],
  ["POST", "/api/runs/plain/classify", 32],
])("%s %s: a body above %i MB is refused, and no more of it is read", async (method, path, megabytes) => {
  const chunk = Buffer.alloc(2 ** 20, " ");
  let sent = 0;
  const pull = (to: ReadableStreamDefaultController): void => (sent++ < 40 ? to.enqueue(chunk) : to.close());
  const body = new ReadableStream({ pull }, { highWaterMark: 0 });
  const headers = { host: "127.0.0.1:7860", [OWN_HEADER]: "1" };
  const init = { method, headers, body, duplex: "half" } as RequestInit;
  const response = await dashboard.app.fetch(new Request(`http://127.0.0.1:7860${path}`, init));
  expect([response.status, sent]).toEqual([413, megabytes + 1]);
  expect(await json(response)).toMatchObject({
    error: { message: expect.stringContaining(`at most ${megabytes} MB`) },
  });
});

describe("paths that lead out", () => {
  test.each([
    "/api/runs/..%2f..%2fetc",
    "/api/runs/%2fetc",
    "/api/runs/..",
    "/api/runs/photos%2f..%2f..%2fphotos/log",
    "/api/runs/photos/files/..%2f..%2fsecret.png",
    "/api/runs/photos/files/config.json",
    "/api/runs/photos/files/best.pth",
    "/api/runs/photos/pictures/4/image",
    "/api/runs/photos/pictures/5/image",
  ])("%s is refused", async (path) => {
    const response = await dashboard.app.fetch({
      ...new Request("http://127.0.0.1:7860/"),
      url: `http://127.0.0.1:7860${path}`,
      method: "GET",
      headers: new Headers({ host: "127.0.0.1:7860" }),
    } as Request);
    expect(response.status).toBe(403);
  });
  test("a mark of a file that is not in the data set is refused", async () => {
    for (const file of ["../secret.png", "/etc/passwd", "val/ants/none.png"]) {
      const response = await send("PUT", "/api/runs/photos/marks", { file, mark: { excluded: true } });
      expect(response.status, file).toBe(403);
    }
  });
  test("addresses within the page get the page; assets and the API only what is there", async () => {
    expect(await (await get("/runs/photos/pictures?only=wrong")).text()).toBe("<h1>page</h1>");
    expect((await get("/assets/a.js")).headers.get("content-type")).toMatch(/javascript/);
    expect((await get("/assets/none.js")).status).toBe(404);
    expect((await get("/api/none")).status).toBe(404);
  });
});

describe("runs", () => {
  test("the list, one of them, and one that is not there", async () => {
    const { runs } = await json<RunList>(get("/api/runs"));
    expect(runs.map(({ id }) => id).toSorted()).toEqual(["photos", "plain"]);
    const run = await json<RunDetail>(get("/api/runs/plain"));
    expect(run.metrics.epochs.map(({ epoch }) => epoch)).toEqual([1, 2]);
    expect(run.settings.find(({ name }) => name === "data")).toMatchObject({
      flag: "DATA",
      value: "digits",
      from: "flag",
    });
    expect((await get("/api/runs/none")).status).toBe(404);
  });
  test("a line that is written is told with its place, from which another listener goes on", async () => {
    const end = (await json<RunDetail>(get("/api/runs/plain"))).metrics.end;
    await appendFile(join(root, "runs/plain/metrics.jsonl"), recordLine(epochRecord(3)));
    const first = await eventOf(await get(`/api/runs/plain/events?after=${end}`), "records");
    expect(JSON.parse(first.data)).toEqual([epochRecord(3)]);
    await appendFile(join(root, "runs/plain/metrics.jsonl"), recordLine(epochRecord(4)));
    const next = await eventOf(await get(`/api/runs/plain/events?after=0`, { "last-event-id": first.id }), "records");
    expect(JSON.parse(next.data)).toEqual([epochRecord(4)]);
    await writeFile(join(root, "runs/plain/metrics.jsonl"), recordLine(epochRecord(1)));
    await eventOf(await get(`/api/runs/plain/events?after=${next.id}`), "reset");
  });
  test.each(["-5", "1.5", "-1e300", "Infinity", "x"])("a place that is none, %s, is the beginning", async (after) => {
    const { end } = (await json<RunDetail>(get("/api/runs/photos"))).metrics;
    const given: Record<string, string>[] = [{}, { "last-event-id": after }];
    for (const headers of given) {
      const told = await eventOf(await get(`/api/runs/photos/events?after=${after}`, headers), "records");
      expect([JSON.parse(told.data), told.id]).toEqual([[epochRecord(1), epochRecord(2)], String(end)]);
    }
  });
  test("who follows a run that is renamed is told that it is gone, not to read it again", async () => {
    await writeRunFolder(join(root, "runs/old name"));
    const { metrics } = await json<RunDetail>(get("/api/runs/old%20name"));
    const stream = (await get(`/api/runs/old%20name/events?after=${metrics.end}`)).body ?? new ReadableStream();
    let text = "";
    for await (const bytes of stream.pipeThrough(new TextDecoderStream())) {
      if (text === "") await send("POST", "/api/runs/old%20name/rename", { name: "new name" });
      text += bytes;
    }
    expect([...text.matchAll(/^event: (.*)$/gm)].map(([, name]) => name)).toEqual(["state", "gone"]);
  });
  test("a report that came with a run may not ask the server anything", async () => {
    await writeFile(join(root, "runs/plain/report.html"), "<h1>report</h1>");
    const policy = (await get("/api/runs/plain/files/report.html")).headers.get("content-security-policy");
    expect(policy).toMatch(/^sandbox allow-scripts; default-src 'none'/);
  });
});

/** The first event of that name; the stream is cut off then. */
async function eventOf(response: Response, name: string): Promise<{ id: string; data: string }> {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { value, done } = (await reader?.read()) ?? { done: true };
    if (done) throw new Error(`no event ${name} in ${text}`);
    text += value;
    const found = text
      .split("\n\n")
      .slice(0, -1)
      .find((event) => event.includes(`event: ${name}\n`));
    if (found === undefined) continue;
    await reader?.cancel();
    return { id: /^id: (.*)$/m.exec(found)?.[1] ?? "", data: /^data: (.*)$/m.exec(found)?.[1] ?? "" };
  }
}
