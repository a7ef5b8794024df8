import { describe, expect, test } from "vitest";
import { evaluateProgram } from "../engines/reference/evaluate.ts";
import type { HostTensor } from "../graph/define-op.ts";
import { gradientsOf } from "../graph/gradients.ts";
import { defineProgram } from "../graph/program.ts";
import { input, type Node, type Value } from "../graph/value.ts";
import { add, sum } from "../ops/index.ts";
import { batchNorm2d, conv2d, dropout, linear } from "./layers.ts";
import { module, sequential } from "./module.ts";
import { type TraceOptions, tensorsOf, trace } from "./trace.ts";

const nodeOf = (value: Value | undefined): Node => {
  if (value?.source.kind !== "node") throw new Error("not a node");
  return value.source.node;
};
const EVALUATION: TraceOptions = { training: false };
const image = input("x", [2, 4, 9, 8]);

describe("conv2d", () => {
  test("one number stands for both axes; defaults are those of PyTorch", () => {
    const { output } = trace(conv2d(4, 6, { kernel: 3 }), image, EVALUATION);
    expect(output.shape).toEqual([2, 6, 7, 6]);
    expect(nodeOf(output)).toMatchObject({
      op: "conv2d",
      attributes: { stride: [1, 1], padding: [0, 0], dilation: [1, 1], groups: 1 },
    });
    expect(nodeOf(output).inputs.map((operand) => operand?.shape)).toEqual([[2, 4, 9, 8], [6, 4, 3, 3], [6]]);
  });

  test("all options arrive", () => {
    const options = {
      kernel: [3, 2],
      stride: [2, 1],
      padding: [1, 0],
      dilation: [1, 3],
      groups: 2,
      bias: false,
    } as const;
    const { output } = trace(conv2d(4, 6, options), image, EVALUATION);
    expect(nodeOf(output).attributes).toEqual({ stride: [2, 1], padding: [1, 0], dilation: [1, 3], groups: 2 });
    expect(nodeOf(output).inputs.map((operand) => operand?.shape)).toEqual([[2, 4, 9, 8], [6, 2, 3, 2], undefined]);
  });
});

test("linear without bias has no bias", () => {
  const layer = linear(3, 5, { bias: false });
  expect(tensorsOf(layer).map(({ name, spec }) => [name, spec.shape])).toEqual([["weight", [5, 3]]]);
  const { output } = trace(layer, input("x", [2, 3]), EVALUATION);
  expect(nodeOf(output).inputs[2]).toBeUndefined();
});

describe("batchNorm2d", () => {
  const network = module({ stem: sequential(batchNorm2d(4, { epsilon: 1e-3, momentum: 0.3 })) }, (x, { stem }) =>
    stem(x),
  );
  const names = ["running_mean", "running_var", "num_batches_tracked"].map((name) => `stem.0.${name}`);

  test("in training it takes the batch's statistics and keeps them, and counts the batch", () => {
    const { output, updates } = trace(network, image, { training: true });
    expect(nodeOf(output)).toMatchObject({ op: "batchNormTraining", attributes: { epsilon: 1e-3, momentum: 0.3 } });
    expect(updates.map(({ variable }) => variable.name)).toEqual(names);
    const outputs = { count: updates[2]?.value as Value };
    const counted = evaluateProgram(
      defineProgram({ name: "count", outputs }),
      {},
      new Map([["stem.0.num_batches_tracked", { shape: [], data: Float64Array.of(41) }]]),
    );
    expect([...(counted.outputs.count?.data ?? [])]).toEqual([42]);
  });

  test.each<[string, TraceOptions]>([
    ["in evaluation", { training: false }],
    ["frozen", { training: true, isFrozen: (layer) => layer === "stem.0" }],
  ])("%s it takes the running statistics and changes nothing", (_, options) => {
    const { output, updates, tensors } = trace(network, image, options);
    expect(nodeOf(output)).toMatchObject({ op: "batchNormInference", attributes: { epsilon: 1e-3 } });
    expect(updates).toEqual([]);
    expect([...tensors.keys()]).not.toContain(names[2]);
  });

  test("another layer's being frozen does not matter", () => {
    const { output } = trace(network, image, { training: true, isFrozen: (layer) => layer === "stem" });
    expect(nodeOf(output).op).toBe("batchNormTraining");
  });

  test("epsilon and momentum are PyTorch's by default", () => {
    const { output } = trace(batchNorm2d(4), image, { training: true });
    expect(nodeOf(output).attributes).toEqual({ epsilon: 1e-5, momentum: 0.1 });
  });
});

describe("dropout", () => {
  const x = input("x", [16, 64]);
  const key = input("key", [4], "int32");
  const feeds: Record<string, HostTensor> = {
    x: { shape: [16, 64], data: Float64Array.from({ length: 1024 }, (_, index) => index + 1) },
    key: { shape: [4], data: Int32Array.of(1, 2, 3, 4) },
  };

  test.each<[string, number, TraceOptions]>([
    ["in evaluation", 0.5, { training: false }],
    ["at rate 0", 0, { training: true, dropoutKey: key }],
  ])("%s it is nothing", (_, rate, options) => {
    expect(trace(dropout(rate), x, options).output).toBe(x);
  });

  test("in training it zeroes about that share and scales the others; its gradient passes where it does", () => {
    const { output } = trace(dropout(0.25), x, { training: true, dropoutKey: key });
    const [dx] = gradientsOf(sum(output, { axes: [0, 1] }), [x], (values) => add(values));
    const program = defineProgram({ name: "dropout", outputs: { y: output, dx: dx as Value } });
    const { y, dx: slope } = evaluateProgram(program, feeds, new Map()).outputs;
    const kept = Math.fround(1 / 0.75);
    expect(new Set(slope?.data)).toEqual(new Set([0, kept]));
    expect([...(y?.data ?? [])]).toEqual(Array.from(slope?.data ?? [], (value, index) => value * (index + 1)));
    const share = (slope?.data.filter((value) => value === 0).length ?? 0) / 1024;
    expect(Math.abs(share - 0.25)).toBeLessThan(4 * Math.sqrt((0.25 * 0.75) / 1024)); // 4 sigma
  });

  test("each dropout layer of a pass has a mask of its own", () => {
    const two = sequential(dropout(), sequential(dropout(0.1)));
    const { output } = trace(two, x, { training: true, dropoutKey: key });
    const outer = nodeOf(nodeOf(output).inputs[1]);
    const inner = nodeOf(nodeOf(nodeOf(output).inputs[0]).inputs[1]);
    expect([inner.attributes, outer.attributes]).toMatchObject([
      { rate: 0.5, layer: 0 },
      { rate: 0.1, layer: 1 },
    ]);
  });

  test("without a key it cannot drop", () => {
    const call = () => trace(dropout(), x, { training: true });
    expect(call).toThrow("dropout of [16, 64]: the trace has no dropoutKey");
  });
});
