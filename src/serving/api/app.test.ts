import { describe, expect, test } from "vitest";
import { UserError } from "../../errors.ts";
import { answerOf, appOf, failing, fakeModel, picture } from "../../testing/served-models.ts";
import { QueueFull } from "../batching/batch-queue.ts";
import type { ServedModel } from "../models/served-model.ts";
import { ApiError } from "./errors.ts";
import { createMetrics } from "./metrics.ts";
import { createIntake } from "./requests/intake.ts";

const json = { "content-type": "application/json" };
const text = { "content-type": "text/plain" };

test("a picture is answered with its classes, most probable first, as many as are asked for", async () => {
  const app = appOf();
  const { status, body } = await answerOf(app, "/predict?top=1&logits=true");
  expect(status).toBe(200);
  expect(body).toEqual({
    ...{ model: "bees", logits: [0, 1] },
    top: [{ class: "bee", index: 1, probability: expect.closeTo(1 / (1 + Math.exp(-1))) }],
  });
  const form = new FormData();
  form.set("any", new Blob(["picture"]));
  expect((await answerOf(app, "/models/bees/predict", { method: "POST", body: form })).status).toBe(200);
});

test.each<[number, ServedModel, string, RequestInit, RegExp]>([
  [400, fakeModel(), "/predict", { ...picture, body: "" }, /^body: expected a picture but it is empty\.$/],
  [400, fakeModel(), "/predict?top=0", picture, /^top: /],
  [400, fakeModel({}, { classes: undefined }), "/predict", picture, /takes pictures but it takes tensors\.$/],
  [400, fakeModel(), "/v2/models/bees/infer", { ...picture, headers: json, body: "{" }, /^body: expected JSON/],
  [
    415,
    fakeModel(),
    "/v2/models/bees/infer",
    { ...picture, headers: text, body: "{" },
    /^Content-Type: expected application\/json/,
  ],
  [404, fakeModel(), "/models/wasps/predict", picture, /but got "wasps"\.$/],
  [404, fakeModel(), "/v2/models/bees/versions/2", {}, /expected version 1 but got "2"\.$/],
  [404, fakeModel(), "/v3", {}, /^there is no \/v3\.$/],
  [405, fakeModel(), "/predict", {}, /expected POST but got GET\.$/],
  [405, fakeModel(), "/v2/models/bees/infer", { method: "DELETE" }, /expected POST but got DELETE\.$/],
  [413, fakeModel(), "/predict", { ...picture, body: "x".repeat(1001) }, /at most 1000 bytes/],
  [413, failing(new ApiError(413, "too large.", "Shrink it.")), "/predict", picture, /^too large\.$/],
  [415, fakeModel(), "/predict", { ...picture, headers: { "content-type": "text/plain" } }, /but got text\/plain\.$/],
  [
    415,
    fakeModel(),
    "/predict",
    { ...picture, headers: { ...picture.headers, "content-encoding": "gzip" } },
    /but got gzip\.$/,
  ],
  [422, failing(new UserError("no picture.", "Send one.")), "/predict", picture, /^no picture\.$/],
  [429, failing(new QueueFull()), "/predict", picture, /queue but it is full\.$/],
  [
    500,
    fakeModel({ predict: async () => Float32Array.of(0, Number.NaN) }),
    "/predict?logits=true",
    picture,
    /^"bees": expected a number for each class but "bee" got NaN\.$/,
  ],
])("%i: each bad request has its status and says what to do", async (expected, model, path, init, message) => {
  const { status, body } = await answerOf(appOf([model]), path, init);
  expect(body).toEqual({ error: expect.stringMatching(message), hint: expect.stringMatching(/^[A-Z].+/) });
  expect(status).toBe(expected);
});

test("a full queue says when to try again, before the body is read or after", async () => {
  let read = false;
  const pull = (controller: ReadableStreamDefaultController) => {
    read = true;
    controller.close();
  };
  const body = new ReadableStream({ pull }, { highWaterMark: 0 }); // so that it is pulled only when somebody reads
  const unread = { ...picture, body, duplex: "half" } as RequestInit;
  const full = await answerOf(appOf([fakeModel({}, { isFull: true })]), "/predict", unread);
  expect([full.status, full.headers.get("retry-after"), read]).toEqual([429, "1", false]);
  const enter = () => {
    throw new QueueFull();
  };
  const filled = await answerOf(appOf([fakeModel({}, { enter })]), "/predict");
  expect([filled.status, filled.headers.get("retry-after")]).toEqual([429, "1"]);
});

