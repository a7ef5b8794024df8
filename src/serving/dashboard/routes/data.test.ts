import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { decodeImage } from "../../../image/index.ts";
import { json, type TestDashboard, testDashboard } from "../../../testing/dashboard.ts";
import { writeRunFolder } from "../../../testing/run-folders.ts";
import type { DataPicture, DataSummary, PicturePage } from "../api.ts";

let dashboard: TestDashboard;
beforeAll(async () => {
  dashboard = await testDashboard();
});
afterAll(() => dashboard.close());

const page = (rest: string): Promise<PicturePage<DataPicture>> => json(dashboard.get(`/api/runs/photos/data/${rest}`));
const files = async (rest: string) => (await page(rest)).pictures.map(({ file }) => file);
const mark = (file: string, value: unknown) => dashboard.send("PUT", "/api/runs/photos/marks", { file, mark: value });

describe("photos", () => {
  test("of both parts are counted by class", async () => {
    expect(await json<DataSummary>(dashboard.get("/api/runs/photos/data"))).toEqual({
      ...{ classes: ["ants", "bees"], counts: { train: [2, 2], val: [2, 2] }, hasFiles: true },
    });
  });
  test("to train with are listed by class, by name, page by page", async () => {
    expect(await files("train")).toEqual([
      "train/ants/0.png",
      "train/ants/1.png",
      "train/bees/0.png",
      "train/bees/1.png",
    ]);
    expect(await files("train?class=bees")).toEqual(["train/bees/0.png", "train/bees/1.png"]);
    expect(await files("train?name=ANTS/1")).toEqual(["train/ants/1.png"]);
    expect(await page("train?limit=1&offset=2")).toEqual({
      ...{ total: 4, offset: 2 },
      pictures: [{ index: 2, file: "train/bees/0.png", class: "bees", mark: null }],
    });
    expect(await files("train?class=wasps")).toEqual([]);
    expect((await dashboard.get("/api/runs/photos/data/test")).status).toBe(400);
  });
  test("to train with are marked, and found by their marks", async () => {
    await mark("train/ants/1.png", { label: "bees" });
    await mark("train/bees/0.png", { excluded: true });
    expect(await files("train?only=marked")).toEqual(["train/ants/1.png", "train/bees/0.png"]);
    expect(await files("train?only=relabelled")).toEqual(["train/ants/1.png"]);
    expect(await files("train?only=excluded")).toEqual(["train/bees/0.png"]);
    expect(await page("train/1")).toEqual({
      index: 1,
      file: "train/ants/1.png",
      class: "ants",
      mark: { label: "bees" },
    });
    const file = join(dashboard.root, "photos/ocelli-labels.json");
    expect(JSON.parse(await readFile(file, "utf8")).photos["train/ants/1.png"]).toEqual({ label: "bees" });
    await rm(file);
  });
  test("are shown plain, no larger than asked for", async () => {
    const shown = async (rest: string) => {
      const response = await dashboard.get(`/api/runs/photos/data/${rest}`);
      return decodeImage(new Uint8Array(await response.arrayBuffer()));
    };
    const plain = await decodeImage(join(dashboard.root, "photos/train/ants/0.png"));
    expect(await shown("train/0/image?side=1024")).toEqual(plain);
    expect(await shown("val/3/image?side=150")).toMatchObject({ width: 150, height: 70 });
    expect((await dashboard.get("/api/runs/photos/data/train/9/image")).status).toBe(404);
  });
});

test("pictures in memory are shown too, but cannot be marked", async () => {
  await writeRunFolder(join(dashboard.root, "runs/digits"));
  const get = <Answer>(rest: string): Promise<Answer> => json(dashboard.get(`/api/runs/digits/data${rest}`));
  const { classes, counts, hasFiles } = await get<DataSummary>("");
  expect([classes.length, hasFiles]).toEqual([10, false]);
  const { total, pictures } = await get<PicturePage<DataPicture>>("/train?class=7&limit=2");
  expect(total).toBe(counts.train[7]);
  expect(pictures.map(({ file, class: name }) => [file, name])).toEqual([
    [null, "7"],
    [null, "7"],
  ]);
  const response = await dashboard.get(`/api/runs/digits/data/train/${pictures[0]?.index}/image`);
  expect(await decodeImage(new Uint8Array(await response.arrayBuffer()))).toMatchObject({ width: 28, height: 28 });
});
