/** Models served through the real command line. */

import { once } from "node:events";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { encodePng } from "../../src/image/index.ts";
import { emptyBmp } from "../../src/testing/photo-folders.ts";
import { bandImages, writeBandFolder } from "../bands.ts";
import { emptyFolder, failingIn, ocelli, ocelliJson } from "./ocelli.ts";
import { halvesModel } from "./onnx-models.ts";
import { beginRequest, type RunningCommand, rawAnswer, startCommand } from "./server.ts";

const cwd = emptyFolder();
const SIZE = 28;
const { images } = bandImages(3);
const FILES = ["0.png", "1.png", "2.png"];
let server: RunningCommand;
let one: Uint8Array;

/** The status of the answer to a picture that is sent from that address of this machine. */
async function statusFrom(localAddress: string, path: string, body: Uint8Array): Promise<number | undefined> {
  const sent = request(server.url + path, { localAddress, method: "POST", headers: { "content-type": "image/png" } });
  sent.end(body);
  const [response] = await once(sent, "response");
  response.resume();
  return response.statusCode;
}

const picture = (width: number, height: number, data = new Uint8Array(width * height)): Promise<Uint8Array> =>
  encodePng({ width, height, channels: 1, data });

beforeAll(async () => {
  writeBandFolder(join(cwd, "bands"));
  ocelliJson(cwd, ["train", "bands", "--out", "run", "--batch-size", "8", "--lr", "0.01", "--engine", "onnx"]);
  expect(ocelli(cwd, ["export", "run", "--to", "onnx", "--out", "exported.onnx"]).status).toBe(0);
  for (const [index, file] of FILES.entries()) {
    const png = await picture(SIZE, SIZE, images.slice(index * SIZE * SIZE, (index + 1) * SIZE * SIZE));
    writeFileSync(join(cwd, file), png);
    one = png;
  }
  writeFileSync(join(cwd, "halves.onnx"), halvesModel());
  const limits = [
    "--max-body",
    "1",
    "--max-megapixels",
    "1",
    "--max-queue",
    "8",
    "--max-client",
    "6",
    "--timeout",
    "20",
  ];
  server = await startCommand(cwd, ["serve", "run", "exported.onnx", "other=halves.onnx", "--port", "0", ...limits]);
});

afterAll(async () => {
  await server?.stop("SIGKILL");
  rmSync(cwd, { recursive: true, force: true });
});

const post = (path: string, body: string | FormData | Uint8Array<ArrayBuffer>, type?: string): Promise<Response> =>
  fetch(server.url + path, { method: "POST", body, headers: type ? { "content-type": type } : {} });
const postJson = (path: string, content: object): Promise<Response> =>
  post(path, JSON.stringify(content), "application/json");
const postPicture = (path: string, body: Uint8Array): Promise<Response> =>
  post(path, Uint8Array.from(body), "image/png");

test("the command says what it serves and where, and that is all", () => {
  expect(server.lines).toEqual([
    "run       3 classes",
    "exported  3 classes",
    "other     tensors",
    `try       curl -H 'Content-Type: image/jpeg' --data-binary @photo.jpg ${server.url}/models/run/predict`,
    `docs      ${server.url}/docs`,
    `listening on ${server.url}`,
  ]);
  expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
});

test("a run and its exported file answer what `ocelli predict` answers, many at once and in whatever form", async () => {
  const { stdout } = ocelli(cwd, ["predict", "run", ...FILES, "--json", "--logits", "--top", "3"]);
  const expected = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  const answers = await Promise.all(
    FILES.flatMap((file, index) =>
      ["run", "exported"].map(async (model) => {
        const bytes = readFileSync(join(cwd, file));
        const form = new FormData();
        form.set("image", new Blob([bytes]));
        const response = await post(
          `/models/${model}/predict?logits=true`,
          index === 0 ? form : Uint8Array.from(bytes),
          index === 0 ? undefined : "image/png",
        );
        return { index, model, answer: (await response.json()) as (typeof expected)[0] };
      }),
    ),
  );
  for (const { index, model, answer } of answers) {
    const { top, logits } = expected[index];
    expect(answer.model).toBe(model);
    expect(answer.top.map((entry: { class: string }) => entry.class)).toEqual(
      top.map((entry: { class: string }) => entry.class),
    );
    expect(answer.logits).toBeAllclose(logits, { rtol: 1e-5, atol: 1e-5 });
    const probabilities = (ranked: { probability: number }[]) => ranked.map(({ probability }) => probability);
    expect(probabilities(answer.top)).toBeAllclose(probabilities(top), { rtol: 1e-5, atol: 1e-6 });
  }
});

