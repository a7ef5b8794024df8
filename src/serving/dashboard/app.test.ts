import { appendFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { decodeImage } from "../../image/index.ts";
import { wavyPng, writeTree } from "../../testing/photo-folders.ts";
import { epochRecord, recordLine, writeRunFolder } from "../../testing/run-folders.ts";
import type { PicturePage, RunDetail, RunList, RunReport, TrainCheck, TrainForm } from "./api.ts";
import { type DashboardApp, dashboardApp } from "./app.ts";
import { OWN_HEADER } from "./guard.ts";
import { openRunsFolder } from "./runs/find.ts";

let root: string;
let remove: () => Promise<void>;
let app: DashboardApp;

/** What a network would have made of the four validation photos, and of two that are not in the data set. */
const SAMPLES = [
  { file: "val/ants/0.png", class: "ants", predicted: "ants", probability: 0.9, loss: 0.1 },
  { file: "val/ants/1.png", class: "ants", predicted: "bees", probability: 0.8, loss: 1.6 },
  { file: "val/bees/0.png", class: "bees", predicted: "bees", probability: 0.6, loss: 0.5 },
  { file: "val/bees/1.png", class: "bees", predicted: "ants", probability: 0.99, loss: 4.6 },
  { file: "../secret.png", class: "bees", predicted: "bees", probability: 1, loss: 0 },
  { file: "/etc/passwd", class: "bees", predicted: "bees", probability: 1, loss: 0 },
];

async function writeSamples(run: string): Promise<void> {
  const header = { version: 1, classes: ["ants", "bees"], dataSha256: "0", weights: { size: 0, modified: 0 } };
  await writeFile(
    join(run, "predictions.jsonl"),
    [header, ...SAMPLES].map((line) => `${JSON.stringify(line)}\n`).join(""),
  );
}

beforeAll(async () => {
  const names = ["train", "val"].flatMap((part) =>
    ["ants", "bees"].flatMap((name) => [0, 1].map((n) => `photos/${part}/${name}/${n}.png`)),
  );
  ({ root, remove } = await writeTree({
    ...Object.fromEntries(names.map((name, seed) => [name, seed])),
    "photos/val/bees/1.png": await wavyPng(9, { width: 1500, height: 700 }),
    "secret.png": 1,
    "page/index.html": "<h1>page</h1>",
    "page/assets/a.js": "1",
  }));
  await writeRunFolder(join(root, "runs/plain"));
  await writeRunFolder(join(root, "runs/photos"), { settings: { data: join(root, "photos"), model: "resnet18" } });
  await writeSamples(join(root, "runs/photos"));
  const runs = await openRunsFolder(join(root, "runs"));
  const commands = { train: () => ["-e", ""], resume: () => ["-e", ""] };
  app = dashboardApp({ runs, page: join(root, "page"), commands });
});
afterAll(async () => {
  await app.close();
  await remove();
});

const HEADERS = { host: "127.0.0.1:7860" };
const get = (path: string, headers: Record<string, string> = {}): Response | Promise<Response> =>
  app.fetch(new Request(`http://127.0.0.1:7860${path}`, { headers: { ...HEADERS, ...headers } }));
const send = (method: string, path: string, body: unknown, headers: Record<string, string> = { [OWN_HEADER]: "1" }) =>
  app.fetch(
    new Request(`http://127.0.0.1:7860${path}`, {
      method,
      body: body instanceof Uint8Array ? body.slice() : JSON.stringify(body),
      headers: { ...HEADERS, ...headers },
    }),
  );
const json = async <Answer>(response: Response | Promise<Response>): Promise<Answer> =>
  (await response).json() as Promise<Answer>;

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
    ] as const)
      expect((await send(method, path, {}, headers)).status, path).toBe(403);
  });
  test("a page may load nothing of other hosts and not be framed", async () => {
    const policy = (await get("/")).headers.get("content-security-policy");
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
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
    const response = await app.fetch({
      ...new Request("http://127.0.0.1:7860/"),
      url: `http://127.0.0.1:7860${path}`,
      method: "GET",
      headers: new Headers(HEADERS),
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
    expect(run.settings.find(({ name }) => name === "data")).toEqual({ name: "data", value: "digits", from: "flag" });
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

describe("pictures", () => {
  const page = (search: string): Promise<PicturePage> => json(get(`/api/runs/photos/pictures?${search}`));
  const indices = async (search: string): Promise<number[]> => (await page(search)).pictures.map(({ index }) => index);
  test("by class, by what they are taken for, wrong only, in an order, page by page", async () => {
    expect(await indices("class=ants")).toEqual([1, 0]);
    expect(await indices("class=bees&predicted=ants")).toEqual([3]);
    expect(await indices("only=wrong")).toEqual([3, 1]);
    expect(await indices("only=wrong&order=unsure")).toEqual([1, 3]);
    expect(await indices("order=data&limit=2&offset=1")).toEqual([1, 2]);
    expect((await page("limit=1")).total).toBe(6);
    expect((await get("/api/runs/photos/pictures?order=up")).status).toBe(400);
  });
  test("their confusion matrix", async () => {
    const report = await json<RunReport>(get("/api/runs/photos/report"));
    expect(report.confusion).toEqual([
      [1, 1],
      [1, 3],
    ]);
    expect(report.perClass.map(({ recall }) => recall)).toEqual([0.5, 0.75]);
  });
  test("no larger than asked for, and never larger than the limit", async () => {
    const image = async (side: number) => {
      const response = await get(`/api/runs/photos/pictures/3/image?side=${side}`);
      return decodeImage(new Uint8Array(await response.arrayBuffer()));
    };
    expect(await image(150)).toMatchObject({ width: 150, height: 70 });
    expect((await image(100_000)).width).toBeLessThanOrEqual(1024);
  });
  test("one that is none is refused with the reason", async () => {
    await writeFile(join(root, "photos/val/ants/0.png"), "no picture");
    const response = await get("/api/runs/photos/pictures/0/image?side=64");
    expect(response.status).toBe(400);
    expect(await json(response)).toMatchObject({ error: { message: expect.stringMatching(/expected a JPEG, PNG/) } });
    await writeFile(join(root, "photos/val/ants/0.png"), await wavyPng(4));
  });
  test("a run without predictions says what to do", async () => {
    const response = await get("/api/runs/plain/report");
    expect(response.status).toBe(404);
    expect(await json(response)).toMatchObject({ error: { hint: "Evaluate the run first." } });
  });
});

describe("marks", () => {
  const file = "val/ants/1.png";
  const mark = (value: unknown) => send("PUT", "/api/runs/photos/marks", { file, mark: value });
  test("are kept beside the photos, told with the picture, and taken back to what they were", async () => {
    expect(await json(mark({ label: "bees" }))).toEqual({ before: null });
    expect(await json(mark({ excluded: true }))).toEqual({ before: { label: "bees" } });
    const kept = JSON.parse(await readFile(join(root, "photos/ocelli-labels.json"), "utf8"));
    expect(kept).toEqual({ version: 1, photos: { [file]: { excluded: true } } });
    const { pictures } = await json<PicturePage>(get("/api/runs/photos/pictures?only=marked"));
    expect(pictures).toEqual([{ ...SAMPLES[1], index: 1, mark: { excluded: true } }]);
    expect(await json(mark({ label: "bees" }))).toEqual({ before: { excluded: true } });
    expect(await json(mark(null))).toEqual({ before: { label: "bees" } });
    expect(await json(get("/api/runs/photos/marks"))).toMatchObject({ marks: [] });
  });
  test("with the photo's own class there is none; an unknown class is refused", async () => {
    expect(await json(mark({ label: "ants" }))).toEqual({ before: null });
    expect(await json(get("/api/runs/photos/marks"))).toMatchObject({ marks: [] });
    expect((await mark({ label: "wasps" })).status).toBe(400);
    expect((await mark({ other: 1 })).status).toBe(400);
  });
  test("many at once are all kept", async () => {
    const files = ["val/ants/0.png", "val/bees/0.png", "train/ants/0.png", "train/bees/1.png"];
    await Promise.all(
      files.map((name) => send("PUT", "/api/runs/photos/marks", { file: name, mark: { excluded: true } })),
    );
    const { marks } = await json<{ marks: { name: string }[] }>(get("/api/runs/photos/marks"));
    expect(marks.map(({ name }) => name)).toEqual(files.toSorted());
    await rm(join(root, "photos/ocelli-labels.json"));
  });
});

describe("training from the page", () => {
  const check = (values: unknown): Promise<TrainCheck> => json(send("POST", "/api/train/check", values));
  const faulty = async (values: unknown): Promise<(string | null)[]> =>
    (await check(values)).faults.map(({ setting }) => setting);
  test("the form has every setting", async () => {
    const { fields, models, refusal } = await json<TrainForm>(get("/api/train"));
    expect(refusal).toBeNull();
    expect(models).toContain("resnet18");
    const kinds = Object.fromEntries(fields.map(({ name, kind }) => [name, kind]));
    expect(kinds).toMatchObject({
      optimizer: "choice",
      exif: "switch",
      epochs: "number",
      data: "text",
      workers: "text",
    });
  });
  test("what is wrong is said at its field", async () => {
    expect(await faulty({ data: "digits" })).toEqual([]);
    expect(await faulty({})).toEqual(["data"]);
    expect(await faulty({ data: join(root, "nowhere") })).toEqual(["data"]);
    expect(await faulty({ data: join(root, "photos/train/ants") })).toEqual(["data"]);
    expect(await faulty({ data: "digits", epochs: 0, learningRate: "fast", optimizer: "sgdd" })).toEqual([
      "epochs",
      "learningRate",
      "optimizer",
    ]);
    expect(await faulty({ data: "digits", model: "resnet19" })).toEqual(["model"]);
    expect(await faulty({ data: "digits", momentum: 0.9 })).toEqual(["momentum"]);
    expect(await faulty({ data: "digits", schedule: "sometimes" })).toEqual(["schedule"]);
  });
  test("photos have their recipe", async () => {
    const { settings } = await check({ data: join(root, "photos") });
    expect(settings.find(({ name }) => name === "model")).toEqual({ name: "model", value: "resnet18", from: "recipe" });
  });
  test("wrong settings start nothing; right ones get a free name", async () => {
    const refused = await send("POST", "/api/train", { data: "digits", epochs: 0 });
    expect(refused.status).toBe(400);
    expect(await json(refused)).toMatchObject({ faults: [{ setting: "epochs" }] });
    await mkdir(join(root, "runs/digits-mnist-cnn-1"));
    expect(await json(send("POST", "/api/train", { data: "digits" }))).toEqual({ id: "digits-mnist-cnn-2" });
    expect(await json(send("POST", "/api/train", { data: "digits" }))).toEqual({ id: "digits-mnist-cnn-3" });
  });
  test("a run that was not started here cannot be stopped here", async () => {
    const response = await send("POST", "/api/runs/plain/stop", {});
    expect(response.status).toBe(409);
    expect(await json(response)).toMatchObject({
      error: { hint: expect.stringMatching(/Ctrl-C where it was started/) },
    });
  });
});