test("places are given up in any case: the model's, and the client's", async () => {
  let left = 0;
  const visit = { leave: () => void left++, predict: () => Promise.reject(new UserError("no.", "No.")) };
  const intake = createIntake({ perClient: 1, maxBody: 1000 });
  const app = appOf([fakeModel(visit)], { intake });
  for (const sent of [picture, { ...picture, body: "" }, { ...picture, body: "x".repeat(1001) }, picture])
    expect((await answerOf(app, "/predict", sent)).status).not.toBe(429);
  expect(left).toBe(2);
  let answer = (_: Float32Array): void => {};
  const answered = new Promise<Float32Array>((resolve) => {
    answer = resolve;
  });
  const one = appOf([fakeModel({ predict: () => answered })], { intake });
  const first = answerOf(one, "/predict");
  const second = await answerOf(one, "/predict");
  expect(second).toMatchObject({ status: 429, body: { error: expect.stringMatching(/^expected at most 1 requests/) } });
  answer(Float32Array.of(0, 1));
  expect((await first).status).toBe(200);
  expect((await answerOf(appOf(undefined, { intake }), "/predict")).status).toBe(200);
});

test("a client that goes away is no bug, and counted as such", async () => {
  const bugs: unknown[] = [];
  const metrics = createMetrics();
  const app = appOf(undefined, { onBug: (error) => bugs.push(error), metrics });
  const body = new ReadableStream({ pull: (controller) => controller.error(new Error("aborted")) });
  const { status } = await answerOf(app, "/predict", { ...picture, body, duplex: "half" } as RequestInit);
  expect([status, bugs]).toEqual([499, []]);
  expect(await metrics.text()).toContain('ocelli_requests_total{route="/predict",method="POST",status="499"} 1');
});

test("an answer that takes too long is 504, and the work is told", async () => {
  let told: unknown;
  const endless = fakeModel({
    predict: (_, signal) =>
      new Promise(() =>
        signal.addEventListener("abort", () => {
          told = signal.reason;
        }),
      ),
  });
  const { status, body } = await answerOf(appOf([endless], { timeoutMs: 5 }), "/predict");
  expect(status).toBe(504);
  expect(body).toMatchObject({ error: "expected an answer within 0.005 s but it is not there yet." });
  expect(told).toMatchObject({ status: 504 });
});

test("a bug is told to who runs the server, not to the client", async () => {
  const bugs: unknown[] = [];
  const app = appOf([failing(new Error("secret"))], { onBug: (error) => bugs.push(error) });
  const { status, body } = await answerOf(app, "/predict");
  expect(status).toBe(500);
  expect(JSON.stringify(body)).not.toContain("secret");
  expect(bugs).toEqual([new Error("secret")]);
});

test("with several models the request names one", async () => {
  const app = appOf([fakeModel(), fakeModel({}, { name: "wasps", classes: undefined })]);
  expect(await answerOf(app, "/predict")).toMatchObject({
    status: 404,
    body: { hint: "Post to /models/NAME/predict: bees, wasps." },
  });
  expect((await answerOf(app, "/models", {})).body).toEqual({
    models: [{ name: "bees", classes: ["ant", "bee"] }, { name: "wasps" }],
  });
});

test("a token is asked for everywhere but at the health routes and the description, which names no models", async () => {
  const app = appOf(undefined, { token: "right" });
  const sent = (authorization?: string) =>
    answerOf(app, "/predict", { ...picture, headers: { ...picture.headers, ...(authorization && { authorization }) } });
  expect(await sent()).toMatchObject({ status: 401, body: { error: expect.stringMatching(/but none was sent\.$/) } });
  expect((await sent()).headers.get("www-authenticate")).toBe('Bearer realm="ocelli"');
  for (const wrong of ["Bearer wrong", "Bearer ", "Basic right", "right", "Bearer right away", "no Bearer right"])
    expect((await sent(wrong)).status).toBe(401);
  expect((await sent("Bearer right")).status).toBe(200);
  expect((await sent("bearer right")).status).toBe(200);
  for (const path of ["/metrics", "/v2", "/models"]) expect((await app.request(path)).status, path).toBe(401);
  expect((await answerOf(app, "/v2/health/live", {})).status).toBe(200);
  expect((await answerOf(app, "/openapi.json", {})).status).toBe(200);
  expect(await (await app.request("/docs")).text()).not.toContain("bees"); // a browser opens it without a token
});

test("while it stops the server is alive, but not ready, and refuses requests", async () => {
  const app = appOf(undefined, { isReady: () => false });
  expect(await answerOf(app, "/v2/health/live", {})).toMatchObject({ status: 200, body: { live: true } });
  expect(await answerOf(app, "/v2/health/ready", {})).toMatchObject({ status: 503, body: { ready: false } });
  expect((await answerOf(app, "/predict")).status).toBe(503);
});

