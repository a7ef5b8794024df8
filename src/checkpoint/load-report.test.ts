import { expect, test } from "vitest";
import { UserError } from "../errors.ts";
import { checkStateDict, describeLoad, fitStateDict, float32Tensor, type StateTensor } from "./index.ts";

const zeros = (...shape: readonly number[]): StateTensor =>
  float32Tensor(shape, new Float32Array(shape.reduce((product, size) => product * size, 1)));

/** A backbone of one convolution and a normalisation, and a head. */
const shapes = (classes: number): Map<string, number[]> =>
  new Map([
    ["conv.weight", [4, 3, 3, 3]],
    ["bn.weight", [4]],
    ["bn.num_batches_tracked", []],
    ["fc.weight", [classes, 4]],
    ["fc.bias", [classes]],
  ]);
const weights = (classes: number): Map<string, StateTensor> =>
  new Map([...shapes(classes)].map(([name, shape]) => [name, zeros(...shape)]));
const head = ["fc.weight", "fc.bias"];

function problem(action: () => unknown): UserError {
  try {
    action();
  } catch (error) {
    expect(error).toBeInstanceOf(UserError);
    return error as UserError;
  }
  throw new Error("nothing was thrown");
}

test("all fits: nothing else is reported", () => {
  const report = fitStateDict(weights(10), shapes(10), { file: "f", head });
  expect([...report.loaded.keys()]).toEqual([...shapes(10).keys()]);
  expect(report).toMatchObject({ replaced: [], missing: [], unexpected: [] });
  expect(describeLoad(report)).toEqual(["loaded 5 of 5 tensors"]);
});

test("a head of another size is left out, and said", () => {
  const report = fitStateDict(weights(1000), shapes(2), { file: "f", head });
  expect([...report.loaded.keys()]).toEqual(["conv.weight", "bn.weight", "bn.num_batches_tracked"]);
  expect(report.replaced).toEqual([
    { name: "fc.weight", shape: [2, 4], given: [1000, 4] },
    { name: "fc.bias", shape: [2], given: [1000] },
  ]);
  expect(describeLoad(report)).toEqual([
    "loaded 3 of 5 tensors",
    "new: fc.weight [2, 4] (was [1000, 4]), fc.bias [2] (was [1000])",
  ]);
});

test("a layer of the head is replaced whole, the other layers of the head are kept", () => {
  const given = weights(2).set("aux.weight", zeros(7, 4)).set("aux.bias", zeros(2));
  const expected = shapes(2).set("aux.weight", [2, 4]).set("aux.bias", [2]);
  const report = fitStateDict(given, expected, { file: "f", head: [...head, "aux.weight", "aux.bias"] });
  expect(report.replaced.map(({ name }) => name)).toEqual(["aux.weight", "aux.bias"]);
  expect(report.loaded.has("fc.weight")).toBe(true);
});

test("a file without a head, and one whose head has other layers", () => {
  const given = weights(2);
  for (const name of head) given.delete(name);
  given.set("fc.extra", zeros(1)).set("old.weight", zeros(1));
  const report = fitStateDict(given, shapes(2), { file: "f", head, ignored: ["old."] });
  expect(report.replaced.map(({ name }) => name)).toEqual(head);
  expect(report.unexpected).toEqual(["fc.extra", "old.weight"]);
  expect(describeLoad(report)).toEqual([
    "loaded 3 of 5 tensors",
    "new: fc.weight [2, 4], fc.bias [2]",
    "left out: fc.extra, old.weight",
  ]);
});

test("a counter that older files lack is 0; one of another shape is wrong", () => {
  const given = weights(2);
  given.delete("bn.num_batches_tracked");
  const report = fitStateDict(given, shapes(2), { file: "f" });
  expect(report.missing).toEqual(["bn.num_batches_tracked"]);
  expect(report.loaded.get("bn.num_batches_tracked")).toEqual(float32Tensor([], [0]));
  expect(describeLoad(report)).toEqual([
    "loaded 4 of 5 tensors",
    "at zero, as the file lacks them: bn.num_batches_tracked",
  ]);
  given.set("bn.num_batches_tracked", zeros(3));
  expect(problem(() => checkStateDict(given, shapes(2), "f")).message).toContain('"bn.num_batches_tracked" is [3]');
});

test("other elements become float32, those that are share memory", () => {
  const half: StateTensor = { dtype: "float16", shape: [2], data: Uint16Array.of(0x3c00, 0xc100) };
  const whole = float32Tensor([1], [1]);
  const shapes = new Map(Object.entries({ half: [2], whole: [1] }));
  const loaded = checkStateDict(new Map(Object.entries({ half, whole })), shapes, "f");
  expect(loaded.get("half")).toEqual(float32Tensor([2], [1, -2.5]));
  expect(loaded.get("whole")?.data).toBe(whole.data);
});

test("everything else that does not fit is one error that lists all of it", () => {
  const given = new Map([
    ["conv.weight", zeros(4, 1, 3, 3)],
    ["bn.weigth", zeros(4)],
    ["fc.weight", zeros(1000, 4)],
    ["fc.bias", zeros(1000)],
  ]);
  const { message, hint } = problem(() => fitStateDict(given, shapes(2), { file: "net.pth", head }));
  expect(message).toBe(
    '"net.pth": expected the weights of this network but they do not fit: wrong shapes: "conv.weight" is [4, 1, 3, 3] ' +
      'and not [4, 3, 3, 3]; missing: "bn.weight"; unexpected: "bn.weigth" (for "bn.weight"?).',
  );
  expect(hint).toBe("Give the weights of the same network, with the same layers and sizes.");
  const withoutHead = problem(() => fitStateDict(weights(1000), shapes(2), { file: "net.pth" }));
  expect(withoutHead.message).toContain('"fc.weight" is [1000, 4] and not [2, 4], "fc.bias" is [1000] and not [2].');
});

test("of many names the first three of each kind are listed, and how many more there are", () => {
  const many = new Map(Array.from({ length: 25 }, (_, index) => [`layer${index}.weight`, [1]]));
  const { message } = problem(() => checkStateDict(new Map(), many, "f"));
  expect(message).toMatch(/missing: "layer0\.weight", "layer1\.weight", "layer2\.weight" and 22 more\.$/);
});
