import { spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Batch } from "./batch.ts";
import { type Dataset, pixelDataset, tensorDataset } from "./dataset.ts";
import { type BatchOptions, batchCount, batches } from "./loader.ts";
import { openWorkerPool } from "./worker-pool.ts";

const SAMPLES = 23;
/** Image i holds the bytes 2i and 2i+1; its label is i modulo 5. */
const bytes = pixelDataset({
  images: Uint8Array.from({ length: 2 * SAMPLES }, (_, i) => i),
  labels: Uint8Array.from({ length: SAMPLES }, (_, i) => i % 5),
  shape: [1, 1, 2],
  classes: [..."abcde"],
  rawPixels: true,
});

/** A module with data sets for workers: one with random samples, and several that fail. */
const MODULE = `
import { pbkdf2Sync } from "node:crypto";
const base = { length: 23, classes: ["a", "b"], shape: [1, 1, 3] };
export const random = () => ({ ...base, sample: async (index, { epoch, rng }) =>
  ({ image: Float32Array.of(index, epoch, rng.uniform()), label: index % 2 }) });
export const mislabelled = () => ({ ...base, sample: (index) => ({ image: new Float32Array(3), label: index - 20 }) });
export const broken = () => ({ ...base, sample: (index) => { throw new TypeError("no sample " + index); } });
export const dying = () => ({ ...base, sample: () => process.exit(3) });
export const notAFunction = 1;
export const counting = (counter) => ({ length: 9, classes: ["a"], shape: [1, 1, 1], sample: (index) => {
  Atomics.add(counter, 0, 1);
  Atomics.notify(counter, 0);
  if (index === 3) pbkdf2Sync("", "", 200_000, 64, "sha512"); // what a thread cannot be ended in the middle of
  return { image: new Float32Array(1), label: 0 };
} });
`;
let folder = "";
let module = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ocelli-loader-"));
  module = join(folder, "datasets.mjs");
  await writeFile(module, MODULE);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** The data set that `name` of the module makes, here and in workers. */
async function moduleDataset(name: string): Promise<Dataset> {
  const url = pathToFileURL(module).href;
  const build = (await import(url))[name];
  const dataset = typeof build === "function" ? build() : { length: 1, classes: ["a"], shape: [1, 1, 1] };
  return { ...dataset, remote: { module: url, export: name, options: undefined } };
}

async function collect(dataset: Dataset, options: BatchOptions): Promise<Batch[]> {
  const all: Batch[] = [];
  for await (const batch of batches(dataset, options)) all.push(batch);
  return all;
}

const indicesOf = (all: Batch[]): number[][] => all.map(({ indices }) => [...indices]);

describe("order", () => {
  test("is that of the data set unless shuffled; the ragged last batch is kept", async () => {
    const all = await collect(bytes, { batchSize: 10 });
    expect(all.map(({ size }) => size)).toEqual([10, 10, 3]);
    expect(indicesOf(all).flat()).toEqual([...Array(SAMPLES).keys()]);
    expect([...(all[2]?.images ?? [])]).toEqual([40, 41, 42, 43, 44, 45]);
    expect([...(all[2]?.labels ?? [])]).toEqual([0, 1, 2]);
  });

  test("depends on seed and epoch alone, and is a permutation", async () => {
    const order = async (seed: number, epoch: number) =>
      indicesOf(await collect(bytes, { batchSize: 4, shuffle: true, seed, epoch })).flat();
    const first = await order(1, 0);
    expect(await order(1, 0)).toEqual(first);
    expect(await order(1, 1)).not.toEqual(first);
    expect(await order(2, 0)).not.toEqual(first);
    expect(first.toSorted((a, b) => a - b)).toEqual([...Array(SAMPLES).keys()]);
  });

  test.each([
    [{ batchSize: 11 }, [11, 11, 1]],
    [{ batchSize: 11, mergeSingle: true }, [11, 12]],
    [{ batchSize: 22, mergeSingle: true }, [23]],
    [{ batchSize: 23, mergeSingle: true }, [23]],
    [{ batchSize: 1, mergeSingle: true }, new Array(SAMPLES).fill(1)],
    [{ batchSize: 7, mergeSingle: true }, [7, 7, 7, 2]],
    [{ batchSize: 11, mergeSingle: true, dropLast: true }, [11, 11]],
    [{ batchSize: 11, mergeSingle: true, startBatch: 1 }, [12]],
  ])("%j gives batches of %j", async (options, sizes) => {
    const all = await collect(bytes, options);
    expect(all.map(({ size }) => size)).toEqual(sizes);
    expect(batchCount(SAMPLES, options)).toBe(sizes.length + ("startBatch" in options ? 1 : 0));
  });

  test("goes on in the middle of an epoch", async () => {
    const options = { batchSize: 4, shuffle: true, seed: 3, epoch: 2 };
    const whole = await collect(await moduleDataset("random"), options);
    const rest = await collect(await moduleDataset("random"), { ...options, startBatch: 4 });
    expect(rest).toEqual(whole.slice(4));
    expect(await collect(bytes, { ...options, startBatch: 6 })).toEqual([]);
  });

  test.each([
    [10, false, 3],
    [10, true, 2],
    [23, true, 1],
    [24, true, 0],
    [24, false, 1],
    [1, false, 23],
  ])("batches of %i, dropLast %s: %i batches", async (batchSize, dropLast, count) => {
    expect(batchCount(SAMPLES, { batchSize, dropLast })).toBe(count);
    expect(await collect(bytes, { batchSize, dropLast })).toHaveLength(count);
  });
});

