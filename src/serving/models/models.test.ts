import { expect, test } from "vitest";
import type { ModelFile } from "../../engines/onnx/model-file.ts";
import { openLanes, planLanes } from "./lanes.ts";
import { namedPath } from "./open-models.ts";
import type { ServingLimits } from "./served-model.ts";
import { tensorModel } from "./tensor-model.ts";

test.each([
  [2, 45e6, { count: 2, threads: 1 }],
  [1, 45e6, { count: 1, threads: 1 }],
  [16, 45e6, { count: 4, threads: 4 }],
  [2, 528e6, { count: 1, threads: 2 }],
])("%i threads, a model of %i bytes", (threads, bytes, plan) => {
  expect(planLanes(threads, bytes)).toEqual(plan);
});

test("the lane with the least to do computes next; one that cannot be opened closes the others", async () => {
  let [opened, closed] = [0, 0];
  const open = async () => ({ number: opened++, close: async () => void closed++ });
  const lanes = await openLanes({ threads: 2, bytes: 1 }, open);
  const used: number[] = [];
  const run = (time: Promise<void>) =>
    lanes.run(({ number }) => {
      used.push(number);
      return time;
    });
  await Promise.all([run(new Promise(setImmediate)), run(Promise.resolve()).then(() => run(Promise.resolve()))]);
  expect(used).toEqual([0, 1, 1]);
  await lanes.close();
  expect(closed).toBe(2);
  let left = 2;
  const failing = () => (left-- === 0 ? Promise.reject(new Error("no memory")) : open());
  await expect(openLanes({ threads: 4, bytes: 1 }, failing)).rejects.toThrow("no memory");
  expect(closed).toBe(4);
});

test.each([
  ["runs/first", "first"],
  ["runs/first/", "first"],
  ["a/my model (2).onnx", "my-model-2-"],
  ["ants=b/x.pth", "ants"],
  ["weights.safetensors", "weights"],
])("%s is served as %s", async (argument, name) => {
  expect((await namedPath(argument)).name).toBe(name);
});

test("a model with outputs that are no tensors is refused with the reason", async () => {
  const port = { name: "scores", type: "unknown", shape: [] };
  const file = { inputs: [], outputs: [port], close: async () => {} } as unknown as ModelFile;
  const lanes = await openLanes({ threads: 1, bytes: 1 }, async () => file);
  const limits: ServingLimits = { maxBatch: 1, maxDelayMs: 0, maxQueue: 1, maxPixels: 1, threads: 1 };
  expect(() => tensorModel("x.onnx", { name: "x", lanes, limits, onBatch() {} })).toThrow(
    '"x.onnx": expected a model of tensors but "scores" is a sequence or a map.',
  );
});

test("the oldest run under way tells how long it has gone on", async () => {
  let time = 0;
  const open = async () => ({ close: async () => {} });
  const lanes = await openLanes({ threads: 1, bytes: 1 }, open, () => time);
  expect(lanes.longestRun()).toBe(0);
  let end = (): void => {};
  const first = lanes.run(
    () =>
      new Promise<void>((resolve) => {
        end = resolve;
      }),
  );
  time = 5;
  const second = lanes.run(() => new Promise<void>(() => {}));
  time = 7;
  expect(lanes.longestRun()).toBe(7);
  end();
  await first;
  expect(lanes.longestRun()).toBe(2);
  expect(second).toBeInstanceOf(Promise);
});
