import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { transferLearning, vgg19WithOwnHead } from "../../examples/transfer-learning.ts";
import { parameterCount, readWeights, stateShapesOf } from "../../src/index.ts";
import { writeTree } from "../../src/testing/photo-folders.ts";

let root: string;
let remove: () => Promise<void>;
beforeAll(async () => {
  ({ root, remove } = await writeTree({
    ...{ "train/ants/1.png": 1, "train/ants/2.png": 2, "train/ants/3.png": 3 },
    ...{ "train/bees/4.png": 4, "train/bees/5.png": 5, "val/ants/6.png": 6, "val/bees/7.png": 7, "val/bees/8.png": 8 },
  }));
});
afterAll(() => remove());

test("examples/transfer-learning.ts trains the head, then all layers, and tells it as the seed does", async () => {
  const lines: string[] = [];
  const log = vi.spyOn(console, "log").mockImplementation((line: string) => void lines.push(line));
  const settings = { weights: "none", size: 32, batchSize: 2, numEpochs: 2, learningRate: 0.001 };
  const out = join(root, "out");
  const result = await transferLearning({ ...settings, dataDir: root, modelName: "squeezenet1_1", out });
  log.mockRestore();

  expect(result.bestAcc).toBeGreaterThanOrEqual(result.headAcc);
  expect(["ants", "bees"]).toContain(result.predicted);
  const stage = [
    ...["----------Epoch 0/1----------", expect.stringMatching(/^train Loss: \d\.\d{4} Acc: [01]\.\d{4}$/)],
    ...[expect.stringMatching(/^val Loss: \d\.\d{4} Acc: [01]\.\d{4}$/), "----------Epoch 1/1----------"],
    ...[expect.stringMatching(/^train Loss: /), expect.stringMatching(/^val Loss: /)],
    ...[expect.stringMatching(/^Training complete in 0m \d+s$/), expect.stringMatching(/^Best val Acc: [01]\.\d{6}$/)],
  ];
  const told = lines.map((line) => line.replace(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d /, ""));
  const found = "train: 5, val: 3; classes: ants, bees";
  expect(told).toEqual([found, ...stage, ...stage, `val/ants/6.png: ${result.predicted}`]);
  expect(readFileSync(join(out, "log.txt"), "utf8")).toBe(`${lines.join("\n")}\n`);
  expect(readdirSync(out).toSorted()).toEqual(["batch.png", "checkpoint.pth", "log.txt", "predictions.png"]);

  // the checkpoint is of the end of the first stage: only the head has a momentum
  const { entries } = await readWeights(join(out, "checkpoint.pth"));
  const { state } = Object.fromEntries(entries.get("optimizer") as Map<string, Map<number, unknown>>);
  expect(entries.get("best_acc")).toBe(result.headAcc);
  expect(state?.size).toBe(2);
});

test("the head of one's own on VGG-19 has the layers of the seed's", () => {
  const network = vgg19WithOwnHead();
  const shapes = [...stateShapesOf(network)].filter(([name]) => name.startsWith("classifier."));
  expect(Object.fromEntries(shapes)).toEqual({
    ...{ "classifier.fc1.weight": [4096, 25088], "classifier.fc1.bias": [4096] },
    ...{ "classifier.fc2.weight": [102, 4096], "classifier.fc2.bias": [102] },
  });
  // torchvision's vgg19().features has 20,024,384
  expect(parameterCount(network)).toBe(20_024_384 + 25_088 * 4096 + 4096 + 4096 * 102 + 102);
});
