import { describe, expect, test } from "vitest";
import { openEngine } from "../engines/index.ts";
import { input } from "../graph/value.ts";
import { IMAGENET_PREPROCESSING, type Image } from "../image/index.ts";
import { findModel, MODELS } from "../models/index.ts";
import { conv2d, globalAveragePool, linear, module, trace } from "../nn/index.ts";
import { lastFeatureMap } from "./feature-map.ts";
import { HEAT_COLOURS, openExplainer, overlayHeat, resizeHeat, seenArea } from "./index.ts";

const photos = { kind: "photos", exif: true, ...IMAGENET_PREPROCESSING } as const;

/** The mean of each of two channels, each class has its own: the map of a class is its own channel, as far as it is positive. */
const twoChannels = module({ conv: conv2d(1, 2, { kernel: 1 }), fc: linear(2, 2) }, (x, { conv, fc }) =>
  fc(globalAveragePool(conv(x))),
);
const model = { network: twoChannels, inputShape: [1, 2, 2], classes: ["light", "dark"] } as const;
const weights = new Map([
  ["conv.weight", { shape: [2, 1, 1, 1], data: Float32Array.of(1, -1) }],
  ["conv.bias", { shape: [2], data: Float32Array.of(0, 0) }],
  ["fc.weight", { shape: [2, 2], data: Float32Array.of(1, 0, 0, 1) }],
  ["fc.bias", { shape: [2], data: Float32Array.of(0, 0) }],
]);

describe.each(["onnx", "reference"])("on the %s engine", (name) => {
  test("a batch, the class given or the answer; no evidence is no heat", async () => {
    const engine = await openEngine(name, { threads: 1 });
    await engine.write(weights);
    const explainer = openExplainer(model, engine, { batchSize: 2 });
    const images = Float32Array.of(...[4, 2, 0, -1], ...[-3, -6, 0, 0], ...[1, 1, 2, 2]);
    const answered = await explainer.explain(images);
    expect(answered.map(({ classIndex }) => classIndex)).toEqual([0, 1, 0]);
    expect(answered.map(({ heat }) => [...heat.data])).toEqual([
      [1, 0.5, 0, 0],
      [0.5, 1, 0, 0],
      [0.5, 0.5, 1, 1],
    ]);
    expect(answered[0]?.logits).toEqual(Float32Array.of(1.25, -1.25));
    const dark = await explainer.explain(images, { classIndex: 1 });
    expect([...(dark[0]?.heat.data ?? [])]).toEqual([0, 0, 0, 1]);
    expect([...(dark[2]?.heat.data ?? [])]).toEqual([0, 0, 0, 0]);
    await expect(explainer.explain(images, { classIndex: 2 })).rejects.toThrow("class 2 of 2");
    await expect(explainer.explain(images, { classIndex: [0] })).rejects.toThrow("1 classes for 3 images");
    await expect(explainer.explain(images.subarray(1))).rejects.toThrow("11 values for images of 4");
    await explainer.close();
    await engine.close();
  });
});

test.each(MODELS.map(({ name }) => name))("%s has a feature map with places", (name) => {
  const { build, inputShape } = findModel(name);
  const { output } = trace(build({ classes: 3 }), input("images", [1, ...inputShape]), { training: false });
  const [n, channels = 0, h = 0, w = 0] = lastFeatureMap(output).shape;
  expect(n).toBe(1);
  expect(channels).toBeGreaterThanOrEqual(3);
  expect(h * w).toBeGreaterThanOrEqual(36);
});

test("a network without a feature map is told", () => {
  const { output } = trace(linear(3, 2), input("images", [1, 3]), { training: false });
  expect(() => lastFeatureMap(output)).toThrow("flattens no feature map");
});

test("between places the heat is bilinear, at the edge constant", () => {
  // torch 2.13: F.interpolate(torch.tensor([[[0., 4.]]]), 4, mode="linear"), which is [0, 1, 3, 4]
  expect([...resizeHeat({ width: 2, height: 1, data: Float32Array.of(0, 4) }, { width: 4, height: 1 }).data]).toEqual([
    0, 1, 3, 4,
  ]);
});

test.each([
  [
    { width: 512, height: 256 },
    { left: 144, top: 16, width: 224, height: 224 },
  ],
  [
    { width: 512, height: 1024 },
    { left: 32, top: 288, width: 448, height: 448 },
  ],
])("of a picture of %j the network sees %j", (size, area) => expect(seenArea(size, photos)).toEqual(area));

test("a model of pixels sees the whole", () => {
  const input = { kind: "pixels", inputShape: [1, 28, 28], rawPixels: false } as const;
  expect(seenArea({ width: 28, height: 28 }, input)).toEqual({ left: 0, top: 0, width: 28, height: 28 });
});

describe("an overlay", () => {
  const picture: Image = { width: 4, height: 1, channels: 3, data: new Uint8Array(12).fill(200) };
  const heat = { width: 2, height: 1, data: Float32Array.of(0, 1) };
  test("is coloured where the network looks, dark and grey around it", () => {
    const { data } = overlayHeat(picture, heat, { left: 1, top: 0, width: 2, height: 1 });
    expect([...data.subarray(0, 3)]).toEqual([70, 70, 70]);
    expect([...data.subarray(9)]).toEqual([70, 70, 70]);
    const [cold, hot] = [data.subarray(3, 6), data.subarray(6, 9)];
    expect(cold[1]).toBeLessThan(hot[1] ?? 0);
  });
  test("covers the whole picture by default", () =>
    expect(overlayHeat(picture, heat).data.subarray(0, 3)).not.toEqual(Uint8Array.of(70, 70, 70)));
});

test("colours grow lighter from dark violet to light yellow", () => {
  const light = Array.from({ length: 256 }, (_, at) => {
    const [red = 0, green = 0, blue = 0] = HEAT_COLOURS.subarray(3 * at);
    return 0.2126 * red ** 2.2 + 0.7152 * green ** 2.2 + 0.0722 * blue ** 2.2;
  });
  expect(light.every((value, at) => at === 0 || (light[at - 1] ?? 0) <= value * 1.001)).toBe(true);
  expect(HEAT_COLOURS).toHaveLength(3 * 256);
});
