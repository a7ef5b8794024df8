import { expect, test } from "vitest";
import { findModel, summariseNetwork } from "./index.ts";

const summaryOf = (name: string, classes = 1000, isFrozen?: (parameter: string) => boolean) =>
  summariseNetwork(findModel(name).build({ classes }), findModel(name).inputShape, isFrozen);

// torchvision's `_ops` (GFLOPS that are multiply-adds, three digits) and `num_params`
test.each([
  ["resnet18", 1.814, 11_689_512],
  ["resnet152", 11.514, 60_192_808],
  ["alexnet", 0.714, 61_100_840],
  ["vgg16", 15.47, 138_357_544],
  ["squeezenet1_0", 0.819, 1_248_424],
  ["squeezenet1_1", 0.349, 1_235_496],
  ["densenet121", 2.834, 7_978_856],
  ["inception_v3", 5.713, 27_161_264],
])("%s takes %d billion multiply-accumulates and has %d parameters", (name, gmacs, parameters) => {
  const summary = summaryOf(name);
  expect(Math.abs(summary.macs / 1e9 - gmacs)).toBeLessThan(6e-4); // rounded to three digits, or cut off there
  expect(summary.parameters).toBe(parameters);
  expect(summary.trainable).toBe(parameters);
});

test("layers with the shapes that an image has behind them, and operations between them", () => {
  const { layers, weightsBytes } = summaryOf("resnet18", 2, (name) => !name.startsWith("fc."));
  expect(layers.slice(0, 4)).toEqual([
    { name: "conv1", kind: "conv2d", outputShape: [64, 112, 112], parameters: 9408, trainable: 0, macs: 118_013_952 },
    { name: "bn1", kind: "batchNorm2d", outputShape: [64, 112, 112], parameters: 128, trainable: 0, macs: 0 },
    { name: null, kind: "maxPool", outputShape: [64, 56, 56], parameters: 0, trainable: 0, macs: 0 },
    { name: null, kind: "relu", outputShape: [64, 56, 56], parameters: 0, trainable: 0, macs: 0 },
  ]);
  const last = { name: "fc", kind: "linear", outputShape: [2], parameters: 1026, trainable: 1026, macs: 1024 };
  expect(layers.at(-1)).toEqual(last);
  expect(layers.find(({ name }) => name === "layer4.0.downsample.0")?.outputShape).toEqual([512, 7, 7]);
  // 11,177,538 parameters, 9,600 running statistics and 20 counters
  expect(weightsBytes).toBe(4 * (11_177_538 + 9600) + 8 * 20);
});

test("layers of training alone are counted, without a shape or multiply-accumulates", () => {
  const { layers } = summaryOf("inception_v3", 2);
  const alone = layers.filter(({ outputShape }) => outputShape === null);
  expect(alone.map(({ name }) => name)).toEqual([
    ...["AuxLogits.conv0.conv", "AuxLogits.conv0.bn", "AuxLogits.conv1.conv", "AuxLogits.conv1.bn", "AuxLogits.fc"],
  ]);
  expect(alone.at(-1)).toMatchObject({ kind: "linear", parameters: 1538, macs: 0 });
});
