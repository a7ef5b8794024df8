import { describe, expect, test } from "vitest";
import { openEngine } from "../engines/index.ts";
import { add, linear, multiply, relu, sum } from "../ops/index.ts";
import { defineProgram, inputName, type Program } from "./program.ts";
import { type Fixed, splitProgram } from "./split.ts";
import { input, read, type Value } from "./value.ts";

const matrix = (name: string) => read({ name, shape: [3, 3], dtype: "float32" });
const fixed: Fixed = {
  isInput: (name) => name === "images",
  isVariable: (name) => name.startsWith("frozen"),
  mixing: ["sum"],
};

/** relu(x·frozenᵀ)·trainedᵀ + labels, and a step that changes `trained`. */
function program(change: (hidden: Value) => Value = (hidden) => hidden): Program {
  const hidden = change(relu(linear(input("images", [2, 3]), matrix("frozen.weight"), undefined)));
  const logits = add([linear(hidden, matrix("trained.weight"), undefined), input("labels", [2, 3])]);
  const next = add([matrix("trained.weight"), sum(logits, { axes: [0, 1] })]);
  return defineProgram({
    name: "step",
    outputs: { logits },
    updates: [{ variable: { name: "trained.weight", shape: [3, 3], dtype: "float32" }, value: next }],
  });
}

const namesOf = ({ inputs, variables }: Program) => [inputs.map(inputName), variables.map(({ name }) => name)];

describe("a Program in two", () => {
  test("is cut after all that is fixed", () => {
    const split = splitProgram(program(), fixed);
    expect(split?.features.shape).toEqual([2, 3]);
    expect(split && namesOf(split.prefix)).toEqual([["images"], ["frozen.weight"]]);
    expect(split && namesOf(split.suffix)).toEqual([["features", "labels"], ["trained.weight"]]);
  });

  test("computes the same", async () => {
    const split = splitProgram(program(), fixed);
    const feeds = { images: Float32Array.of(1, -2, 3, 4, 5, -6), labels: Float32Array.of(0, 1, 2, 3, 4, 5) };
    const run = async (parts: boolean) => {
      const engine = await openEngine("reference");
      for (const [name, from] of [
        ["frozen.weight", 1],
        ["trained.weight", -4],
      ] as const)
        await engine.write(
          new Map([[name, { shape: [3, 3], data: Float32Array.from({ length: 9 }, (_, i) => from + i / 2) }]]),
        );
      const features = parts && split ? await (await engine.compile(split.prefix)).run(feeds) : {};
      const whole = await engine.compile((parts && split?.suffix) || program());
      const results = await whole.run({ ...feeds, ...features });
      const state = await engine.read(["trained.weight"]);
      await engine.close();
      return { results, state };
    };
    expect(await run(true)).toEqual(await run(false));
  });

  test("is not, where what is fixed is handed over in several tensors, or in none", () => {
    const twice = program((hidden) => add([hidden, multiply(relu(input("images", [2, 3])), input("labels", [2, 3]))]));
    expect(splitProgram(twice, fixed)).toBeUndefined();
    expect(splitProgram(program(), { ...fixed, isVariable: () => false })).toBeUndefined();
  });

  test("leaves ops that mix the images of a batch, and all after them, in the second part", () => {
    const mixed = program((hidden) => multiply(hidden, sum(hidden, { axes: [0, 1] })));
    const split = splitProgram(mixed, fixed);
    expect(split?.prefix.nodes.map(({ op }) => op)).toEqual(["linear", "relu"]);
    expect(split?.suffix.nodes.map(({ op }) => op)).toContain("sum");
  });

  test("leaves what is made of fixed variables alone where it is read", () => {
    const scaled = program((hidden) =>
      linear(hidden, multiply(matrix("frozen.other"), matrix("frozen.scale")), undefined),
    );
    const whole = splitProgram(scaled, fixed);
    expect(whole?.prefix.nodes.map(({ op }) => op)).toEqual(["linear", "relu", "multiply", "linear"]);
    const change = (hidden: Value) => linear(hidden, matrix("trained.other"), undefined);
    const later = program((hidden) => linear(change(hidden), relu(matrix("frozen.row")), undefined));
    const split = splitProgram({ ...later }, { ...fixed });
    expect(split?.prefix.nodes.map(({ op }) => op)).toEqual(["linear", "relu"]);
    expect(split?.suffix.variables.map(({ name }) => name)).toContain("frozen.row");
  });

  test("takes no variable for fixed that the Program changes", () => {
    const split = splitProgram(program(), { ...fixed, isVariable: () => true });
    expect(split && namesOf(split.prefix)).toEqual([["images"], ["frozen.weight"]]);
  });
});
