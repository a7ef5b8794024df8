/** Every algorithm of a convolution and its gradients against the reference engine. */
import { afterAll, describe, expect, test } from "vitest";
import { onnxRuntime } from "../../src/engines/onnx/runtime.ts";
import { findBlockSize } from "../../src/engines/onnx/session.ts";
import { openReferenceEngine } from "../../src/engines/reference/engine.ts";
import { sizeOf } from "../../src/graph/value.ts";
import { algorithmsOf, candidatesOf, keyOf } from "../../src/onnx/candidate.ts";
import { lowerProgram } from "../../src/onnx/lower.ts";
import { encodeModel, type ModelRecord } from "../../src/onnx/model.ts";
import { CONVOLUTIONS, feedsOf, programOf } from "./convolution-cases.ts";

const block = findBlockSize();
const reference = openReferenceEngine();
afterAll(() => reference.close());

/** What ONNX Runtime makes of the feeds, in this thread: one of its own for each of some 150 models would take far longer. */
function resultsOf(model: ModelRecord, feeds: Readonly<Record<string, Float32Array>>): Record<string, Float32Array> {
  const runtime = onnxRuntime();
  const names = (ports: ModelRecord["inputs"]): string[] => ports.map(({ name }) => name);
  const settings = { inputs: names(model.inputs), outputs: names(model.outputs), threads: 2 };
  const session = runtime.open(encodeModel(model), settings);
  const inputs = model.inputs.map(({ name, shape }) =>
    runtime.tensor(Float32Array.from(feeds[name] ?? []), shape.map(Number)),
  );
  const outputs = model.outputs.map(({ shape }) => {
    const sizes = shape.map(Number);
    return runtime.tensor(new Float32Array(sizeOf(sizes)), sizes);
  });
  session.run(inputs, outputs);
  session.release();
  for (const tensor of [...inputs, ...outputs]) runtime.free(tensor);
  return Object.fromEntries(outputs.map(({ data }, index) => [settings.outputs[index], data]));
}

describe.each(CONVOLUTIONS)("$name", (example) => {
  const program = programOf(example);
  const convolutions = program.nodes.filter((node) => 0 < algorithmsOf(node).length);
  const most = Math.max(...convolutions.map((node) => algorithmsOf(node).length));

  test("every algorithm gives the same", async () => {
    const feeds = feedsOf(program);
    const expected = await (await reference.compile(program)).run(feeds);
    for (let index = 0; index < most; index++) {
      const nameOf = (names: readonly string[]): string => names[index % names.length] ?? "";
      const algorithms = new Map(convolutions.map((node) => [keyOf(node), nameOf(algorithmsOf(node))]));
      const lowered = lowerProgram(program, { target: { contrib: true, block, algorithms } });
      const results = resultsOf(lowered.model, feeds);
      // all sums are exact in fp32
      for (const [output, data] of Object.entries(expected))
        expect(results[output], `${[...algorithms.values()]}, ${output}`).toBeAllclose(data, {
          rtol: 0,
          atol: 0,
        });
    }
  });
});

/** By op of a case's program, the algorithms that can compute it. */
function candidates(name: string): Record<string, readonly string[]> {
  const example = CONVOLUTIONS.find((each) => each.name === name);
  const program = programOf(example as (typeof CONVOLUTIONS)[number]);
  return Object.fromEntries(
    program.nodes.map((node) => [
      node.op,
      candidatesOf(node, { contrib: true, block: 16 }).map(({ algorithm }) => algorithm),
    ]),
  );
}

test("the candidates of a convolution are those that can compute it, the best by rule first", () => {
  const found = candidates("3×3, rows padded first");
  expect(found.conv2d).toEqual(["padded rows", "blocked", "plain"]);
  expect(found.conv2dInputGradient).toEqual(["padded rows", "blocked", "plain"]);
  expect(found.conv2dWeightGradient).toEqual(["blocked batch", "plain batch", "turned batch", "product"]);
});

test("the weight's gradient goes by lines where they do not stay in a cache together", () => {
  const lines = ["blocked batch", "cached lines", "plain batch", "turned batch", "product"];
  expect(candidates("3×3, more lines than stay in a cache").conv2dWeightGradient).toEqual(lines);
});

test("the gradient of the image of a convolution with a stride goes by phases where they meet all of dy", () => {
  expect(candidates("3×3, stride 2").conv2dInputGradient).toEqual(["phases", "transposed"]);
  expect(candidates("1×1, stride 2").conv2dInputGradient).toEqual(["phases", "transposed"]);
  // one algorithm is no choice
  expect(candidates("a stride that leaves pixels unread, 3 channels").conv2dInputGradient).toEqual([]);
  expect(candidates("1×1, padded").conv2dInputGradient).toEqual([]);
});