test("each batch owns whole buffers", async () => {
  const all = await collect(bytes, { batchSize: 10, shuffle: true });
  const buffers = all.flatMap(({ images, labels, indices }) => [images, labels, indices]);
  expect(new Set(buffers.map(({ buffer }) => buffer)).size).toBe(buffers.length);
  for (const view of buffers) expect(view.byteLength).toBe(view.buffer.byteLength);
});

/** Counts the samples that were asked for. */
function counted(): { dataset: Dataset; asked: () => number } {
  let asked = 0;
  const dataset = tensorDataset({
    images: new Float32Array(100),
    labels: new Uint8Array(100),
    shape: [1, 1, 1],
    classes: ["a"],
    transform: (image) => {
      asked++;
      return image;
    },
  });
  return { dataset, asked: () => asked };
}

/** Lets everything that is under way in this thread run out. */
async function turns(): Promise<void> {
  for (let i = 0; i < 200; i++) await new Promise((resolve) => setImmediate(resolve));
}

test.each([
  [0, 10],
  [1, 20],
  [3, 40],
])(
  "with prefetch %i, %i samples of 10 a batch are made while the caller works on the first",
  async (prefetch, made) => {
    const { dataset, asked } = counted();
    const loop = batches(dataset, { batchSize: 10, prefetch });
    expect(asked()).toBe(0);
    await loop.next();
    await turns();
    expect(asked()).toBe(made);
    await loop.return();
    await turns();
    expect(asked()).toBe(made);
  },
);

test.each(["random", "bytes"])("%s: the same batches from 0, 1 and 3 workers, and from a shared pool", async (name) => {
  const dataset = name === "bytes" ? bytes : await moduleDataset(name);
  const options = { batchSize: 4, shuffle: true, seed: 5, epoch: 1 };
  const expected = await collect(dataset, options);
  for (const workers of [1, 3]) expect(await collect(dataset, { ...options, workers })).toEqual(expected);
  const pool = openWorkerPool(2);
  const [first, second] = await Promise.all([
    collect(dataset, { ...options, workers: pool }),
    collect(bytes, { batchSize: 9, workers: pool }),
  ]);
  const third = await collect(dataset, { ...options, workers: pool, prefetch: 0 });
  await pool.close();
  expect(first).toEqual(expected);
  expect(third).toEqual(expected);
  expect(second).toEqual(await collect(bytes, { batchSize: 9 }));
});

test("a data set without remote is served here whatever the number of workers", async () => {
  const { dataset, asked } = counted();
  expect(await collect(dataset, { batchSize: 30, workers: 2 })).toHaveLength(4);
  expect(asked()).toBe(100);
});

