/** The onnx engine's kernels for blocked images against the reference engine, at sizes at which they are used. */
import { afterAll, describe, expect, test } from "vitest";
import { openEngine } from "../../src/engines/index.ts";
import { openReferenceEngine } from "../../src/engines/reference/engine.ts";
import type { Shape, Value } from "../../src/graph/value.ts";
import { type MaxPoolOptions, maxPool2d } from "../../src/nn/index.ts";
import { lowerProgram } from "../../src/onnx/lower.ts";
import type { NodeRecord } from "../../src/onnx/model.ts";
import { add, conv2d, flatten, linear, maxPool, relu } from "../../src/ops/index.ts";
import {
  type BlockedCase,
  blockedConvolutions,
  count,
  type Parameters,
  padded,
  ROUNDED,
  SUMS,
} from "./blocked-cases.ts";
import { CONVOLUTIONS, feedsOf, programOf } from "./convolution-cases.ts";

const onnx = await openEngine("onnx", { threads: 2 });
const reference = openReferenceEngine();
afterAll(() => onnx.close());

/** Whether rows that were taken from elsewhere are padded on the way into a blocked convolution, without a Pad. */
const padsTakenRows = (nodes: readonly NodeRecord[]): boolean => {
  const maker = (name = ""): NodeRecord | undefined => nodes.find(({ outputs }) => outputs.includes(name));
  return blockedConvolutions(nodes).some(({ inputs, attributes }) => {
    const [shape, rows] = [maker(inputs[0]), maker(maker(inputs[0])?.inputs[0])];
    return String(attributes.pads) === "2,0,2,0" && shape?.opType === "Reshape" && rows?.opType === "Gather";
  });
};
const TWO_LAYERS: readonly Shape[] = [[16, 1, 3, 3], [16], [32, 16, 5, 5], [32]];

/** Two convolutions with bias, each followed by what `pool` makes of it. */
const twoLayers =
  (pool: (x: Value) => Value) =>
  (x: Value, [first, firstBias, second, secondBias]: Parameters): Value =>
    pool(conv2d(pool(conv2d(x, first, firstBias, padded)), second, secondBias, { padding: [2, 2] }));

const withoutPadding = { padding: [0, 0], dilation: [1, 1], ceilMode: false } as const;
const half = { ...withoutPadding, kernel: [2, 2], stride: [2, 2] } as const;

/** Pools whose windows share elements: of even and of odd sizes, with padding at none, one or both ends, at stride 1, 2 and 3. */
const OVERLAPPING: readonly BlockedCase[] = (
  [
    ["3×3 at stride 2, padded at the beginning", [10, 12], { kernel: 3, stride: 2, padding: 1 }],
    ["3×3 at stride 2, padded all around", [9, 9], { kernel: 3, stride: 2, padding: 1 }],
    ["3×3 at stride 2, not padded", [11, 9], { kernel: 3, stride: 2 }],
    ["3×3 at stride 2, last columns unread", [10, 10], { kernel: 3, stride: 2 }],
    ["3×3 at stride 2, ceil mode", [10, 12], { kernel: 3, stride: 2, ceilMode: true }],
    ["3×3 at stride 1", [5, 6], { kernel: 3, stride: 1, padding: 1 }],
    ["5×4 at stride 3 and 2", [12, 9], { kernel: [5, 4], stride: [3, 2], padding: [2, 1] }],
    ["3×2, side by side in columns", [9, 8], { kernel: [3, 2], stride: [2, 2], padding: [1, 0] }],
  ] satisfies readonly (readonly [string, readonly [number, number], MaxPoolOptions])[]
).map(([name, [height, width], attributes]) => ({
  name: `a pool of overlapping windows, ${name}`,
  image: [16, 1, height, width],
  parameters: [[32, 1, 3, 3], [32]],
  build: (x, [weight, bias]) => maxPool2d(relu(conv2d(x, weight, bias, padded)), attributes),
  takes: (nodes) => count(nodes, "ScatterElements") === 0 && 0 < count(nodes, "Equal"),
}));

