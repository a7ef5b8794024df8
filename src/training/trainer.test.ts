import { afterEach, describe, expect, test } from "vitest";
import { float32Tensor } from "../checkpoint/index.ts";
import { type Dataset, tensorDataset } from "../data/index.ts";
import { batchNorm2d, flatten, linear, type Module, module, sequential } from "../nn/index.ts";
import { adam, sgd } from "../optim/optimizer.ts";
import type { Trainer, TrainerOptions } from "./network-trainer.ts";
import { openTrainer } from "./trainer.ts";

const open: Trainer[] = [];
afterEach(async () => {
  for (const trainer of open.splice(0)) await trainer.close();
});

/** Two logits of two pixels: [N, 1, 1, 2] → [N, 2]. */
const twoPixels = (): Module => sequential(flatten, linear(2, 2));

async function trainerOf(options: Partial<TrainerOptions> = {}, network = twoPixels()): Promise<Trainer> {
  const trainer = await openTrainer(network, { inputShape: [1, 1, 2], batchSize: 2, engine: "reference", ...options });
  open.push(trainer);
  return trainer;
}

const zeros = new Map([
  ["1.weight", float32Tensor([2, 2], [0, 0, 0, 0])],
  ["1.bias", float32Tensor([2], [0, 0])],
]);
const batch = (images: number[], labels: number[]) => ({
  images: Float32Array.from(images),
  labels: Int32Array.from(labels),
});
const values = async (trainer: Trainer, name: string) => [...((await trainer.weights()).get(name)?.data ?? [])];

test("weights that are only some of the network's leave the others fresh", async () => {
  const fresh = await trainerOf({ seed: 4 });
  const state = new Map([["1.bias", float32Tensor([2], [7, 8])]]);
  const trainer = await trainerOf({ seed: 4, weights: { state, from: "a file", partial: true } });
  expect(await values(trainer, "1.bias")).toEqual([7, 8]);
  expect(await values(trainer, "1.weight")).toEqual(await values(fresh, "1.weight"));
});

describe("a step", () => {
  // from zero weights softmax is ½ for both classes, so the gradient of the logits is (½ − [label])/N
  test("gives loss and right answers from before it, and changes the weights by SGD", async () => {
    const trainer = await trainerOf({ optimizer: sgd({ learningRate: 1 }) });
    await trainer.setWeights(zeros);
    const result = await trainer.train(batch([1, 2, 3, 5], [0, 1]));
    expect(result).toEqual({ step: 1, loss: expect.closeTo(Math.LN2, 6), correct: 1, size: 2, learningRate: 1 });
    expect(await values(trainer, "1.weight")).toEqual([-0.5, -0.75, 0.5, 0.75]);
    expect(await values(trainer, "1.bias")).toEqual([0, 0]);
    expect(trainer.step).toBe(1);
  });

  test("may have fewer images than a whole batch, and another rate", async () => {
    const trainer = await trainerOf({ optimizer: sgd({ learningRate: 1 }) });
    await trainer.setWeights(zeros);
    const result = await trainer.train(batch([1, 2], [1]), { learningRate: 0.5 });
    expect(result).toMatchObject({ size: 1, correct: 0, learningRate: 0.5 });
    expect(await values(trainer, "1.weight")).toEqual([-0.25, -0.5, 0.25, 0.5]);
  });

  test("asked for before the last one ended comes after it", async () => {
    const [waiting, hurried] = [await trainerOf(), await trainerOf()];
    const batches = [batch([1, 2, 3, 5], [0, 1]), batch([4, 1], [1]), batch([0, 1, 1, 0], [1, 1])];
    const one = [];
    for (const each of batches) one.push(await waiting.train(each));
    expect(await Promise.all(batches.map((each) => hurried.train(each)))).toEqual(one);
    expect(one.map(({ step }) => step)).toEqual([1, 2, 3]);
    expect(await hurried.weights()).toEqual(await waiting.weights());
  });

  test("leaves frozen parameters alone, which get no optimizer state", async () => {
    const trainer = await trainerOf({ isFrozen: (name) => name === "1.weight" });
    const before = await values(trainer, "1.weight");
    await trainer.train(batch([1, 2, 3, 5], [0, 1]));
    expect(await values(trainer, "1.weight")).toEqual(before);
    expect([...trainer.slotShapes]).toEqual([
      ["1.bias.exp_avg", [2]],
      ["1.bias.exp_avg_sq", [2]],
    ]);
    expect(trainer.parameters).toEqual(["1.weight", "1.bias"]);
  });
});

test("the first weights depend on the seed alone", async () => {
  const [one, same, other] = [await trainerOf({ seed: 5 }), await trainerOf({ seed: 5 }), await trainerOf({ seed: 6 })];
  expect(await one.weights()).toEqual(await same.weights());
  expect(await values(one, "1.weight")).not.toEqual(await values(other, "1.weight"));
});

test("training goes on from weights and optimizer state", async () => {
  const steps = [batch([1, 2, 3, 5], [0, 1]), batch([4, 1, 2, 2], [1, 0])] as const;
  const whole = await trainerOf({ optimizer: adam({ learningRate: 0.1 }) });
  await whole.train(steps[0]);
  const [weights, slots] = [await whole.weights(), await whole.optimizerSlots()];
  expect([...slots.keys()]).toEqual(["1.weight.exp_avg", "1.weight.exp_avg_sq", "1.bias.exp_avg", "1.bias.exp_avg_sq"]);
  const expected = await whole.train(steps[1]);
  const resumed = await trainerOf({ optimizer: adam({ learningRate: 0.1 }), seed: 9 });
  await resumed.setWeights(weights);
  await resumed.restore(slots, { step: 1 });
  const result = await resumed.train(steps[1]);
  expect(result).toEqual({ ...expected, loss: expect.closeTo(expected.loss, 6) });
  // the float64 engine keeps more digits than a state dict, which is float32
  expect(await values(resumed, "1.weight")).toBeAllclose((await values(whole, "1.weight")) as number[]);
});

