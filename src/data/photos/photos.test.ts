import { createHash } from "node:crypto";
import { cp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import golden from "../../../tools/golden/pictures.json" with { type: "json" };
import { decodeImage, evaluationInput } from "../../image/index.ts";
import { rngFor } from "../../rng.ts";
import { wavyPng, writeTree } from "../../testing/photo-folders.ts";
import type { Dataset } from "../dataset.ts";
import { loadData } from "../load.ts";
import { batches } from "../loader.ts";
import { mapConcurrently } from "./concurrent.ts";
import { hashFile, loadPhotos, photoDataset, photoPreparations } from "./index.ts";
import { createPixelCache, keptPixels } from "./pixel-cache.ts";

let root = "";
let remove = async (): Promise<void> => {};
const TREE = {
  "train/ants/1.png": 1,
  "train/ants/2.png": 2,
  "train/bees/3.png": 3,
  "train/bees/4.png": 4,
  "train/bees/x.gif": "GIF",
  "val/ants/5.png": 5,
  "val/bees/6.png": 6,
};
beforeAll(async () => {
  ({ root, remove } = await writeTree(TREE));
});
afterAll(() => remove());

const preparation = photoPreparations({ crop: 16 });

describe("photoDataset", () => {
  test("gives each photo, decoded and prepared, with its label", async () => {
    const { test: val } = await loadPhotos(root, { preparation });
    expect(val).toMatchObject({ length: 2, classes: ["ants", "bees"], shape: [3, 16, 16] });
    const rng = rngFor(0, "augment", 0, 1);
    const { image, label } = await val.sample(1, { epoch: 0, rng });
    const decoded = await decodeImage(join(root, "val/bees/6.png"));
    expect(label).toBe(1);
    expect(image).toEqual(evaluationInput(preparation.val.preprocessing)(decoded));
  });

  test("training photos are another at each epoch, and the same from any number of workers", async () => {
    const { train } = await loadPhotos(root, { preparation });
    const collect = async (epoch: number, workers: number) => {
      const all = [];
      for await (const batch of batches(train, { batchSize: 3, shuffle: true, seed: 4, epoch, workers }))
        all.push(batch);
      return all;
    };
    const first = await collect(0, 0);
    expect(first.map(({ size }) => size)).toEqual([3, 1]);
    expect(await collect(0, 2)).toEqual(first);
    expect((await collect(1, 0))[0]?.images).not.toEqual(first[0]?.images);
  });

  test.each(["seed", "none"] as const)(
    "photos kept decoded give the same batches, augmentation %s",
    async (augmentation) => {
      const options = { preparation: photoPreparations({ augmentation, crop: 32 }) };
      const [plain, kept] = [
        await loadPhotos(root, options),
        await loadPhotos(root, { ...options, keepDecoded: ["train", "val"] }),
      ];
      const tiny = photoDataset({ ...plain.train, cache: createPixelCache(plain.train.length, 64) });
      for (const [epoch, workers] of [
        [0, 0],
        [1, 2],
        [2, 2],
      ] as const) {
        const collect = async (dataset: Dataset) => {
          const all = [];
          for await (const batch of batches(dataset, { batchSize: 3, shuffle: true, epoch, workers })) all.push(batch);
          return all;
        };
        const expected = await collect(plain.train);
        expect(await collect(kept.train)).toEqual(expected);
        expect(await collect(tiny)).toEqual(expected);
      }
      expect(kept.train.cache && keptPixels(kept.train.cache, 0)).toBeDefined();
    },
  );

  test("what cannot be decoded is named, by workers too", async () => {
    const files = [join(root, "train/ants/1.png"), join(root, "train/bees/x.gif")];
    const dataset = photoDataset({ files, labels: [0, 1], classes: ["ants", "bees"], preparation: preparation.val });
    for (const workers of [0, 1]) {
      const named = batches({ ...photoDataset({ ...dataset, data: "my photos" }) }, { batchSize: 2, workers });
      await expect(named.next()).rejects.toMatchObject({
        hint: expect.stringMatching(/See all such files with: ocelli data check 'my photos'$/),
      });
      await expect(batches(dataset, { batchSize: 2, workers }).next()).rejects.toMatchObject({
        name: "UserError",
        message: expect.stringContaining(`"${files[1]}": expected a `),
      });
    }
  });
});

describe("loadPhotos", () => {
  test("tells what was skipped, and loadData finds it", async () => {
    const loaded = await loadData(root, { photos: { preparation } });
    expect(loaded).toMatchObject({
      source: `photos in "${root}"`,
      notes: [
        'Skipped 1 file that is no photo of a class: "train/bees/x.gif" (a GIF, which torchvision passes over too).',
      ],
      dataHash: (await loadPhotos(root)).dataHash,
    });
    expect([loaded.train.length, loaded.test.length]).toEqual([4, 2]);
  });

  test("the hash depends on contents and names of photos, not on where they lie nor on other files", async () => {
    const copy = await writeTree({});
    const hash = async (): Promise<string> => (await loadPhotos(copy.root)).dataHash;
    await cp(root, copy.root, { recursive: true });
    const { dataHash } = await loadPhotos(root);
    expect(dataHash).toMatch(/^[0-9a-f]{64}$/);
    expect((await loadPhotos(root, { badFiles: "skip" })).dataHash).toBe(dataHash);
    await rm(join(copy.root, "train/bees/x.gif"));
    expect(await hash()).toBe(dataHash);
    await writeFile(join(copy.root, "train/ants/1.png"), await wavyPng(11));
    expect(await hash()).not.toBe(dataHash);
    await cp(join(root, "train/ants/1.png"), join(copy.root, "train/ants/1.png"));
    expect(await hash()).toBe(dataHash);
    await cp(join(root, "train/ants/1.png"), join(copy.root, "train/ants/7.png"));
    expect(await hash()).not.toBe(dataHash);
    await copy.remove();
  });

  test("a file's hash is SHA-256 of its bytes", async () => {
    const bytes = await wavyPng(1);
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    expect(await hashFile(join(root, "train/ants/1.png"))).toEqual({ size: bytes.length, sha256 });
    await expect(hashFile(join(root, "none"))).rejects.toThrow(/none": expected a photo but it cannot be read/);
  });
});

describe("bad files", () => {
  const png = wavyPng(1);
  const broken = async (more: Record<string, Uint8Array | string> = {}) =>
    writeTree({
      ...TREE,
      "train/ants/cut.png": (await png).subarray(0, 900),
      "val/bees/text.jpg": "no photo",
      ...more,
    });

  test("are left out, named and counted once, with skip", async () => {
    const folder = await broken();
    const scanned: string[] = [];
    const onScan = (done: number, total: number) => scanned.push(`${done} of ${total}`);
    const data = await loadPhotos(folder.root, { preparation, badFiles: "skip", onScan });
    expect([data.train.length, data.test.length]).toEqual([4, 2]);
    expect(data.unreadable.map(({ name }) => name)).toEqual(["train/ants/cut.png", "val/bees/text.jpg"]);
    expect(data.notes?.[1]).toBe('Left out 2 files that cannot be read: "train/ants/cut.png" and "val/bees/text.jpg".');
    expect(scanned.at(-1)).toBe("8 of 8");
    let count = 0;
    for await (const { size } of batches(data.train, { batchSize: 3 })) count += size;
    expect(count).toBe(4);
    await folder.remove();
  });

  test("stop whoever asks for them, with fail", async () => {
    const folder = await broken();
    const { test: val } = await loadPhotos(folder.root, { preparation });
    await expect(batches(val, { batchSize: 9 }).next()).rejects.toThrow(
      /text\.jpg": expected a .* picture but it begins with/,
    );
    await folder.remove();
  });

  test("are an error where nothing is left of a class", async () => {
    const folder = await broken({ "train/wasps/1.jpg": "x", "val/wasps/1.jpg": "y" });
    const loading = loadPhotos(folder.root, { badFiles: "skip" });
    await expect(loading).rejects.toThrow(
      /photos of each class for training but none of "wasps" can be read, such as /,
    );
    await folder.remove();
  });
});

test("preparations keep the ratio of resize to crop, and only training photos change by chance", () => {
  const preprocessing = { crop: 224, resize: 256, interpolation: "bilinear" };
  expect(photoPreparations()).toMatchObject({
    train: { augmentation: "standard", preprocessing, orient: true },
    val: { augmentation: "none", preprocessing, orient: true },
  });
  const { train } = photoPreparations({ crop: 299, augmentation: "seed", orient: false });
  expect(train).toMatchObject({ augmentation: "seed", preprocessing: { resize: 342 }, orient: false });
  expect(photoPreparations({ crop: 224, resize: 232, interpolation: "bicubic" }).val.preprocessing).toMatchObject({
    ...{ resize: 232, interpolation: "bicubic" },
  });
});

test("photos are turned as their EXIF data says unless that is not wanted", async () => {
  const file = join(root, "turned.jpg"); // 11×7 pixels, to be turned clockwise
  const picture = golden.find(({ name }) => name === "JPEG with EXIF orientation");
  await writeFile(file, Buffer.from(picture?.file ?? "", "base64"));
  const side = 7;
  const sample = async (orient: boolean): Promise<Float32Array> => {
    const preparation = photoPreparations({ crop: side, resize: side, orient }).val;
    const dataset = photoDataset({ files: [file], labels: [0], classes: ["a", "b"], preparation });
    return (await dataset.sample(0, { epoch: 0, rng: rngFor(0, "augment") })).image;
  };
  const stored = await sample(false);
  const turned = stored.map((_, at) => {
    const [plane, y, x] = [at - (at % side ** 2), Math.floor(at / side) % side, at % side];
    return stored[plane + (side - 1 - x) * side + y] ?? Number.NaN;
  });
  expect(await sample(true)).toEqual(turned);
});

test("mapConcurrently keeps the order and ends with the first error", async () => {
  const items = Array.from({ length: 100 }, (_, index) => index);
  const later = (value: number) => new Promise<number>((resolve) => setImmediate(() => resolve(value * 2)));
  expect(await mapConcurrently(items, later)).toEqual(items.map((value) => value * 2));
  let begun = 0;
  const failing = async (value: number): Promise<number> => {
    begun++;
    if (value === 3) throw new Error("three");
    return later(value);
  };
  await expect(mapConcurrently(items, failing)).rejects.toThrow("three");
  expect(begun).toBeLessThan(20);
});
