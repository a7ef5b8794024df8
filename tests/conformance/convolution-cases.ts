/** Convolutions on blocked images, and how a case becomes a Program. */
import { gradientsOf } from "../../src/graph/gradients.ts";
import { defineProgram, inputName, type Program } from "../../src/graph/program.ts";
import { input, sizeOf, type Value } from "../../src/graph/value.ts";
import type { NodeRecord } from "../../src/onnx/model.ts";
import { add, conv2d } from "../../src/ops/index.ts";
import { rngFor } from "../../src/rng.ts";
import { type BlockedCase, blockedConvolutions, type Parameters, padded } from "./blocked-cases.ts";
import { weightedSum } from "./cases.ts";

const padsOf = (nodes: readonly NodeRecord[]): string[] =>
  blockedConvolutions(nodes).map(({ attributes }) => String(attributes.pads));
const none = (nodes: readonly NodeRecord[]): boolean => blockedConvolutions(nodes).length === 0;

const convolution =
  (attributes: object) =>
  (x: Value, [weight]: Parameters): Value =>
    conv2d(x, weight, undefined, attributes);

/** Convolutions with exact results, of all forms. */
export const CONVOLUTIONS: readonly BlockedCase[] = [
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
    name: "3×3, more lines than stay in a cache",
    image: [16, 16, 40, 60],
    parameters: [[16, 16, 3, 3]],
    build: convolution(padded),
  },
  {
    name: "3×3, stride 2, more lines than stay in a cache, 3 channels",
    image: [16, 3, 53, 119],
    parameters: [[32, 3, 3, 3]],
    build: convolution({ stride: [2, 2], padding: [1, 1] }),
  },
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
  {
    name: "one pixel, stride 2",
    image: [16, 16, 1, 1],
    parameters: [[16, 16, 3, 3]],
    build: convolution({ ...padded, stride: [2, 2] }),
  },
  {
    name: "3×2, another stride for rows than for columns, odd sizes",
    image: [2, 32, 11, 10],
    parameters: [[16, 32, 3, 2]],
    build: convolution({ stride: [3, 1], padding: [2, 0] }),
  },
  { name: "1×1, padded", image: [16, 16, 4, 3], parameters: [[16, 16, 1, 1]], build: convolution(padded) },
  {
    name: "a batch that does not fit",
    image: [3, 16, 6, 5],
    parameters: [[16, 16, 3, 3]],
    build: convolution(padded),
    takes: (nodes) => blockedConvolutions(nodes).length === 3, // the images of the weight gradient as plain channels
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
    takes: (nodes) => blockedConvolutions(nodes).length === 2, // two parts of the batch of the weight gradient, by input channels
  },
  {
    name: "groups",
    image: [16, 32, 5, 4],
    parameters: [[32, 16, 3, 3]],
    build: convolution({ ...padded, groups: 2 }),
    takes: none,
  },
];

/** The result and the gradients of Σ result·seed with respect to the image and the parameters. */
export function programOf({ name, image, parameters, build }: BlockedCase): Program {
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
export const feedsOf = (program: Program): Record<string, Float32Array> =>
  Object.fromEntries(
    program.inputs.map((value) => {
      const rng = rngFor(7, inputName(value));
      return [inputName(value), Float32Array.from({ length: sizeOf(value.shape) }, () => rng.integer(-4, 4) / 4)];
    }),
  );