test("another ONNX model is served by its own inputs and outputs, but takes no pictures", async () => {
  const about = await fetch(`${server.url}/v2/models/other`);
  expect(await about.json()).toEqual({
    ...{ name: "other", versions: ["1"], platform: "onnxruntime_onnx" },
    inputs: [{ name: "x", datatype: "FP32", shape: [-1, 2] }],
    outputs: [{ name: "y", datatype: "FP32", shape: [-1, 2] }],
  });
  const ask = (shape: number[], data: number[]) =>
    postJson("/v2/models/other/infer", { inputs: [{ name: "x", datatype: "FP32", shape, data }] });
  expect(await (await ask([2, 2], [1, 2, 3, 4])).json()).toMatchObject({
    outputs: [{ name: "y", datatype: "FP32", shape: [2, 2], data: [0.5, 1, 1.5, 2] }],
  });
  const unfit = await ask([4], [1, 2, 3, 4]);
  expect(unfit.status).toBe(400);
  expect(await unfit.json()).toMatchObject({ error: '"other", input "x": expected float32 [N, 2] but it is [4].' });
  expect((await postPicture("/models/other/predict", one)).status).toBe(400);
});

test("pixels as tensors give the same as the picture; more than the queue holds are refused", async () => {
  const pixels = [...images.slice(2 * SIZE * SIZE)];
  const ask = (count: number) => {
    const data = Array.from({ length: count }, () => pixels);
    const inputs = [{ name: "pixels", datatype: "UINT8", shape: [count, SIZE, SIZE, 1], data }];
    return postJson("/v2/models/run/infer", { inputs, outputs: [{ name: "logits" }] });
  };
  const { logits } = (await (await postPicture("/models/run/predict?logits=true", one)).json()) as { logits: number[] };
  const { outputs } = (await (await ask(2)).json()) as { outputs: { shape: number[]; data: number[] }[] };
  expect(outputs[0]?.shape).toEqual([2, 3]);
  expect(outputs[0]?.data).toBeAllclose([...logits, ...logits], { rtol: 1e-5, atol: 1e-5 });
  const many = await ask(9);
  expect(many.status).toBe(400);
  expect(await many.json()).toMatchObject({ error: '"run": expected at most 8 pictures at once but got 9.' });
});

test("pictures that take long to decode keep nobody else waiting", async () => {
  const own = await startCommand(cwd, ["serve", "run", "--port", "0", "--timeout", "600"]);
  const told: string[] = [];
  const asked = (path: string, init: RequestInit, what: string): Promise<void> =>
    fetch(own.url + path, init).then(({ status }) => void told.push(`${what} ${status}`));
  const heavy = { method: "POST", headers: { "content-type": "image/bmp" }, body: Uint8Array.from(emptyBmp(3000)) };
  const pictures = Array.from({ length: 4 }, () => asked("/predict", heavy, "picture"));
  for (let n = 0; n < 3; n++) await asked("/v2/health/live", {}, "health");
  expect(told).toEqual(["health 200", "health 200", "health 200"]);
  await Promise.all(pictures);
  expect(told.slice(3)).toEqual(Array.from({ length: 4 }, () => "picture 422"));
  const larger = await fetch(`${own.url}/predict`, { ...heavy, body: Uint8Array.from(emptyBmp(5100)) });
  expect(larger.status).toBe(413);
  await own.stop("SIGKILL");
});

test("what is no picture, too large, or of another size is refused with its status", async () => {
  const path = "/models/run/predict";
  const statusOf = async (answer: Promise<Response>): Promise<[number, unknown]> => {
    const response = await answer;
    return [response.status, ((await response.json()) as { error: string }).error];
  };
  expect(await statusOf(post(path, "hello", "image/png"))).toEqual([
    422,
    expect.stringMatching(/^picture: expected a JPEG/),
  ]);
  expect(await statusOf(postPicture(path, one.subarray(0, 60)))).toEqual([
    422,
    expect.stringMatching(/cut off|damaged/),
  ]);
  expect(await statusOf(postPicture(path, await picture(3, 2)))).toEqual([422, expect.stringMatching(/28×28 pixels/)]);
  expect(await statusOf(postPicture(path, await picture(1001, 1000)))).toEqual([
    413,
    "picture: expected at most 1000000 pixels but its header says 1001×1000.",
  ]);
  expect(await statusOf(postPicture(path, new Uint8Array(2 ** 20 + 1)))).toEqual([
    413,
    expect.stringMatching(/^body: /),
  ]);
  expect(await statusOf(post(path, "a=b", "application/x-www-form-urlencoded"))).toEqual([415, expect.any(String)]);
  expect(await statusOf(post(path, "no form", "multipart/form-data; boundary=x"))).toEqual([400, expect.any(String)]);
  expect(await statusOf(postPicture("/models/none/predict", one))).toEqual([404, expect.stringMatching(/"none"/)]);
  expect(await statusOf(postPicture("/predict", one))).toEqual([404, expect.stringMatching(/one of 3 models/)]);
});

