import { copyFile, mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { writeBandFolder } from "../../tests/bands.ts";
import { loadMnist } from "./mnist.ts";

const REAL = process.env.OCELLI_DATA;
const FILES = ["train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"].map(
  (part) => `${part}-ubyte.gz`,
);
const parent = await mkdtemp(join(tmpdir(), "ocelli-mnist-"));
afterAll(() => rm(parent, { recursive: true }));
let count = 0;
let cache = "";
beforeEach(() => {
  cache = join(parent, `cache-${count++}`);
  vi.stubEnv("OCELLI_CACHE", cache);
  vi.stubEnv("OCELLI_DATA", undefined);
});
afterEach(() => void vi.unstubAllEnvs());

const NOWHERE = ["http://127.0.0.1:9/"];

describe("files that are not there", () => {
  test("are not fetched offline; where they belong and come from is told", async () => {
    await expect(loadMnist({ offline: true })).rejects.toMatchObject({
      name: "UserError",
      message: `MNIST: expected its four files in "${join(cache, "mnist")}" but they are not there, and the network is not to be used.`,
      hint: expect.stringMatching(
        /^Fetch train-images-idx3-ubyte\.gz, .+ from https:\/\/.+ and put them in ".+\/mnist"; or use digits/,
      ),
    });
  });

  test("and cannot be fetched: the same hint", async () => {
    await expect(loadMnist({ name: "fashion-mnist", mirrors: NOWHERE })).rejects.toMatchObject({
      name: "UserError",
      message: expect.stringMatching(/^t10k-labels-idx1-ubyte\.gz: expected to download it but .*connection refused/),
      hint: expect.stringContaining(`put them in "${join(cache, "fashion-mnist")}"`),
    });
  });
});

test("unpacked files are taken as they are, also from where torchvision puts them", async () => {
  const folder = join(parent, "data");
  writeBandFolder(join(folder, "MNIST", "raw"));
  const { source, train } = await loadMnist({ folder, offline: true });
  expect(source).toBe(`MNIST in "${join(folder, "MNIST", "raw")}"`);
  expect(train.classes).toEqual([..."0123456789"]);
  vi.stubEnv("OCELLI_DATA", folder);
  expect((await loadMnist({ offline: true })).source).toBe(source);
});

describe.skipIf(!REAL)("with the real files", () => {
  const real = join(REAL ?? "", "mnist");

  test("60,000 and 10,000 images of ten classes", async () => {
    vi.stubEnv("OCELLI_DATA", REAL);
    const { train, test: set, source, dataHash } = await loadMnist({ offline: true });
    expect([train.length, set.length, train.classes.length]).toEqual([60_000, 10_000, 10]);
    expect(source).toBe(`MNIST in "${real}"`);
    expect(dataHash).toMatch(/^[0-9a-f]{64}$/);
    const labels = new Int32Array(5);
    await train.fillBatch?.(Uint32Array.of(0, 1, 2, 3, 4), { images: new Float32Array(5 * 784), labels });
    expect([...labels]).toEqual([5, 0, 4, 1, 9]); // the first digits of the training set, as everyone knows them
  });

  test("a wrong file is told, not used and not deleted; in the cache it is fetched anew", async () => {
    const folder = join(parent, "wrong");
    await mkdir(folder);
    for (const file of FILES) await copyFile(join(real, file), join(folder, file));
    await copyFile(join(real, FILES[3] ?? ""), join(folder, FILES[1] ?? ""));
    vi.stubEnv("OCELLI_DATA", folder);
    await expect(loadMnist({ mirrors: NOWHERE })).rejects.toMatchObject({
      name: "UserError",
      message: expect.stringMatching(
        /train-labels-idx1-ubyte\.gz": expected the file of MNIST with MD5 d53e105e\w+ but it has ec29112d\w+\.$/,
      ),
      hint: expect.stringContaining("Delete it to fetch it again"),
    });
    const asked: string[] = [];
    const server = createServer(async ({ url = "" }, response) => {
      asked.push(basename(url));
      response.end(await readFile(join(real, basename(url))));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const told = new Set<string>();
    const { source } = await loadMnist({
      folder,
      mirrors: [`http://127.0.0.1:${(server.address() as AddressInfo).port}/`],
      onProgress: ({ file }) => told.add(file),
    });
    await new Promise((resolve) => server.close(resolve));
    expect(source).toBe(`MNIST downloaded to "${folder}"`);
    expect([asked, [...told]]).toEqual([[FILES[1]], [FILES[1]]]);
    expect((await readdir(folder)).toSorted()).toEqual(FILES.toSorted());
    expect((await loadMnist({ folder, offline: true })).source).toBe(`MNIST in "${folder}"`);
  });
});