test("the Open Inference Protocol: the server, a model, tensors in JSON and as bytes", async () => {
  const port = { name: "x", type: "uint8", shape: ["N", 2] };
  const app = appOf([fakeModel({}, { inputs: [port], outputs: [{ ...port, name: "y", type: "float32" }] })]);
  expect((await answerOf(app, "/v2", {})).body).toMatchObject({ name: "ocelli", version: "1.2.3" });
  const metadata = {
    ...{ name: "bees", versions: ["1"], platform: "ocelli" },
    inputs: [{ name: "x", datatype: "UINT8", shape: [-1, 2] }],
    outputs: [{ name: "y", datatype: "FP32", shape: [-1, 2] }],
  };
  expect((await answerOf(app, "/v2/models/bees", {})).body).toEqual(metadata);
  expect((await answerOf(app, "/v2/models/bees/versions/1", {})).body).toEqual(metadata);
  expect((await answerOf(app, "/v2/models/bees/ready", {})).body).toEqual({ name: "bees", ready: true });
  const question = { inputs: [{ name: "x", shape: [1, 2], datatype: "UINT8", data: [1, 2] }] };
  const ask = (content: object, path = "/v2/models/bees/infer") =>
    app.request(path, { method: "POST", headers: json, body: JSON.stringify(content) });
  expect(await (await ask(question, "/v2/models/bees/versions/1/infer")).json()).toEqual({
    ...{ model_name: "bees", model_version: "1" },
    outputs: [{ name: "y", datatype: "FP32", shape: [1], data: [7] }],
  });
  const bytes = await ask({ ...question, outputs: [{ name: "y", parameters: { binary_data: true } }] });
  const length = Number(bytes.headers.get("inference-header-content-length"));
  expect(bytes.headers.get("content-type")).toBe("application/octet-stream");
  const whole = Buffer.from(await bytes.arrayBuffer());
  expect(JSON.parse(whole.subarray(0, length).toString()).outputs).toEqual([
    { name: "y", datatype: "FP32", shape: [1], parameters: { binary_data_size: 4 } },
  ]);
  expect(whole.readFloatLE(length)).toBe(7);
  const unfit = appOf([fakeModel({ infer: () => Promise.reject(new UserError("does not fit.", "Look.")) })]);
  expect(
    (await answerOf(unfit, "/v2/models/bees/infer", { method: "POST", headers: json, body: JSON.stringify(question) }))
      .status,
  ).toBe(400);
});

test("the description names every route, and the page names them without anything from elsewhere", async () => {
  const app = appOf(undefined, { token: undefined });
  const { body } = await answerOf(app, "/openapi.json", {});
  expect(body).toMatchObject({ openapi: "3.1.0", info: { title: "ocelli", version: "1.2.3" } });
  const paths = Object.keys((body as { paths: object }).paths);
  expect(paths).toEqual(
    expect.arrayContaining(["/predict", "/models/{name}/predict", "/models", "/v2", "/v2/models/{name}/infer"]),
  );
  const page = await (await app.request("/docs")).text();
  for (const path of paths) expect(page).toContain(`<code>${path}</code>`);
  expect(page.replace(/http:\/\/www\.w3\.org/g, "")).not.toMatch(/https?:\/\//);
});

test("requests are counted by route and status, what is not there under one name", async () => {
  const app = appOf();
  await answerOf(app, "/predict");
  await answerOf(app, "/models/wasps/predict");
  await answerOf(app, "/any/thing", {});
  const text = await (await app.request("/metrics")).text();
  expect(text).toContain('ocelli_requests_total{route="/predict",method="POST",status="200"} 1');
  expect(text).toContain('ocelli_requests_total{route="/models/:name/predict",method="POST",status="404"} 1');
  expect(text).toContain('ocelli_requests_total{route="none",method="GET",status="404"} 1');
});

describe("outputs that are asked for", () => {
  const ask = (outputs: readonly object[]) => {
    const inputs = [{ name: "x", shape: [1], datatype: "UINT8", data: [1] }];
    const app = appOf(undefined, { maxBody: 100_000 });
    return answerOf(app, "/v2/models/bees/infer", {
      method: "POST",
      headers: json,
      body: JSON.stringify({ inputs, outputs }),
    });
  };
  test.each(["z", "constructor", "__proto__", "toString", ""])("%j is none of the model's", async (name) => {
    const { status, body } = await ask([{ name }]);
    expect(body).toMatchObject({ error: `outputs: expected some of y but got ${JSON.stringify(name)}.` });
    expect(status).toBe(400);
  });
  test("none may come twice, however many are asked for", async () => {
    const times = (length: number) => Array.from({ length }, () => ({ name: "y" }));
    const twice = await ask(times(2));
    expect(twice.body).toMatchObject({ error: 'output "y": expected each output once but it comes twice.' });
    expect((await ask(times(1001))).body).toMatchObject({ error: expect.stringContaining("body.outputs") });
    expect([twice.status, (await ask(times(1001))).status]).toEqual([400, 400]);
  });
});

test("a model in a run that takes longer than an answer may is not ready, and so the server is not", async () => {
  const app = appOf([fakeModel({}, { longestRun: 1e9 }), fakeModel({}, { name: "ants" })]);
  expect(await answerOf(app, "/v2/health/ready", {})).toMatchObject({ status: 503, body: { ready: false } });
  expect(await answerOf(app, "/v2/models/bees/ready", {})).toMatchObject({ status: 503, body: { ready: false } });
  expect(await answerOf(app, "/v2/models/ants/ready", {})).toMatchObject({ status: 200, body: { ready: true } });
});
