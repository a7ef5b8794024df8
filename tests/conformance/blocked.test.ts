/** The onnx engine's kernels for blocked images against the reference engine, at sizes at which they are used. */
import { afterAll, describe, expect, test } from "vitest";
import { openEngine } from "../../src/engines/index.ts";
import { openReferenceEngine } from "../../src/engines/reference/engine.ts";
import { gradientsOf } from "../../src/graph/gradients.ts";
import { defineProgram, inputName, type Program } from "../../src/graph/program.ts";
import { input, type Shape, sizeOf, type Value } from "../../src/graph/value.ts";
import { maxPool2d } from "../../src/nn/index.ts";
import { add, conv2d, relu } from "../../src/ops/index.ts";
import { rngFor } from "../../src/rng.ts";
import { weightedSum } from "./cases.ts";

const onnx = await openEngine("onnx", { threads: 2 });
const reference = openReferenceEngine();
afterAll(() => onnx.close());

interface BlockedCase {
  readonly name: string;
  readonly image: Shape;
  readonly kernels: readonly Shape[];
  readonly build: (x: Value, kernels: readonly Value[]) => Value;
}

const convolution =
  (attributes: object) =>
  (x: Value, [weight]: readonly Value[]) =>
    conv2d(x, weight as Value, undefined, attributes);

const CASES: readonly BlockedCase[] = [
  { name: "3×3", image: [16, 16, 6, 5], kernels: [[32, 16, 3, 3]], build: convolution({ padding: [1, 1] }) },
  {
    name: "5×5, few channels",
    image: [16, 3, 8, 8],
    kernels: [[16, 3, 5, 5]],
    build: convolution({ padding: [2, 2] }),
  },
  {
    name: "3×3, stride 2",
    image: [16, 16, 7, 8],
    kernels: [[16, 16, 3, 3]],
    build: convolution({ stride: [2, 2], padding: [1, 1] }),
  },
  { name: "dilated", image: [16, 16, 9, 8], kernels: [[16, 16, 3, 2]], build: convolution({ dilation: [2, 3] }) },
  { name: "1×1", image: [2, 32, 4, 3], kernels: [[16, 32, 1, 1]], build: convolution({}) },
  { name: "1×1, stride 2", image: [2, 32, 5, 3], kernels: [[16, 32, 1, 1]], build: convolution({ stride: [2, 2] }) },
  {
    name: "a batch that does not fit",
    image: [3, 16, 6, 5],
    kernels: [[16, 16, 3, 3]],
    build: convolution({ padding: [1, 1] }),
  },
  {
    name: "two layers with relu and pool",
    image: [16, 1, 12, 8],
    kernels: [
      [16, 1, 3, 3],
      [32, 16, 5, 5],
    ],
    build: (x, [first, second]) => {
      const half = maxPool2d(relu(conv2d(x, first as Value, undefined, { padding: [1, 1] })), { kernel: 2 });
      return maxPool2d(relu(conv2d(half, second as Value, undefined, { padding: [2, 2] })), { kernel: [3, 2] });
    },
  },
  {
    name: "a residual sum",
    image: [2, 16, 4, 4],
    kernels: [
      [16, 16, 3, 3],
      [16, 16, 3, 3],
    ],
    build: (x, [first, second]) => {
      const y = relu(conv2d(x, first as Value, undefined, { padding: [1, 1] }));
      return relu(add([y, conv2d(y, second as Value, undefined, { padding: [1, 1] })]));
    },
  },
];

/** The result and the gradients of Σ result·seed with respect to the image and the kernels. */
function programOf({ name, image, kernels, build }: BlockedCase): Program {
  const x = input("x", image);
  const weights = kernels.map((shape, index) => input(`weight${index}`, shape));
  const y = build(x, weights);
  const gradients = gradientsOf(weightedSum(y, input("seed", y.shape)), [x, ...weights], (values) => add(values));
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
  test.each(CASES)("$name", async (example) => {
    const program = programOf(example);
    const feeds = feedsOf(program);
    const [expected, results] = await Promise.all(
      [reference, onnx].map(async (engine) => (await engine.compile(program)).run(feeds)),
    );
    for (const [name, data] of Object.entries(expected ?? {})) {
      // all sums are exact in fp32
      expect(results?.[name] ?? [], name).toBeAllclose(data, { rtol: 0, atol: 0 });
    }
  });
});