const POOLS: readonly BlockedCase[] = [
  {
    name: "relu and pool, bias",
    image: [16, 1, 12, 8],
    parameters: TWO_LAYERS,
    build: twoLayers((x) => maxPool2d(relu(x), { kernel: 2 })),
    takes: (nodes) => count(nodes, "MaxPool") === 0 && 1 < count(nodes, "Gather"),
  },
  {
    // the second layer's rows are padded where the pool's gradient takes them from
    name: "pool of the convolution itself, then rows padded",
    image: [16, 1, 8, 24],
    parameters: TWO_LAYERS,
    build: twoLayers((x) => maxPool(x, half)[0]),
    takes: (nodes) => padsTakenRows(nodes) && count(nodes, "ScatterElements") === 0,
  },
  {
    name: "pools of 3×2 and 1×3 windows",
    image: [16, 1, 9, 12],
    parameters: TWO_LAYERS,
    build: (x, [first, firstBias, second, secondBias]) => {
      const third = maxPool2d(relu(conv2d(x, first, firstBias, padded)), { kernel: [3, 2] });
      return maxPool2d(conv2d(third, second, secondBias, { padding: [2, 2] }), { kernel: [1, 3] });
    },
    takes: (nodes) => count(nodes, "ScatterElements") + count(nodes, "MaxUnpool") === 0,
  },
  {
    name: "a pool that leaves a column unread",
    image: [16, 1, 8, 9],
    parameters: TWO_LAYERS,
    build: twoLayers((x) => relu(maxPool2d(x, { kernel: 2 }))),
    takes: (nodes) => 0 < count(nodes, "MaxUnpool"),
  },
  {
    name: "two layers, each with a pool of overlapping windows",
    image: [16, 1, 9, 9],
    parameters: TWO_LAYERS,
    build: twoLayers((x) => maxPool2d(relu(x), { kernel: 3, stride: 2, padding: 1 })),
    takes: (nodes) => count(nodes, "ScatterElements") + count(nodes, "MaxUnpool") === 0,
  },
  ...OVERLAPPING,
  {
    name: "a pool of a plain image",
    image: [16, 16, 8, 6],
    parameters: [[16, 16, 3, 3]],
    build: (x, [weight]) => conv2d(maxPool2d(x, { kernel: 2 }), weight, undefined, padded),
  },
  {
    name: "an image that is pooled and used as well",
    image: [3, 16, 8, 6],
    parameters: [
      [16, 16, 3, 3],
      [16, 16, 2, 2],
    ],
    build: (x, [first, second]) => {
      const y = relu(conv2d(x, first, undefined, padded));
      return add([maxPool2d(y, { kernel: 2 }), conv2d(y, second, undefined, { stride: [2, 2] })]);
    },
  },
  {
    name: "a ragged batch to the logits",
    image: [5, 1, 8, 8],
    parameters: [[16, 1, 5, 5], [16], [3, 256], [3]],
    build: (x, [weight, bias, out, outBias]) => {
      const y = maxPool2d(relu(conv2d(x, weight, bias, { padding: [2, 2] })), { kernel: 2 });
      return linear(flatten(y), out, outBias);
    },
  },
];

describe("blocked images", () => {
  test.each([...CONVOLUTIONS, ...POOLS, ...SUMS, ...ROUNDED])("$name", async (example) => {
    const program = programOf(example);
    const feeds = feedsOf(program);
    const [expected, results] = await Promise.all(
      [reference, onnx].map(async (engine) => (await engine.compile(program)).run(feeds)),
    );
    for (const [name, data] of Object.entries(expected ?? {})) {
      // all sums are exact in fp32, but for roots and what is made of them: values to 60, some twenty roundings
      const atol = ROUNDED.includes(example) ? 1e-4 : 0;
      expect(results?.[name] ?? [], name).toBeAllclose(data, { rtol: 0, atol });
    }
    const { nodes } = lowerProgram(program, { target: { contrib: true, block: 16 } }).model;
    expect(example.takes?.(nodes) ?? true, "takes the path that the case is about").toBe(true);
  });
});
