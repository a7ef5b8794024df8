/** Both ways to answer pictures: an exported graph, and Programs of some sizes. */
import { afterAll, expect, test } from "vitest";
import { openModelFile } from "../../engines/onnx/model-file.ts";
import { imageModel } from "../../export/image-model.ts";
import { toFloats } from "../../export/pixels.ts";
import { encodeModel } from "../../onnx/model.ts";
import { patterns, smallModel } from "../../testing/small-models.ts";
import { openModel } from "../../training/index.ts";
import { graphRunner, networkRunner } from "./picture-runner.ts";

const model = smallModel("mnist-cnn");
const COUNT = 7;
const bytes = patterns(COUNT, model.inputShape as [number, number, number]);
const size = bytes.length / COUNT;
const pictures = Array.from({ length: COUNT }, (_, index) => bytes.slice(index * size, (index + 1) * size));

const network = await openModel(model, { engine: "onnx", threads: 1, batchSize: COUNT });
const expected = await network.logits(toFloats(bytes, model.input));
const graph = graphRunner(await openModelFile("graph", { bytes: encodeModel(imageModel(model)), threads: 1 }));
const programs = await networkRunner(model, { engine: "onnx", threads: 1, maxBatch: 4, bytes: 1000 });
afterAll(() => Promise.all([network.close(), graph.close(), programs.close()]));

test.each([
  ["an exported graph", graph],
  ["Programs of fixed sizes", programs],
])("%s answers each of some pictures, however many come", async (_, runner) => {
  for (const [from, to] of [
    [0, 1],
    [2, 5],
    [0, COUNT],
    [1, 2],
  ] as const) {
    const { logits, probabilities } = await runner.classify(pictures.slice(from, to));
    expect(logits).toBeAllclose(expected.slice(3 * from, 3 * to), { rtol: 1e-4, atol: 1e-5 });
    expect(probabilities).toHaveLength(3 * (to - from));
    for (let row = 0; row < to - from; row++) {
      const exps = Array.from(logits.subarray(3 * row, 3 * row + 3), Math.exp);
      const sum = exps.reduce((a, b) => a + b, 0);
      const own = Array.from(probabilities).slice(3 * row, 3 * row + 3);
      expect(own).toBeAllclose(
        exps.map((value) => value / sum),
        { rtol: 1e-5, atol: 1e-7 },
      );
    }
  }
});
