import { cp } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findPhotos } from "../data/index.ts";
import { writeTree } from "../testing/photo-folders.ts";
import { smallModel } from "../testing/small-models.ts";
import { type MeasuredData, measuredData, type Split } from "./measured-data.ts";

let root: string;
let remove: () => Promise<void>;
const flat = (): string => join(root, "flat");
const model = smallModel("squeezenet1_1", 64);

beforeAll(async () => {
  const photos = ["ant", "bee"].flatMap((name, label) =>
    Array.from({ length: 10 }, (_, at) => [`flat/${name}/${at}.png`, 20 * label + at] as const),
  );
  ({ root, remove } = await writeTree({
    ...Object.fromEntries(photos),
    ...{ "small/ant/1.png": 1, "small/bee/1.png": 2, "one/ant/1.png": 1 },
    ...{ "split/train/ant/1.png": 1, "split/train/bee/1.png": 2, "split/val/ant/3.png": 3, "split/test/bee/4.png": 4 },
    "rows.csv":
      "file,label,split\nflat/ant/0.png,ant,train\nflat/bee/0.png,bee,train\nflat/ant/1.png,ant,val\nflat/bee/1.png,bee,test\n",
  }));
});
afterAll(() => remove());

const names = ({ sets }: MeasuredData): string[] =>
  sets.flatMap((set) => ("files" in set ? (set.files as string[]) : [])).map((file) => file.slice(root.length + 1));
const measure = (data: string, split?: Split, trainedOn?: (typeof model)["trainedOn"]) =>
  measuredData(data, { path: "net.pth", model: { ...model, trainedOn }, split });

test("photos that are not divided: all of them, which is said", async () => {
  const measured = await measure(flat());
  expect(names(measured)).toHaveLength(20);
  expect(measured.notes).toEqual(["Measuring all 20 photos, since none are set aside for validation."]);
  expect((await measure(flat(), "all")).notes).toEqual([]);
});

test("all of a set that is too small to be divided, and of a single class", async () => {
  for (const split of [undefined, "all"] as const) {
    expect(names(await measure(join(root, "small"), split))).toEqual(["small/ant/1.png", "small/bee/1.png"]);
    expect(names(await measure(join(root, "one"), split))).toEqual(["one/ant/1.png"]);
  }
});

test("a part that is asked for: what training would take, which is said", async () => {
  const { train, val } = await findPhotos(flat());
  expect(val.names).toHaveLength(4);
  const measured = await measure(flat(), "val");
  expect(names(measured)).toEqual(val.names.map((name) => `flat/${name}`));
  expect(measured.notes).toEqual([
    "Measuring the 4 of 20 photos that training would set aside for validation by default.",
  ]);
  expect(names(await measure(flat(), "train"))).toEqual(train.names.map((name) => `flat/${name}`));
});

test("photos that the model was trained on: those that its run set aside", async () => {
  const { val } = await findPhotos(flat(), { share: 0.3, seed: 7 });
  const measured = await measure(flat(), undefined, { data: flat(), valShare: 0.3, seed: 7 });
  expect(names(measured)).toEqual(val.names.map((name) => `flat/${name}`));
  expect(measured.notes).toEqual([
    "Measuring the 6 of 20 photos that the run set aside for validation; --split all: all of them.",
  ]);
});

test("the same photos elsewhere are known by their hash, others are not taken for them", async () => {
  const copy = join(root, "copy");
  await cp(flat(), copy, { recursive: true });
  const own = await measure(flat(), undefined, { data: flat(), valShare: 0.3, seed: 7 });
  const trainedOn = { data: "/nowhere", valShare: 0.3, seed: 7, dataSha256: own.data.dataHash };
  expect(names(await measure(copy, undefined, trainedOn))).toHaveLength(6);
  expect(names(await measure(join(root, "small"), undefined, trainedOn))).toHaveLength(2);
  const changed = await measure(flat(), undefined, { ...trainedOn, data: flat(), dataSha256: "other" });
  expect(changed.notes.join(" ")).toContain("not those of the run any more");
});

test("parts that are there, of which one may lack a class", async () => {
  for (const data of [join(root, "split"), join(root, "rows.csv")]) {
    expect(names(await measure(data))).toHaveLength(1);
    expect(names(await measure(data))[0]).toMatch(/ant\/[13]\.png$/);
    expect(names(await measure(data, "test"))[0]).toMatch(/bee\/[14]\.png$/);
    expect(names(await measure(data, "train"))).toHaveLength(2);
    expect(names(await measure(data, "all"))).toHaveLength(3);
    expect((await measure(data)).notes).toEqual([]);
  }
  await expect(measure(flat(), "test")).rejects.toThrow("expected photos for testing but there are none");
});