describe("evaluation", () => {
  const images = Float32Array.of(1, 0, 0, 1, 2, 0, 0, 3, 1, 1);
  const five = (more: object = {}): Dataset =>
    tensorDataset({ images, labels: [0, 1, 1, 1, 0], shape: [1, 1, 2], classes: ["left", "right"], ...more });
  const identity = new Map([...zeros, ["1.weight", float32Tensor([2, 2], [1, 0, 0, 1])]]);

  test("answers every image in order, also in a last batch that is smaller", async () => {
    const trainer = await trainerOf();
    await trainer.setWeights(identity);
    const done: number[] = [];
    const { count, correct, accuracy, loss, logits, labels } = await trainer.evaluate(five(), {
      onProgress: (number) => done.push(number),
    });
    expect([...logits]).toEqual([...images]);
    expect([...labels]).toEqual([0, 1, 1, 1, 0]);
    expect([count, correct, accuracy]).toEqual([5, 4, 0.8]); // the third is wrong; a tie goes to the first class
    const losses = [
      Math.log1p(Math.exp(-1)),
      Math.log1p(Math.exp(-1)),
      Math.log1p(Math.exp(2)),
      Math.log1p(Math.exp(-3)),
      Math.LN2,
    ];
    expect(loss).toBeCloseTo(losses.reduce((a, b) => a + b) / 5, 12);
    expect(done).toEqual([2, 4, 5]);
  });

  test("changes nothing, and normalises with the running statistics", async () => {
    const network = module({ norm: batchNorm2d(1), out: linear(2, 2) }, (x, { norm, out }) => out(flatten(norm(x))));
    const trainer = await trainerOf({}, network);
    const before = await trainer.weights();
    await trainer.evaluate(five());
    expect(await trainer.weights()).toEqual(before);
    await trainer.train(batch([1, 2, 3, 5], [0, 1]));
    const after = await trainer.weights();
    expect(after.get("norm.running_mean")?.data).not.toEqual(before.get("norm.running_mean")?.data);
    expect(after.get("norm.num_batches_tracked")).toMatchObject({
      dtype: "int64",
      shape: [],
      data: BigInt64Array.of(1n),
    });
  });

  test.each(["reference", "onnx"])(
    "on the engine %s takes the weights of now, although they are constants of its Program",
    async (engine) => {
      const trainer = await trainerOf({ engine, batchSize: 1000, optimizer: sgd({ learningRate: 1 }) });
      await trainer.setWeights(zeros);
      // 4 multiply-accumulates for 6 parameters: constants pay from 9000 images on
      const many = tensorDataset({
        images: Float32Array.from({ length: 20_000 }, (_, index) => images[index % 10] ?? 0),
        labels: Array(10_000).fill(0),
        shape: [1, 1, 2],
        classes: ["left", "right"],
      });
      expect((await trainer.evaluate(many)).logits).toEqual(new Float32Array(20_000));
      await trainer.train(batch([1, 2, 3, 5], [0, 1]));
      const { logits } = await trainer.evaluate(many); // weights [-0.5, -0.75; 0.5, 0.75], see above
      expect([...logits.slice(0, 2)]).toEqual([...(await trainer.logits(images.slice(0, 2)))]);
      const [first = 0, second = 0] = images;
      expect(logits[0]).toBeCloseTo(-0.5 * first - 0.75 * second, 6);
    },
  );

  test.each(["reference", "onnx"])("of a trainer for evaluation alone on the engine %s", async (engine) => {
    const weights = { state: zeros, from: "zeros" };
    const trainer = await trainerOf({ engine, evaluationOnly: true, weights });
    expect((await trainer.evaluate(five())).logits).toEqual(new Float32Array(10));
    await trainer.setWeights(identity);
    expect((await trainer.evaluate(five())).logits).toEqual(images);
    const [write, logits] = [trainer.setWeights(zeros), trainer.logits(images.slice(0, 2))];
    expect(await logits).toEqual(new Float32Array(2));
    await write;
  });

  test("of images of another shape is refused", async () => {
    const square = five({ images: new Float32Array(20), shape: [1, 2, 2] });
    await expect((await trainerOf()).evaluate(square)).rejects.toMatchObject({
      name: "UserError",
      message: "data set: expected images of shape [1, 1, 2], which the network takes, but they are [1, 2, 2].",
    });
  });
});

test("weights that do not fit are all told at once, and change nothing", async () => {
  const trainer = await trainerOf();
  const before = await trainer.weights();
  const wrong = new Map([
    ["1.weight", float32Tensor([3, 2], new Float32Array(6))],
    ["1.bais", float32Tensor([2], [1, 1])],
  ]);
  await expect(trainer.setWeights(wrong, "net.pth")).rejects.toThrow(
    '"net.pth": expected the weights of this network but they do not fit: wrong shapes: "1.weight" is [3, 2] and not [2, 2]; ' +
      'missing: "1.bias"; unexpected: "1.bais" (for "1.bias"?).',
  );
  expect(await trainer.weights()).toEqual(before);
});

test("an unknown engine is refused with the nearest name", async () => {
  await expect(openTrainer(twoPixels(), { inputShape: [1, 1, 2], engine: "referenc" })).rejects.toMatchObject({
    message: 'engine: expected one of auto, onnx, onednn, reference but got "referenc".',
    hint: 'Did you mean "reference"?',
  });
});