describe("errors", () => {
  test.each([0, 2])("of a sample arrive with their hint when its batch is due (%i workers)", async (workers) => {
    const loop = batches(await moduleDataset("mislabelled"), { batchSize: 2, startBatch: 10, workers });
    expect((await loop.next()).value?.size).toBe(2);
    const wrong = loop.next();
    await expect(wrong).rejects.toMatchObject({ name: "UserError", hint: expect.stringMatching(/Correct the label/) });
    await expect(wrong).rejects.toThrow("expected labels in 0..1 but the label of sample 22 is 2");
    expect(await loop.next()).toEqual({ value: undefined, done: true });
  });

  test.each([
    ["broken", /no sample \d/],
    ["notAFunction", /does not export a function "notAFunction"/],
    ["dying", /ended with exit code 3/],
  ])("of a worker (%s) end the loop", async (name, message) => {
    const dataset = name === "dying" ? { ...bytes, ...(await moduleDataset("dying")) } : await moduleDataset(name);
    await expect(collect(dataset, { batchSize: 4, workers: 2 })).rejects.toThrow(message);
  });

  test("a module that is not there ends the loop", async () => {
    const remote = { module: pathToFileURL(join(folder, "none.mjs")).href, export: "x", options: undefined };
    const missing: Dataset = { ...bytes, remote };
    await expect(collect(missing, { batchSize: 4, workers: 1 })).rejects.toThrow(/none\.mjs/);
  });

  test("of a data set that was prepared come with its first batch", async () => {
    const pool = openWorkerPool(2);
    const [fine, wrong] = [await moduleDataset("random"), await moduleDataset("notAFunction")];
    for (const { remote } of [fine, wrong]) if (remote) pool.prepare(remote);
    await expect(collect(wrong, { batchSize: 4, workers: pool })).rejects.toThrow(/"notAFunction"/);
    expect(await collect(fine, { batchSize: 4, workers: pool })).toEqual(await collect(fine, { batchSize: 4 }));
    await pool.close();
  });

  test("a closed pool refuses", async () => {
    const pool = openWorkerPool(1);
    await pool.close();
    await expect(collect(bytes, { batchSize: 4, workers: pool })).rejects.toThrow("The data workers were closed.");
  });
});

test.each([
  [{ batchSize: 0 }, "expected batchSize to be a whole number of at least 1 but it is 0"],
  [{ batchSize: -1 }, "it is -1"],
  [{ batchSize: 2.5 }, "it is 2.5"],
  [{ batchSize: Number.NaN }, "it is NaN"],
  [{ batchSize: 1, workers: -1 }, "expected workers to be a whole number of at least 0 but it is -1"],
  [{ batchSize: 1, prefetch: -1 }, "expected prefetch"],
  [{ batchSize: 1, epoch: -1 }, "expected epoch"],
  [{ batchSize: 1, startBatch: 0.5 }, "expected startBatch"],
])("%j is refused at once", (options, message) => {
  expect(() => batches(bytes, options)).toThrow(message);
});

test("an empty data set is refused at once", () => {
  const empty = pixelDataset({ images: new Uint8Array(), labels: new Uint8Array(), shape: [1, 1, 2], classes: ["a"] });
  expect(() => batches(empty, { batchSize: 1 })).toThrow("expected at least one sample but it is empty");
});

/** Runs a script beside this file in a process of its own and returns what it prints; it must end by itself. */
function runScript(code: string): string {
  const args = ["--import", "tsx", "--input-type=module", "--eval", code];
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { encoding: "utf8", timeout: 280_000 });
  expect(stderr).toBe("");
  expect(status).toBe(0);
  return stdout.trim();
}

const here = (name: string): string => JSON.stringify(new URL(name, import.meta.url).href);
const SCRIPT = `
  import { pixelDataset } from ${here("dataset.ts")};
  import { batches } from ${here("loader.ts")};
  import { openWorkerPool } from ${here("worker-pool.ts")};
  const bytes = pixelDataset({ images: new Uint8Array(90), labels: new Uint8Array(90), shape: [1, 1, 1], classes: ["a"] });
  const first = async (workers) => { for await (const { size } of batches(bytes, { batchSize: 7, workers })) return size; };
`;

test("leaving the loop ends its threads", () => {
  const code = `${SCRIPT}
    const { setImmediate: turn } = await import("node:timers/promises");
    const ended = [];
    process.on("worker", (worker) => worker.on("exit", () => ended.push(worker)));
    await first(2);
    await turn();
    console.log(ended.length);`;
  expect(runScript(code)).toBe("2");
});

test("leaving the loop early, or forgetting a pool, does not keep the process alive", () => {
  expect(runScript(`${SCRIPT} console.log(await first(0), await first(2), await first(openWorkerPool(2)));`)).toBe(
    "7 7 7",
  );
});

// the answer for sample 2 is on its way when the pool is closed, and the thread is busy with sample 3
test("whoever waits for a pool to close hears of it, also if answers come meanwhile", () => {
  const code = `${SCRIPT}
    const counter = new Int32Array(new SharedArrayBuffer(4));
    const remote = { module: ${JSON.stringify(pathToFileURL(module).href)}, export: "counting", options: counter };
    const pool = openWorkerPool(1);
    const make = (index) => pool.make(remote, { indices: Uint32Array.of(index), seed: 0, epoch: 0 });
    await Promise.all([make(0), make(1)]);
    const failures = [2, 3].map((index) => make(index).catch((error) => error.message));
    while (Atomics.load(counter, 0) < 4) Atomics.wait(counter, 0, Atomics.load(counter, 0));
    await pool.close();
    console.log(await Promise.all(failures));`;
  expect(runScript(code)).toBe("[ 'The data workers were closed.', 'The data workers were closed.' ]");
});
