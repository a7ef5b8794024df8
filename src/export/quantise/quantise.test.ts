import { expect, test } from "vitest";
import { openModelFile } from "../../engines/onnx/model-file.ts";
import { encodeModel, type ModelRecord } from "../../onnx/model.ts";
import { patterns, smallModel } from "../../testing/small-models.ts";
import { runBytes } from "../classifier.ts";
import { imageModel } from "../image-model.ts";
import { findRanges } from "./calibrate.ts";
import { foldNormalisation, reluBeforePool } from "./fold.ts";
import { planQuantisation } from "./plan.ts";
import { quantise } from "./quantise.ts";

const model = smallModel("resnet18", 48);
const bytes = patterns(6, model.inputShape);
const plain = imageModel(model);
const folded = reluBeforePool(foldNormalisation(imageModel(model, { exact: false })));

async function logitsOf(graph: ModelRecord): Promise<Float32Array> {
  const file = await openModelFile("graph", { bytes: encodeModel(graph), threads: 1 });
  try {
    return (await runBytes(file, bytes.slice())).logits;
  } finally {
    await file.close();
  }
}

const count = ({ nodes }: ModelRecord, opType: string): number => nodes.filter((node) => node.opType === opType).length;

test("normalisation folded into convolutions answers the same", async () => {
  expect(count(folded, "BatchNormalization")).toBe(0);
  expect(count(folded, "Conv")).toBe(20);
  expect(await logitsOf(folded)).toBeAllclose(await logitsOf(plain), { rtol: 1e-4, atol: 1e-4 });
});

test("a network on bytes answers nearly the same, and every layer computes on bytes", async () => {
  const plan = planQuantisation(folded);
  const pictures = Array.from({ length: 6 }, (_, index) =>
    bytes.slice((index * bytes.length) / 6, ((index + 1) * bytes.length) / 6),
  );
  const ranges = await findRanges(folded, plan.tensors, { pictures, threads: 1 });
  const graph = quantise(folded, plan, ranges);
  expect(count(graph, "Relu")).toBe(0); // cutting off at 0 is part of the steps
  const heavy = graph.nodes.filter(({ opType }) => opType === "Conv" || opType === "Gemm");
  expect(heavy).toHaveLength(21);
  for (const { inputs } of heavy) for (const name of inputs) expect(name).toMatch(/\.steps$/);
  const weights = graph.initializers.filter(({ kind, shape }) => kind === "int8" && 1 < shape.length);
  expect(weights).toHaveLength(21);
  for (const { bytes: own } of weights)
    expect(new Int8Array(own).reduce((most, value) => Math.max(most, Math.abs(value)), 0)).toBe(64);
  const [found, expected] = [await logitsOf(graph), await logitsOf(plain)];
  const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  expect(found).toBeAllclose(expected, { rtol: 0, atol: 0.1 * largest }); // 20 layers of steps of about 1 %
  expect(encodeModel(graph).length / encodeModel(plain).length).toBeLessThan(0.3);
});
