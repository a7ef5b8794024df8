import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { writeTree } from "../../testing/photo-folders.ts";
import { benchCommand } from "./bench.ts";

let root = "";
let remove = async (): Promise<void> => {};
beforeAll(async () => {
  const train = { "train/ants/1.png": 1, "train/bees/2.png": 2, "train/bees/3.png": 3 };
  ({ root, remove } = await writeTree({ ...train, "val/ants/3.png": 4, "val/bees/4.png": 5 }));
});
afterAll(() => remove());
afterEach(() => vi.restoreAllMocks());

test.each(["0", "1"])("data loading of photos is measured over epochs, with %s workers", async (workers) => {
  let out = "";
  vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    out += String(text);
    return true;
  });
  const size = ["--steps", "5", "--batch-size", "2", "--workers", workers];
  await benchCommand.parseAsync(["--job", "data", "--data", root, "--augment", "seed", "--json", ...size], {
    from: "user",
  });
  vi.restoreAllMocks();
  const result = JSON.parse(out);
  expect(result).toMatchObject({ job: "data", engine: "none", batchSize: 2, steps: 5, compileMs: 0 });
  expect(result.imagesPerSecond).toBeGreaterThan(0);
});
