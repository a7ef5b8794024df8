import { expect, test } from "vitest";
import { openModelFile } from "../engines/onnx/model-file.ts";
import { encodeModel } from "../onnx/model.ts";
import { patterns, smallModel } from "../testing/small-models.ts";
import { openModel } from "../training/index.ts";
import { runBytes, runFloats } from "./classifier.ts";
import { imageModel } from "./image-model.ts";
import { toBytes, toFloats } from "./pixels.ts";

const RAW = { kind: "pixels", inputShape: [1, 28, 28], rawPixels: true } as const;

test.each([
  ["mnist-cnn", smallModel("mnist-cnn")],
  ["mnist-cnn of pixels 0..255", smallModel("mnist-cnn", 28, RAW)],
  ["resnet18", smallModel("resnet18")],
  ["squeezenet1_1", smallModel("squeezenet1_1", 50)], // an odd size, where the last window of a pool reaches over the edge
  ["densenet121", smallModel("densenet121", 40)],
  ["inception_v3", smallModel("inception_v3", 80)],
])("%s with its preprocessing answers batches of any size as the engine does", async (_name, model) => {
  const { input, inputShape, classes } = model;
  const pictures = patterns(3, inputShape);
  const graph = imageModel(model);
  expect(graph.inputs).toMatchObject([
    { name: "pixels", kind: "uint8", shape: ["N", ...inputShape.slice(1), inputShape[0]] },
  ]);
  expect(graph.outputs.map(({ name, shape }) => [name, shape])).toEqual([
    ["probabilities", ["N", 3]],
    ["logits", ["N", 3]],
  ]);
  expect(graph.nodes.filter(({ domain }) => domain !== "")).toEqual([]);
  const file = await openModelFile("graph", { bytes: encodeModel(graph), threads: 1 });
  const network = await openModel(model, { engine: "onnx", threads: 1, batchSize: 3 });
  try {
    const expected = await runFloats(network, toFloats(pictures, input), classes.length);
    const size = pictures.length / 3;
    const all = await runBytes(file, pictures.slice());
    const first = await runBytes(file, pictures.slice(0, size));
    // the same sums in the same runtime, but layers may be put together otherwise
    const largest = expected.logits.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const tolerance = { rtol: 1e-5, atol: 1e-5 * largest };
    expect(all.logits).toBeAllclose(expected.logits, tolerance);
    expect(first.logits).toBeAllclose(expected.logits.slice(0, 3), tolerance);
    expect(Array.from(all.probabilities)).toBeAllclose(Array.from(expected.probabilities), { rtol: 0, atol: 1e-5 });
  } finally {
    await network.close();
    await file.close();
  }
});

test("bytes become the network's floats and these bytes again", () => {
  const grey = patterns(2, [1, 28, 28]);
  const floats = toFloats(grey, { ...RAW, rawPixels: false });
  expect(floats[5]).toBe(Math.fround((grey[5] ?? 0) / 255));
  expect(toFloats(grey, RAW)).toEqual(Float32Array.from(grey));
  const photos = { kind: "photos", resize: 4, crop: 4, interpolation: "bilinear", exif: true } as const;
  const colour = patterns(2, [3, 4, 4]);
  const planes = toFloats(colour, { ...photos, mean: [0, 0, 0], std: [1, 1, 1] });
  expect(planes[16]).toBe(Math.fround((colour[1] ?? 0) / 255)); // green of the first pixel
  expect(toBytes(planes, { ...photos, mean: [0, 0, 0], std: [1, 1, 1] })).toEqual(colour);
});
