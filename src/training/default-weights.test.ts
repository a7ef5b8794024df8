import { createHash } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findModel } from "../models/index.ts";
import { resolveConfig } from "./config.ts";
import { foreseeWeights, settleWeights, WeightsOutOfReach } from "./default-weights.ts";

const CONTENT = Buffer.from("weights");
const server = createServer((request, response) =>
  request.url === "/there.pth" ? response.end(CONTENT) : response.writeHead(404).end(),
);
const { name, ...record } = findModel("squeezenet1_1").published?.weights[0] ?? { name: "" };
let root: string;
let base: string;

/** Gives squeezenet1_1 an official file of this server in place of torchvision's. */
const publish = (path: string): string => {
  const url = `${base}/${path}`;
  const sha256 = createHash("sha256").update(CONTENT).digest("hex").slice(0, 8);
  Object.assign(findModel("squeezenet1_1").published?.weights[0] ?? {}, { url, file: path, sha256 });
  return url;
};
const configFor = (values: object) =>
  resolveConfig([{ from: "flag", values: { data: join(root, "photos"), model: "squeezenet1_1", ...values } }]);
const settled = async (values: object, arePhotos = true) =>
  (await settleWeights(configFor(values), { arePhotos })).config.weights;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "ocelli-weights-"));
  await mkdir(join(root, "photos"));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  process.env.TORCH_HOME = join(root, "torch");
});
afterAll(async () => {
  delete process.env.TORCH_HOME;
  Object.assign(findModel("squeezenet1_1").published?.weights[0] ?? {}, record);
  await new Promise((resolve) => server.close(resolve));
  await rm(root, { recursive: true });
});

test("photos begin with official weights, which are fetched; what has none, and what is no photo, at random", async () => {
  const url = publish("there.pth");
  expect(await foreseeWeights(configFor({}))).toMatchObject({
    config: { weights: { value: "imagenet", from: "default" } },
    place: { url },
  });
  expect(await settled({})).toEqual({ value: "imagenet", from: "default" });
  const cached = await foreseeWeights(configFor({}));
  expect(cached.place).toEqual({ path: join(root, "torch/hub/checkpoints/there.pth") });
  expect(await settled({}, false)).toEqual({ value: "none", from: "default" });
  expect(await settled({ model: "mnist-cnn" })).toEqual({ value: "none", from: "default" });
});

test("what was asked for stays", async () => {
  publish("gone.pth");
  expect(await settled({ weights: "none" })).toEqual({ value: "none", from: "flag" });
  expect(await settled({ weights: "mine.pth" })).toEqual({ value: "mine.pth", from: "flag" });
});

test("official weights out of reach, or damaged, end it with what to do", async () => {
  const url = publish("gone.pth");
  await expect(settled({})).rejects.toBeInstanceOf(WeightsOutOfReach);
  await expect(settled({})).rejects.toMatchObject({
    message: expect.stringMatching(
      /^weights: expected the official ones of squeezenet1_1, .+ \(.+gone\.pth: HTTP 404\)\.$/,
    ),
    hint: `Set weights to a file, such as one fetched from ${url}, or to none to begin at random.`,
  });
  expect((await foreseeWeights(configFor({}))).place).toEqual({ url, reason: `${url}: HTTP 404` });
  await writeFile(join(root, "torch/hub/checkpoints/gone.pth"), "others");
  await expect(settled({})).rejects.toThrow(/expected a SHA-256 that begins with/);
});
