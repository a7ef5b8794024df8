import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { decodeImage } from "../../../image/index.ts";
import { json, SAMPLES, type TestDashboard, testDashboard } from "../../../testing/dashboard.ts";
import { emptyBmp, wavyPng } from "../../../testing/photo-folders.ts";
import { SETTING_FLAGS, SETTING_NAMES } from "../../../training/index.ts";
import type { PicturePage, RunReport, TrainCheck, TrainForm } from "../api.ts";

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
  test("one that takes long to decode keeps nobody else waiting", async () => {
    await writeFile(join(root, "photos/val/ants/1.png"), emptyBmp(4000));
    const told: string[] = [];
    const asked = (path: string) => get(path).then(({ status }) => void told.push(`${path} ${status}`));
    const slow = asked("/api/runs/photos/pictures/1/image?side=32");
    for (let n = 0; n < 3; n++) await asked("/api/runs");
    expect(told).toEqual(Array.from({ length: 3 }, () => "/api/runs 200"));
    await slow;
    expect(told[3]).toBe("/api/runs/photos/pictures/1/image?side=32 200");
    await writeFile(join(root, "photos/val/ants/1.png"), await wavyPng(5));
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
  test("its fields have the names, texts and units of the flags, and faults call them so", async () => {
    const { fields } = await json<TrainForm>(get("/api/train"));
    expect(fields.map(({ name, flag, text }) => [name, flag, text])).toEqual(
      SETTING_NAMES.map((name) => [name, SETTING_FLAGS[name].flag, SETTING_FLAGS[name].text]),
    );
    const units = Object.fromEntries(fields.map(({ flag, unit }) => [flag, unit]));
    expect(units).toMatchObject({ "--epochs": "epochs", "--size": "pixels", "--momentum": "0 to 1", "--lr": null });
    const { faults } = await check({ data: "digits", learningRate: 0, epochs: 0 });
    expect(faults.map(({ message }) => message)).toEqual([
      "--lr: expected a number above 0 but got 0.",
      "--epochs: expected a whole number of at least 1 but got 0.",
    ]);
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
    expect(settings.find(({ name }) => name === "model")).toMatchObject({
      flag: "--model",
      value: "resnet18",
      from: "recipe",
    });
    expect(settings.find(({ name }) => name === "weights")).toMatchObject({ value: "imagenet", from: "default" });
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
