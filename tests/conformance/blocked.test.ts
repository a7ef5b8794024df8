/** The onnx engine's kernels for blocked images against the reference engine, at sizes at which they are used. */
import { afterAll, describe, expect, test } from "vitest";
import { openEngine } from "../../src/engines/index.ts";
import { openReferenceEngine } from "../../src/engines/reference/engine.ts";
import { gradientsOf } from "../../src/graph/gradients.ts";
import { defineProgram, inputName, type Program } from "../../src/graph/program.ts";
import { input, type Shape, sizeOf, type Value } from "../../src/graph/value.ts";
import { maxPool2d } from "../../src/nn/index.ts";
import { lowerProgram } from "../../src/onnx/lower.ts";
import type { NodeRecord } from "../../src/onnx/model.ts";
import { add, conv2d, flatten, linear, maxPool, relu } from "../../src/ops/index.ts";
import { rngFor } from "../../src/rng.ts";
import {
  type BlockedCase,
  blockedConvolutions,
  count,
  NORMALISATIONS,
  type Parameters,
  padded,
  SUMS,
} from "./blocked-cases.ts";
import { weightedSum } from "./cases.ts";

const onnx = await openEngine("onnx", { threads: 2 });
const reference = openReferenceEngine();
afterAll(() => onnx.close());

const padsOf = (nodes: readonly NodeRecord[]): string[] =>
  blockedConvolutions(nodes).map(({ attributes }) => String(attributes.pads));
/** Whether rows that were taken from elsewhere are padded on the way into a blocked convolution, without a Pad. */
const padsTakenRows = (nodes: readonly NodeRecord[]): boolean => {
  const maker = (name = ""): NodeRecord | undefined => nodes.find(({ outputs }) => outputs.includes(name));
  return blockedConvolutions(nodes).some(({ inputs, attributes }) => {
    const [shape, rows] = [maker(inputs[0]), maker(maker(inputs[0])?.inputs[0])];
    return String(attributes.pads) === "2,0,2,0" && shape?.opType === "Reshape" && rows?.opType === "Gather";
  });
};
const none = (nodes: readonly NodeRecord[]): boolean => blockedConvolutions(nodes).length === 0;

const convolution =
  (attributes: object) =>
  (x: Value, [weight]: Parameters): Value =>
    conv2d(x, weight, undefined, attributes);

const CONVOLUTIONS: readonly BlockedCase[] = [
  {
    name: "3×3",
    image: [16, 16, 6, 5],
    parameters: [[32, 16, 3, 3]],
    build: convolution(padded),
    takes: (nodes) => blockedConvolutions(nodes).length === 3,
  },
  {
    name: "3×3, rows padded first",
    image: [16, 16, 5, 6],
    parameters: [[32, 16, 3, 3]],
    build: convolution(padded),
    takes: (nodes) => padsOf(nodes).filter((pads) => pads === "1,0,1,0").length === 2, // also for the input's gradient
  },
  {
    name: "3×5, stride 2, rows padded first",
    image: [2, 16, 7, 12],
    parameters: [[32, 16, 3, 5]],
    build: convolution({ stride: [2, 2], padding: [1, 2] }),
    takes: (nodes) => padsOf(nodes).includes("1,0,1,0"),
  },
  {
    name: "5×4 with another padding for rows than for columns",
    image: [16, 16, 6, 7],
    parameters: [[16, 16, 5, 4]],
    build: convolution({ padding: [0, 3] }),
  },
  {
    name: "5×5, few channels",
    image: [16, 3, 8, 8],
    parameters: [[16, 3, 5, 5]],
    build: convolution({ padding: [2, 2] }),
  },
  { name: "3×3, one channel", image: [16, 1, 5, 7], parameters: [[16, 1, 3, 3]], build: convolution(padded) },
  {
    name: "3×3, stride 2",
    image: [16, 16, 7, 8],
    parameters: [[16, 16, 3, 3]],
    build: convolution({ stride: [2, 2], padding: [1, 1] }),
  },
  ...[3, 16].map((channels) => ({
    name: `a stride that leaves pixels unread, ${channels} channels`,
    image: [16, channels, 8, 9],
    parameters: [[16, channels, 2, 2]],
    build: convolution({ stride: [3, 3] }),
  })),
  ...[1, 3, 16].map((channels) => ({
    // rows and columns of zeros above and to the left, as many less below and to the right
    name: `a stride that leaves the padding unread, ${channels} channels`,
    image: [16, channels, 6, 6],
    parameters: [[16, channels, 3, 3]],
    build: convolution({ stride: [3, 3], padding: [1, 1] }),
  })),
  { name: "dilated", image: [16, 16, 9, 8], parameters: [[16, 16, 3, 2]], build: convolution({ dilation: [2, 3] }) },
  { name: "1×1", image: [2, 32, 4, 3], parameters: [[16, 32, 1, 1]], build: convolution({}) },
  { name: "1×1, stride 2", image: [2, 32, 5, 3], parameters: [[16, 32, 1, 1]], build: convolution({ stride: [2, 2] }) },
  { name: "1×1, padded", image: [16, 16, 4, 3], parameters: [[16, 16, 1, 1]], build: convolution(padded) },
  {
    name: "a batch that does not fit",
    image: [3, 16, 6, 5],
    parameters: [[16, 16, 3, 3]],
    build: convolution(padded),
    takes: (nodes) => blockedConvolutions(nodes).length === 2,
  },
  {
    name: "input channels that do not fit",
    image: [16, 24, 5, 4],
    parameters: [[16, 24, 3, 3]],
    build: convolution(padded),
  },
  {
    name: "output channels that do not fit",
    image: [16, 16, 5, 4],
    parameters: [[20, 16, 3, 3]],
    build: convolution(padded),
    takes: none,
  },
  {
    name: "groups",
    image: [16, 32, 5, 4],
    parameters: [[32, 16, 3, 3]],
    build: convolution({ ...padded, groups: 2 }),
    takes: none,
  },
];

