/** Several batches as one step, and counts of steps, against values of PyTorch. */
import { expect, test } from "vitest";
import golden from "../../tools/golden/weighted-steps.json" with { type: "json" };
import { float32Tensor } from "../checkpoint/index.ts";
import { tensorDataset } from "../data/index.ts";
import { findModel } from "../models/index.ts";
import { flatten, linear, sequential } from "../nn/index.ts";
import { adam, sgd } from "../optim/optimizer.ts";
import { configValues, resolveConfig } from "./config.ts";
import { lossOf, lossWeightOf } from "./objective.ts";
import { sinceOf } from "./stages.ts";
import { openTrainer } from "./trainer.ts";

const { images, labels, others, weight, bias, cases } = golden;
const train = {
  ...tensorDataset({
    images: new Float32Array(32),
    labels: golden.counted,
    shape: [1, 1, 2],
    classes: ["a", "b", "c"],
  }),
  labels: Int32Array.from(golden.counted),
};

test.each(cases)(
  "two batches of 8 are one of 16 for PyTorch: $name",
  async ({ smoothing, shares, parts, expected }) => {
    const config = configValues(
      resolveConfig([{ from: "flag", values: { classWeights: "balanced", labelSmoothing: smoothing } }]),
    );
    const trainer = await openTrainer(sequential(flatten, linear(2, 3)), {
      ...{ inputShape: [1, 1, 2], batchSize: 8, engine: "reference", optimizer: sgd({ learningRate: 0.5 }) },
      ...{ loss: lossOf(config, train), lossWeight: lossWeightOf(config, train) },
    });
    await trainer.setWeights(
      new Map([
        ["1.weight", float32Tensor([3, 2], weight)],
        ["1.bias", float32Tensor([3], bias)],
      ]),
    );
    const batches = parts.map(([from = 0, to = 0], index) => {
      const part = {
        images: Float32Array.from(images.slice(2 * from, 2 * to)),
        labels: Int32Array.from(labels.slice(from, to)),
      };
      const share = shares?.[index];
      return share === undefined ? part : { ...part, share, otherLabels: Int32Array.from(others.slice(from, to)) };
    });
    const { loss } = await trainer.train(batches);
    const weights = await trainer.weights();
    expect([...(weights.get("1.bias")?.data ?? [])]).toBeAllclose(expected.bias);
    expect([...(weights.get("1.weight")?.data ?? [])]).toBeAllclose(expected.weight);
    expect(loss).toBeCloseTo(expected.loss, 6);
    await trainer.close();
  },
);

test("Adam counts from the step at which a layer was last unfrozen", async () => {
  const model = findModel("squeezenet1_1");
  const since = sinceOf(model, [
    { freeze: "none", step: 0 },
    { freeze: "backbone", step: 10 },
    { freeze: "none", step: 25 },
  ]);
  expect([since("features.0.weight"), since("classifier.1.weight")]).toEqual([25, 0]);
  const frozen = sinceOf(model, [{ freeze: "backbone", step: 4 }]);
  expect([frozen("features.0.weight"), frozen("classifier.1.weight")]).toEqual([Infinity, 4]);
});

test("Adam's first step after a layer is unfrozen again is one of the whole rate", async () => {
  const trainer = await openTrainer(sequential(flatten, linear(2, 3)), {
    ...{ inputShape: [1, 1, 2], batchSize: 8, engine: "reference", optimizer: adam({ learningRate: 0.25 }) },
  });
  const batch = { images: Float32Array.from(images.slice(0, 16)), labels: Int32Array.from(labels.slice(0, 8)) };
  const weightsNow = async () => [...((await trainer.weights()).get("1.weight")?.data ?? [])].map(Number);
  await trainer.train(batch);
  await trainer.retrain({ isFrozen: (name) => name === "1.weight" });
  await trainer.train(batch);
  await trainer.retrain({});
  const before = await weightsNow();
  await trainer.train(batch);
  const moved = (await weightsNow()).map((value, index) => Math.abs(value - (before[index] ?? 0)));
  expect(moved).toBeAllclose(Array(6).fill(0.25), { rtol: 1e-4 }); // lr·g/(|g| + 1e-8), whatever the gradient
  await trainer.close();
});
