import { expect, test } from "vitest";
import { float32Tensor } from "../checkpoint/index.ts";
import { encodePng } from "../image/index.ts";
import { mnistCnn } from "../models/index.ts";
import { flatten, linear, sequential } from "../nn/index.ts";
import type { LoadedModel } from "./load-model.ts";
import { predict, readInput, toInput } from "./predict.ts";
import { openTrainer } from "./trainer.ts";

const model = (more: Partial<LoadedModel> = {}): LoadedModel => ({
  ...{ file: "net.pth", name: "mnist-cnn", network: mnistCnn(), weights: new Map(), rawPixels: false },
  ...{ classes: ["a", "b"], inputShape: [1, 2, 3], ...more },
});
const grey = { width: 3, height: 2, channels: 1, data: Uint8Array.of(0, 51, 102, 153, 204, 255) } as const;

test("a picture becomes floats in 0..1, or 0..255 for a model that takes those", () => {
  expect(toInput(grey, model(), "x")).toBeAllclose([0, 0.2, 0.4, 0.6, 0.8, 1], { rtol: 1e-7 });
  expect([...toInput(grey, model({ rawPixels: true }), "x")]).toEqual([...grey.data]);
});

test("channels come one after the other", () => {
  const colour = { width: 1, height: 2, channels: 3, data: Uint8Array.of(1, 2, 3, 4, 5, 6) } as const;
  const input = toInput(colour, model({ inputShape: [3, 2, 1], rawPixels: true }), "x");
  expect([...input]).toEqual([1, 4, 2, 5, 3, 6]);
});

test("a picture is read from its bytes; one of another size is refused", async () => {
  const png = await encodePng(grey);
  expect([...(await readInput(png, model({ rawPixels: true }), "x.png"))]).toEqual([...grey.data]);
  await expect(readInput(png, model({ inputShape: [1, 28, 28] }), "x.png")).rejects.toMatchObject({
    name: "UserError",
    message: '"x.png": expected a picture of 28×28 pixels, which mnist-cnn takes, but it has 3×2.',
    hint: "Resize the picture.",
  });
});

test("the most probable classes come first, with the logits' softmax", async () => {
  const network = sequential(flatten, linear(1, 3));
  const trainer = await openTrainer(network, { inputShape: [1, 1, 1], batchSize: 4, engine: "reference" });
  await trainer.setWeights(
    new Map([
      ["1.weight", float32Tensor([3, 1], [0, 0, 0])],
      ["1.bias", float32Tensor([3], [Math.log(0.2), Math.log(0.7), Math.log(0.1)])],
    ]),
  );
  const options = { input: Float32Array.of(1), classes: ["a", "b", "c"] };
  const { top, logits } = await predict(trainer, { ...options, k: 2 });
  expect(top).toEqual([
    { class: "b", index: 1, probability: expect.closeTo(0.7, 6) },
    { class: "a", index: 0, probability: expect.closeTo(0.2, 6) },
  ]);
  expect(logits).toBeAllclose([Math.log(0.2), Math.log(0.7), Math.log(0.1)]);
  expect((await predict(trainer, options)).top).toHaveLength(3);
  await trainer.close();
});
