import { describe, expect, test } from "vitest";
import { ShapeError } from "../graph/define-op.ts";
import { input, type Value } from "../graph/value.ts";
import { add, flatten, relu, sigmoid } from "../ops/index.ts";
import { batchNorm2d, conv2d, linear } from "./layers.ts";
import { identity, type Module, module, type Step, sequential } from "./module.ts";
import { maxPool2d } from "./pooling.ts";
import { tensorsOf, trace } from "./trace.ts";

const namesOf = (network: Module<unknown>): string[] => tensorsOf(network).map(({ name }) => name);
const apply = <Output>(network: Module<Output>, x: Value): Output => trace(network, x, { training: false }).output;
const opsOf = (value: Value | undefined): string[] => {
  if (value?.source.kind !== "node") return [];
  const { op, inputs } = value.source.node;
  return [...opsOf(inputs[0]), op];
};

describe("names and order of the state dict", () => {
  test("children's names joined by dots, in the order in which they are given", () => {
    const network = module(
      { conv1: conv2d(1, 2, { kernel: 1 }), bn1: batchNorm2d(2), fc: linear(2, 3, { bias: false }) },
      (x) => x,
    );
    expect(namesOf(module({ backbone: network, head: linear(3, 1) }, (x) => x))).toEqual([
      "backbone.conv1.weight",
      "backbone.conv1.bias",
      "backbone.bn1.weight",
      "backbone.bn1.bias",
      "backbone.bn1.running_mean",
      "backbone.bn1.running_var",
      "backbone.bn1.num_batches_tracked",
      "backbone.fc.weight",
      "head.weight",
      "head.bias",
    ]);
  });

  test("a module's own tensors come before its children's", () => {
    const network: Module = {
      ...module({ child: linear(1, 1) }, (x) => x),
      parameters: { own: { shape: [1], initialise: () => new Float32Array(1) } },
    };
    expect(namesOf(network)).toEqual(["own", "child.weight", "child.bias"]);
  });

  test("steps of a sequence are numbered, also those without parameters, 10 after 9", () => {
    const steps = Array.from({ length: 11 }, () => [linear(1, 1, { bias: false }), relu] as const).flat();
    const expected = Array.from({ length: 11 }, (_, index) => `${2 * index}.weight`);
    expect(namesOf(sequential(...steps))).toEqual(expected);
    expect(namesOf(module({ layer1: sequential(sequential(linear(1, 1))) }, (x) => x))).toEqual([
      "layer1.0.0.weight",
      "layer1.0.0.bias",
    ]);
  });

  test("identity has no tensors", () => {
    expect(namesOf(module({ downsample: identity() }, (x) => x))).toEqual([]);
  });
});

describe("the forward pass", () => {
  const x = input("x", [2, 3]);

  test("a sequence applies its steps in order", () => {
    const y = apply(sequential(linear(3, 4), relu, sequential(linear(4, 5), sigmoid)), x);
    expect(opsOf(y)).toEqual(["linear", "relu", "linear", "sigmoid"]);
    expect(y.shape).toEqual([2, 5]);
  });

  test("an empty sequence and identity give what they get", () => {
    expect(apply(sequential(), x)).toBe(x);
    expect(apply(identity(), x)).toBe(x);
    expect(
      apply(
        module({ downsample: identity() }, (value, { downsample }) => downsample(value)),
        x,
      ),
    ).toBe(x);
  });

  test("a module may return several values, to its caller as well", () => {
    const two = module({ a: linear(3, 1), b: linear(3, 2) }, (value, { a, b }) => ({
      logits: a(value),
      extra: b(value),
    }));
    const { logits, extra } = apply(two, x);
    expect([logits.shape, extra.shape]).toEqual([
      [2, 1],
      [2, 2],
    ]);
    const outer = module({ two }, (value, children) => children.two(value).extra);
    expect(apply(outer, x).shape).toEqual([2, 2]);
  });

  test("a child that is called twice has one weight; a module in two places has two", () => {
    const shared = linear(3, 3, { bias: false });
    const twice = module({ fc: shared }, (value, { fc }) => fc(fc(value)));
    expect([...trace(twice, x, { training: false }).tensors.keys()]).toEqual(["fc.weight"]);
    const places = module({ a: shared, b: shared }, (value, { a, b }) => add([a(value), b(value)]));
    expect([...trace(places, x, { training: false }).tensors.keys()]).toEqual(["a.weight", "b.weight"]);
  });
});

describe("a shape error names the layer, the op, the operand and both shapes", () => {
  const image = input("images", [8, 4, 28, 28]);
  const network = (step: Step): Module =>
    module({ layer1: sequential(conv2d(4, 6, { kernel: 3 }), step) }, (x, { layer1 }) => layer1(x));

  test.each<[string, Step, string]>([
    [
      "a layer",
      sequential(relu, conv2d(3, 16, { kernel: 5 })),
      'layer "layer1.1.1": conv2d: weight must have 6 input channels; got x [8, 6, 26, 26], weight [16, 3, 5, 5]',
    ],
    [
      "a layer of another kind",
      batchNorm2d(5),
      'layer "layer1.1": batchNormInference: weight must have shape [6]; got x [8, 6, 26, 26], weight [5]',
    ],
    [
      "a function, which has no name: the module that calls it",
      (x) => maxPool2d(x, { kernel: 30 }),
      'layer "layer1": maxPool: kernel [30, 30] must fit into the padded image; got x [8, 6, 26, 26]',
    ],
    [
      "a function in a sequence of its own",
      sequential(flatten, (x) => maxPool2d(x, { kernel: 2 })),
      'layer "layer1.1": maxPool: x must have 4 dimensions; got x [8, 4056]',
    ],
  ])("%s", (_, step, message) => {
    expect(() => apply(network(step), image)).toThrow(new ShapeError(message));
  });

  test("other errors pass as they are", () => {
    const broken = module(
      {
        part: module({}, (): Value => {
          throw new TypeError("a bug");
        }),
      },
      (x, { part }) => part(x),
    );
    expect(() => apply(broken, image)).toThrow(new TypeError("a bug"));
  });
});
