import { expect, test } from "vitest";
import { float32Tensor } from "../checkpoint/index.ts";
import { findModel, mnistCnn } from "../models/index.ts";
import { stateShapesOf } from "../nn/index.ts";
import { classesFor, lackingAuxiliary, modelsOf, optionsFor, otherModelHint } from "./file-weights.ts";
import { openTrainer } from "./trainer.ts";

const inception = findModel("inception_v3");

test("one rule for inception_v3's input: what the file says, else torchvision's for trained weights, else what is asked", () => {
  expect(optionsFor(inception, new Map())).toEqual({
    options: { transformInput: true },
    note: "inception_v3: transform_input is on, as torchvision's trained weights, for the file does not say; --transform-input no changes that",
  });
  const off = new Map([["model_options", new Map([["transform_input", false]])]]);
  expect(optionsFor(inception, off).options).toEqual({});
  expect(optionsFor(inception, new Map([["model_options", '{"transform_input":true}']])).options).toEqual({
    transformInput: true,
  });
  expect(optionsFor(inception, off, { transformInput: "yes" }).options).toEqual({ transformInput: true });
  expect(optionsFor(inception, new Map(), { transformInput: "no" }).options).toEqual({});
  expect(() => optionsFor(findModel("resnet18"), new Map(), { transformInput: "yes" })).toThrow(
    "transformInput: expected auto, as resnet18 has no such option",
  );
});

test("inception_v3 without its auxiliary classifier is noticed", () => {
  const network = inception.build({ classes: 2 });
  const zeros = [...stateShapesOf(network)].map(
    ([name, shape]) => [name, { dtype: "float32", shape, data: new Float32Array() }] as const,
  );
  const whole = { state: new Map(zeros), foreign: new Map(), notes: [] };
  expect(lackingAuxiliary(inception, whole, network)).toBe(false);
  const bare = { ...whole, state: new Map(zeros.filter(([name]) => !name.startsWith("AuxLogits."))) };
  expect(lackingAuxiliary(inception, bare, network)).toBe(true);
});

test("classes of the file are used if there are as many as outputs", () => {
  const entries = new Map([
    [
      "class_to_idx",
      new Map([
        ["b", 1],
        ["a", 0],
      ]),
    ],
  ]);
  expect(classesFor(entries, 2).classes).toEqual(["a", "b"]);
  expect(classesFor(entries, 3)).toEqual({
    classes: ["0", "1", "2"],
    note: '"class_to_idx" in the file names 2 classes, not 3: they are called by number',
  });
  expect(classesFor(new Map([["classes", ["crane", "crane"]]]), 2).classes).toEqual(["crane", "crane (1)"]);
});

test("weights are told by their tensors", () => {
  const shapes = [...stateShapesOf(mnistCnn({ classes: 7 }))];
  const tensors = new Map(
    shapes.map(([name, shape]) => [`net.${name}`, { dtype: "float32", shape, data: new Float32Array() } as const]),
  );
  const candidates = [{ path: "", tensors, foreign: new Map() }];
  expect(modelsOf(candidates)).toEqual(["mnist-cnn"]);
  expect(otherModelHint({ name: "resnet18" }, { candidates, entries: new Map() })).toBe(
    "Its tensors are those of mnist-cnn: add --model mnist-cnn.",
  );
});

test("a training step on images that hold NaN names the image", async () => {
  const trainer = await openTrainer(mnistCnn({ classes: 2 }), {
    inputShape: [1, 28, 28],
    batchSize: 2,
    engine: "reference",
  });
  const images = new Float32Array(2 * 784);
  images[784 + 5] = Number.NaN;
  await expect(trainer.train({ images, labels: Int32Array.of(0, 1) })).rejects.toThrow(
    "step 1: expected images of finite numbers but image 1 of the batch holds NaN, so the loss is NaN.",
  );
  const weights = new Map([...(await trainer.weights())].map(([name, tensor]) => [name, tensor]));
  weights.set("out.bias", float32Tensor([2], [Number.POSITIVE_INFINITY, 0]));
  await expect(trainer.setWeights(weights, "last.pth")).rejects.toThrow(/^"last\.pth": expected finite weights but/);
  await trainer.close();
});
