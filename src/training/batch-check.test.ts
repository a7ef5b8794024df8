import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { bandData } from "../../tests/bands.ts";
import { findModel } from "../models/index.ts";
import { writeTree } from "../testing/photo-folders.ts";
import { checkBatches } from "./batch-check.ts";
import { configValues, resolveConfig } from "./config.ts";
import { train } from "./train.ts";

const config = (values: Record<string, unknown>) =>
  resolveConfig([{ from: "flag", values: { weights: "none", workers: 0, engine: "onnx", threads: 1, ...values } }]);

/** What the check says of a model for so many images of that shape. */
function check(values: Record<string, unknown>, { inputShape = [3, 32, 32], images = 8 } = {}): void {
  const settings = configValues(config(values));
  const network = findModel(settings.model).build({ classes: 2 });
  checkBatches(network, { config: settings, inputShape, images });
}

test("a batch of one small photo is refused before training where batch normalisation cannot have it", async () => {
  const { root, remove } = await writeTree({
    ...{ "train/a/1.png": 1, "train/a/2.png": 2, "train/b/3.png": 3, "train/b/4.png": 4 },
    ...{ "val/a/5.png": 5, "val/b/6.png": 6 },
  });
  try {
    const run = join(root, "run");
    const small = config({ data: root, model: "resnet18", size: 32, batchSize: 1, epochs: 1 });
    await expect(train(small, { run })).rejects.toMatchObject({
      name: "UserError",
      message:
        "batchSize: expected more than one value per channel in training, for batch normalisation, but a batch is one image of 32×32 pixels.",
      hint: "Give --batch-size 2 or more, or --bn frozen.",
    });
    expect(existsSync(run)).toBe(false);
  } finally {
    await remove();
  }
});

test.each([
  ["of two images", { batchSize: 2 }, {}],
  ["of one larger image", { batchSize: 1 }, { inputShape: [3, 64, 64] }],
  ["with frozen statistics", { batchSize: 1, batchNorm: "frozen" }, {}],
  ["with a frozen backbone", { batchSize: 1, freeze: "backbone" }, {}],
  ["of nine images in batches of four, whose last joins the one before", { batchSize: 4 }, { images: 9 }],
])("batches %s are taken", (_, values, facts) => {
  expect(() => check({ model: "resnet18", ...values }, facts)).not.toThrow();
});

test("a single image, and a backbone that is released later, are refused too", () => {
  expect(() => check({ model: "resnet18", batchSize: 4 }, { images: 1 })).toThrow(/but a batch is one image/);
  const released = { model: "resnet18", batchSize: 1, epochs: 3, freeze: "backbone", unfreezeAt: 3 };
  expect(() => check(released)).toThrow(/but a batch is one image/);
});

test("a network without batch normalisation takes batches of one image", async () => {
  const { root, remove } = await writeTree({});
  try {
    const summary = await train(config({ batchSize: 1, epochs: 1, maxSteps: 2 }), {
      run: join(root, "run"),
      data: bandData(),
    });
    expect(summary?.steps).toBe(2);
  } finally {
    await remove();
  }
});
