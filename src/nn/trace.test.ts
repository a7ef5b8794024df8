import { expect, test } from "vitest";
import { input, scalar } from "../graph/value.ts";
import { add, relu } from "../ops/index.ts";
import { batchNorm2d, conv2d } from "./layers.ts";
import { type Module, module } from "./module.ts";
import { type Scope, tensorsOf, trace } from "./trace.ts";

const x = input("x", [2, 3, 4, 4]);

/** A module that does with its scope what `use` does. */
const using = (use: (scope: Scope) => void): Module => ({
  kind: "test",
  parameters: { weight: { shape: [3], initialise: () => new Float32Array(3) } },
  buffers: { count: { shape: [], initialise: () => new Float32Array(1), dtype: "int64" } },
  children: {},
  apply: (scope, value) => {
    use(scope);
    return value;
  },
});

test("a tensor is the same value each time, a read of the variable of its full name", () => {
  const network = module(
    {
      part: using((scope) => {
        expect(scope.name).toBe("part");
        expect(scope.tensor("weight")).toBe(scope.tensor("weight"));
      }),
    },
    (value, { part }) => part(part(value)),
  );
  const { tensors } = trace(network, x, { training: false });
  expect([...tensors]).toMatchObject([
    ["part.weight", { shape: [3], source: { kind: "variable", variable: { name: "part.weight" } } }],
  ]);
});

test("only what the forward pass reads is traced", () => {
  const network = module(
    { used: conv2d(3, 2, { kernel: 1 }), unused: conv2d(3, 2, { kernel: 1 }) },
    (value, { used }) => used(value),
  );
  expect([...trace(network, x, { training: true }).tensors.keys()]).toEqual(["used.weight", "used.bias"]);
  expect(tensorsOf(network)).toHaveLength(4);
});

test("the last update of a buffer counts", () => {
  const network = module(
    {
      part: using((scope) => {
        scope.update("count", scalar(1));
        scope.update("count", add([scope.tensor("count"), scalar(2)]));
      }),
    },
    (value, { part }) => part(value),
  );
  const { updates } = trace(network, x, { training: true });
  expect(updates).toMatchObject([{ variable: { name: "part.count", shape: [] }, value: { source: { kind: "node" } } }]);
});

test("a name that the module has not is an error", () => {
  const network = module({ part: using((scope) => scope.tensor("bias")) }, (value, { part }) => part(value));
  expect(() => trace(network, x, { training: false })).toThrow('module "part" has no parameter or buffer "bias"');
});

test("traces do not share anything: two passes give two graphs over the same variables", () => {
  const network = module({ bn: batchNorm2d(3) }, (value, { bn }) => relu(bn(value)));
  const [training, evaluation] = [true, false].map((mode) => trace(network, x, { training: mode }));
  expect(training?.updates).toHaveLength(3);
  expect(evaluation?.updates).toHaveLength(0);
  expect(training?.tensors.get("bn.weight")).not.toBe(evaluation?.tensors.get("bn.weight"));
  expect(training?.tensors.get("bn.weight")).toEqual(evaluation?.tensors.get("bn.weight"));
});

test("tensors know their role and the element type that a state dict gives them", () => {
  const found = tensorsOf(module({ bn: batchNorm2d(3) }, (value, { bn }) => bn(value)));
  expect(found.map(({ name, role, spec }) => [name, role, spec.dtype ?? "float32"])).toEqual([
    ["bn.weight", "parameter", "float32"],
    ["bn.bias", "parameter", "float32"],
    ["bn.running_mean", "buffer", "float32"],
    ["bn.running_var", "buffer", "float32"],
    ["bn.num_batches_tracked", "buffer", "int64"],
  ]);
});