test("malformed, chunked and aborted requests: the server goes on", async () => {
  expect(await rawAnswer(server.port, "what is this\r\n\r\n")).toMatch(/^HTTP\/1\.1 400/);
  const chunked = `POST /models/run/predict HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n100001\r\n${"x".repeat(0x100001)}\r\n0\r\n\r\n`;
  expect(await rawAnswer(server.port, chunked)).toMatch(/^HTTP\/1\.1 413/);
  for (let time = 0; time < 20; time++) {
    const { socket } = await beginRequest(server.port, { path: "/models/run/predict", length: 1000 });
    socket.destroy(); // more often than the queue has places
  }
  await expect.poll(async () => (await postPicture("/models/run/predict", one)).status).toBe(200);
  expect(server.notes()).toBe("");
});

test("who sends slowly holds no place: others are answered, and the client's own further requests are 429", async () => {
  const begin = () => beginRequest(server.port, { path: "/models/run/predict", length: one.length });
  const begun = await Promise.all(Array.from({ length: 6 }, begin));
  const refused = await postPicture("/models/run/predict", one);
  expect(refused.status).toBe(429);
  expect(refused.headers.get("retry-after")).toBe("1");
  const metrics = await (await fetch(`${server.url}/metrics`)).text();
  expect(metrics).toContain('ocelli_queue_length{model="run"} 0');
  expect(metrics).toContain('ocelli_requests_total{route="/models/:name/predict",method="POST",status="429"}');
  // the whole of 127.0.0.0/8 is this machine on Linux alone
  if (process.platform === "linux") expect(await statusFrom("127.0.0.2", "/models/run/predict", one)).toBe(200);
  for (const { finish } of begun) expect(await finish(one)).toMatch(/^HTTP\/1\.1 200 OK/);
});

test("Ctrl-C: what is under way is answered, what is new is refused, exit code 0", async () => {
  const own = await startCommand(cwd, ["serve", "run", "--port", "0"], { OCELLI_TOKEN: "" });
  const { finish } = await beginRequest(own.port, { path: "/predict", length: one.length, connection: "keep-alive" });
  own.child.kill("SIGINT");
  await own.noted(/^\nStopping when what is under way is answered/);
  const probe = await fetch(`${own.url}/v2/health/ready`).catch(() => undefined); // none once it does not listen any more
  expect(probe?.status ?? 503).toBe(503);
  const answer = await finish(one);
  expect(answer).toMatch(/^HTTP\/1\.1 200 OK/);
  expect(answer.toLowerCase()).toContain("connection: close");
  expect(await own.ended).toBe(0);
});

test("a slow request is answered 408; a token comes from the environment", async () => {
  const own = await startCommand(cwd, ["serve", "run", "--port", "0", "--timeout", "1"], { OCELLI_TOKEN: "secret" });
  try {
    const asked = (token: string) => fetch(`${own.url}/v2`, { headers: { authorization: `Bearer ${token}` } });
    expect([(await asked("secret")).status, (await asked("wrong")).status]).toEqual([200, 401]);
    const head = `POST /predict HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer secret\r\nContent-Length: 9\r\n\r\nslow`;
    expect(await rawAnswer(own.port, head)).toMatch(/^HTTP\/1\.1 408/);
    expect((await asked("secret")).status).toBe(200);
  } finally {
    expect(await own.stop()).toBe(0);
  }
  expect(own.notes()).not.toMatch(/bug/);
});

test("what cannot be served is said in two lines", async () => {
  const failing = (...args: string[]) =>
    failingIn(cwd, ["serve", ...args], 1, (all) => ocelli(cwd, all, { env: { OCELLI_TOKEN: "" } }));
  expect(failing("run", "--host", "0.0.0.0").error).toMatch(/^--host: expected a token for 0\.0\.0\.0/);
  expect(failing("gone.onnx").error).toBe('"gone.onnx": expected an ONNX model but there is no such file.');
  expect(failing("run", "run/").hint).toBe("Name one of them: OTHER=run/");
  writeFileSync(join(cwd, "cut.onnx"), halvesModel().subarray(0, 40));
  expect(failing("cut.onnx").error).toMatch(/^"cut\.onnx": expected /);
  writeFileSync(join(cwd, "text.onnx"), "no model");
  expect(failing("text.onnx").error).toMatch(/^"text\.onnx": expected /);
  expect(failing("run", "--port", "70000").error).toBe("--port: expected at most 65535 but got 70000.");
  const other = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => other.once("listening", resolve));
  const { port } = other.address() as AddressInfo;
  expect(failing("run", "--port", String(port)).error).toBe(
    `127.0.0.1: expected port ${port} to be free but another program listens on it.`,
  );
  other.close();
});
