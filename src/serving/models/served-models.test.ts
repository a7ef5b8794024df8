/** Both kinds of served models over runners that answer at once, by a clock that goes on by 250 ms at each look. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { ModelFile } from "../../engines/onnx/model-file.ts";
import { openLanes } from "./lanes.ts";
import { pictureModel } from "./picture-model.ts";
import type { PictureRunner } from "./picture-runner.ts";
import type { BatchListener, ServingLimits } from "./served-model.ts";
import { tensorModel } from "./tensor-model.ts";

const limits: ServingLimits = { maxBatch: 4, maxDelayMs: 0, maxQueue: 4, maxPixels: 12, threads: 1 };
const batches: Parameters<BatchListener>[0][] = [];
const onBatch: BatchListener = (batch) => void batches.push(batch);
let looks = 0;
beforeEach(() => {
  batches.length = 0;
  vi.spyOn(performance, "now").mockImplementation(() => 250 * looks++);
});
afterEach(() => vi.restoreAllMocks());
/** Of somebody who stays. */
const { signal } = new AbortController();

/** Gives each picture its first bytes for logits, and their tenth for probabilities. */
async function serve() {
  const runner: PictureRunner = {
    async classify(pictures) {
      const logits = Float32Array.from(pictures.flatMap((picture) => [...picture.slice(0, 2)]));
      return { logits, probabilities: logits.map((value) => value / 10) };
    },
    close: async () => {},
  };
  const lanes = await openLanes({ threads: 1, bytes: 1 }, async () => runner);
  const input = { kind: "pixels", inputShape: [1, 2, 3], rawPixels: true } as const;
  return pictureModel(
    { name: "mnist-cnn", input, inputShape: [1, 2, 3], classes: ["a", "b"] },
    {
      name: "served",
      lanes,
      limits,
      onBatch,
      workers: { pixels: async (_, model) => Uint8Array.of(model.name.length, model.maxPixels) },
    },
  );
}
const picturesOf = (...data: number[]) => ({
  pixels: { type: "uint8", shape: [data.length / 6, 2, 3, 1], data: Uint8Array.from(data) } as const,
});

test("a model of pictures says its tensors, and answers pixels in their order", async () => {
  const model = await serve();
  expect(model).toMatchObject({
    ...{ name: "served", platform: "ocelli", classes: ["a", "b"], queueLength: 0 },
    inputs: [{ name: "pixels", type: "uint8", shape: ["N", 2, 3, 1] }],
    outputs: [
      { name: "probabilities", type: "float32", shape: ["N", 2] },
      { name: "logits", type: "float32", shape: ["N", 2] },
    ],
  });
  expect(await model.enter().infer(picturesOf(10, 20, 0, 0, 0, 0, 30, 40, 0, 0, 0, 0), signal)).toEqual({
    probabilities: { type: "float32", shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) },
    logits: { type: "float32", shape: [2, 2], data: Float32Array.of(10, 20, 30, 40) },
  });
  expect(batches.map(({ model }) => model)).toEqual(batches.map(() => "served"));
  expect(batches.reduce((sum, { size }) => sum + size, 0)).toBe(2);
  for (const { seconds } of batches) expect([0.25, 0.5, 0.75, 1]).toContain(seconds);
  expect(model.queueLength).toBe(0);
  await model.close();
});

test("a picture is decoded by the workers, which are told the limit", async () => {
  const model = await serve();
  const picture = { bytes: Uint8Array.of(1) };
  expect(await model.enter().predict(picture, signal)).toEqual(Float32Array.of("mnist-cnn".length, 12));
  const place = model.enter();
  expect(model.queueLength).toBe(1);
  place.leave();
  expect(model.queueLength).toBe(0);
  await expect(model.enter().infer(picturesOf(...Array(30).fill(0)), signal)).rejects.toThrow(
    '"served": expected at most 4 pictures at once but got 5.',
  );
  await model.close();
});

test("any other model takes tensors as they are, one request at a time", async () => {
  const port = { name: "x", type: "float32", shape: ["N"] };
  let closed = 0;
  const file = {
    ...{ inputs: [port], outputs: [{ ...port, name: "y" }] },
    run: async ({ x }: { x: { data: Float32Array } }) => ({ y: { ...x, data: x.data.map((value) => -value) } }),
    close: async () => void closed++,
  } as unknown as ModelFile;
  const lanes = await openLanes({ threads: 1, bytes: 1 }, async () => file);
  const model = tensorModel("x.onnx", { name: "any", lanes, limits, onBatch });
  expect(model).toMatchObject({ name: "any", platform: "onnxruntime_onnx", inputs: [port], queueLength: 0 });
  const x = { type: "float32", shape: [2], data: Float32Array.of(1, 2) } as const;
  expect(await model.enter().infer({ x }, signal)).toEqual({ y: { ...x, data: Float32Array.of(-1, -2) } });
  expect(batches).toMatchObject([{ model: "any", size: 1 }]);
  expect([0.25, 0.5, 0.75, 1]).toContain(batches[0]?.seconds);
  await expect(model.enter().predict({ bytes: new Uint8Array() }, signal)).rejects.toMatchObject({
    message: '"any": expected tensors, which the model takes, but got a picture.',
    hint: "Send tensors to /v2/models/NAME/infer.",
  });
  await model.close();
  expect(closed).toBe(1);
});