const TWO_LAYERS: readonly Shape[] = [[16, 1, 3, 3], [16], [32, 16, 5, 5], [32]];

/** Two convolutions with bias, each followed by what `pool` makes of it. */
const twoLayers =
  (pool: (x: Value) => Value) =>
  (x: Value, [first, firstBias, second, secondBias]: Parameters): Value =>
    pool(conv2d(pool(conv2d(x, first, firstBias, padded)), second, secondBias, { padding: [2, 2] }));

const withoutPadding = { padding: [0, 0], dilation: [1, 1], ceilMode: false } as const;
const half = { ...withoutPadding, kernel: [2, 2], stride: [2, 2] } as const;

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
    name: "a pool of overlapping windows",
    image: [16, 1, 9, 9],
    parameters: TWO_LAYERS,
    build: twoLayers((x) => maxPool2d(relu(x), { kernel: 3, stride: 2, padding: 1 })),
    takes: (nodes) => count(nodes, "ScatterElements") === 2,
  },
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

/** The result and the gradients of Σ result·seed with respect to the image and the parameters. */
function programOf({ name, image, parameters, build }: BlockedCase): Program {
  const x = input("x", image);
  const values = parameters.map((shape, index) => input(`parameter${index}`, shape));
  const y = build(x, values as unknown as Parameters);
  const gradients = gradientsOf(weightedSum(y, input("seed", y.shape)), [x, ...values], (parts) => add(parts));
  return defineProgram({
    name,
    outputs: { y, ...Object.fromEntries(gradients.map((value, index) => [`d${index}`, value])) },
  });
}

/** Small multiples of 1/4, so that sums are exact and equal maxima are frequent. */
const feedsOf = (program: Program): Record<string, Float32Array> =>
  Object.fromEntries(
    program.inputs.map((value) => {
      const rng = rngFor(7, inputName(value));
      return [inputName(value), Float32Array.from({ length: sizeOf(value.shape) }, () => rng.integer(-4, 4) / 4)];
    }),
  );

describe("blocked images", () => {
  test.each([...CONVOLUTIONS, ...POOLS, ...SUMS, ...NORMALISATIONS])("$name", async (example) => {
    const program = programOf(example);
    const feeds = feedsOf(program);
    const [expected, results] = await Promise.all(
      [reference, onnx].map(async (engine) => (await engine.compile(program)).run(feeds)),
    );
    for (const [name, data] of Object.entries(expected ?? {})) {
      // all sums are exact in fp32, but for roots and what is made of them: values to 60, some twenty roundings
      const atol = NORMALISATIONS.includes(example) ? 1e-4 : 0;
      expect(results?.[name] ?? [], name).toBeAllclose(data, { rtol: 0, atol });
    }
    const { nodes } = lowerProgram(program, { target: { contrib: true, block: 16 } }).model;
    expect(example.takes?.(nodes) ?? true, "takes the path that the case is about").toBe(true);
  });
});
