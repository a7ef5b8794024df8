import { expect, test } from "vitest";
import { float32Tensor } from "../checkpoint/index.ts";
import { UserError } from "../errors.ts";
import { encodePng } from "../image/index.ts";
import { evaluationInput, IMAGENET_PREPROCESSING } from "../image/recipes.ts";
import { mnistCnn } from "../models/index.ts";
import { flatten, globalAveragePool, linear, sequential } from "../nn/index.ts";
import type { LoadedModel } from "./load-model.ts";
import { type PictureAnswer, type PictureSource, predict, predictPictures, readInput, toInput } from "./predict.ts";
import type { PhotoInput, PixelInput } from "./preprocessing.ts";
import { openTrainer } from "./trainer.ts";

const model = (rawPixels = false, inputShape: PixelInput["inputShape"] = [1, 2, 3]): LoadedModel => ({
  options: {},
  ...{ file: "net.pth", name: "mnist-cnn", network: mnistCnn(), weights: new Map(), classes: ["a", "b"] },
  ...{ inputShape, input: { kind: "pixels", inputShape, rawPixels } },
});
const grey = { width: 3, height: 2, channels: 1, data: Uint8Array.of(0, 51, 102, 153, 204, 255) } as const;

test("a picture becomes floats in 0..1, or 0..255 for a model that takes those", () => {
  expect(toInput(grey, model(), "x")).toBeAllclose([0, 0.2, 0.4, 0.6, 0.8, 1], { rtol: 1e-7 });
  expect([...toInput(grey, model(true), "x")]).toEqual([...grey.data]);
});

test("channels come one after the other", () => {
  const colour = { width: 1, height: 2, channels: 3, data: Uint8Array.of(1, 2, 3, 4, 5, 6) } as const;
  const input = toInput(colour, model(true, [3, 2, 1]), "x");
  expect([...input]).toEqual([1, 4, 2, 5, 3, 6]);
});

test("a picture is read from its bytes; one of another size is refused", async () => {
  const png = await encodePng(grey);
  expect([...(await readInput(png, model(true), "x.png"))]).toEqual([...grey.data]);
  await expect(readInput(png, model(false, [1, 28, 28]), "x.png")).rejects.toMatchObject({
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

const photos: PhotoInput = { kind: "photos", ...IMAGENET_PREPROCESSING, resize: 20, crop: 16, exif: true };

/** A colourful picture. */
const picture = (shade: number, width = 30) => ({
  ...{ width, height: 24, channels: 3 as const },
  data: new Uint8Array(width * 24 * 3).map((_, at) => (shade + at) % 256),
});

test("a photo of any size is prepared as in validation", async () => {
  const image = picture(7);
  const model = { name: "resnet18", input: photos };
  const prepared = await readInput(await encodePng(image), model, "x.png");
  expect(prepared).toEqual(evaluationInput(photos)(image));
  expect(prepared).toHaveLength(3 * 16 * 16);
});

test("pictures are answered in their order, in batches, and bad ones among them have their errors", async () => {
  const network = sequential(globalAveragePool, linear(3, 2));
  const trainer = await openTrainer(network, { inputShape: [3, 16, 16], batchSize: 3, engine: "reference" });
  const model: LoadedModel = {
    options: {},
    ...{ file: "net.pth", name: "resnet18", network, weights: new Map(), classes: ["a", "b"] },
    ...{ inputShape: [3, 16, 16], input: photos },
  };
  const pngs = await Promise.all([0, 40, 80, 120, 160].map((shade) => encodePng(picture(shade, 24 + shade))));
  const missing = new UserError("gone", "look elsewhere");
  const opened = [...pngs, Uint8Array.of(1, 2, 3), missing];
  const order = [6, 0, 1, 5, 2, 3, 4, 5];
  const sources = order.map((which): PictureSource => {
    const source = opened[which] as Uint8Array | UserError;
    return { file: `${which}`, open: async () => (source instanceof UserError ? Promise.reject(source) : source) };
  });
  const answers: PictureAnswer[] = [];
  for await (const answer of predictPictures(trainer, sources, { model, k: 1, batchSize: 3 })) answers.push(answer);
  expect(answers.map(({ file }) => file)).toEqual(order.map(String));
  expect(answers[0]?.error).toBe(missing);
  expect(answers[3]?.error?.message).toMatch(/^5: expected /);
  for (const [place, which] of order.entries()) {
    const [answer, png] = [answers[place], pngs[which]];
    if (!png || !answer || answer.error) continue;
    const alone = await predict(trainer, { input: await readInput(png, model, "x"), classes: model.classes, k: 1 });
    expect(answer).toEqual({ file: String(which), ...alone });
  }
  await trainer.close();
});

test("what is no fault of a picture ends it", async () => {
  const network = sequential(globalAveragePool, linear(3, 2));
  const trainer = await openTrainer(network, { inputShape: [3, 16, 16], batchSize: 1, engine: "reference" });
  const model = { network, weights: new Map(), classes: ["a"], file: "", name: "", input: photos } as const;
  const sources = [{ file: "a", open: () => Promise.reject(new TypeError("a bug")) }];
  const answers = predictPictures(trainer, sources, { model: { ...model, inputShape: [3, 16, 16] }, batchSize: 1 });
  await expect(answers.next()).rejects.toThrow("a bug");
  await trainer.close();
});
