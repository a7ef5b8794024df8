import { expect, test } from "vitest";
import { add, relu } from "../ops/index.ts";
import { packProgram, unpackProgram } from "./pack.ts";
import { defineProgram } from "./program.ts";
import { constant, input, read, type Value } from "./value.ts";

const total = { name: "total", shape: [2], dtype: "float32" } as const;

test("a Program comes back from its flat form", () => {
  const sum = add([input("x", [2]), read(total), constant(Float32Array.of(1, 2), [2])]);
  const program = defineProgram({
    name: "sum",
    outputs: { sum, again: sum },
    updates: [{ variable: total, value: relu(sum) }],
  });
  const unpacked = unpackProgram(structuredClone(packProgram(program)));
  expect(unpacked).toEqual(program);
  expect(unpacked.outputs.again).toBe(unpacked.outputs.sum);
});

test("a deep Program can be sent to another thread", () => {
  let y: Value = input("x", [1]);
  for (let i = 0; i < 20_000; i++) y = relu(y);
  const packed = structuredClone(packProgram(defineProgram({ name: "deep", outputs: { y } })));
  expect(unpackProgram(packed).nodes.length).toBe(20_000);
});
