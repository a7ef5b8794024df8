import { expect, test } from "vitest";
import { memoryOf } from "./memory.ts";

test("the memory of arrays that fill theirs is handed over once, in records of records too", () => {
  const [own, other] = [new Uint8Array(3), new Float32Array(2)];
  expect(memoryOf(own)).toEqual([own.buffer]);
  expect(memoryOf({ a: own, b: { c: other, d: own }, e: 7, f: null, g: "text" })).toEqual([own.buffer, other.buffer]);
});

test("what is a part of other memory, or no plain record, stays", () => {
  expect(memoryOf(new Uint8Array(8).subarray(2, 6))).toEqual([]);
  expect(memoryOf(new Uint8Array(new SharedArrayBuffer(8)))).toEqual([]);
  expect(memoryOf(new Map([["a", new Uint8Array(3)]]))).toEqual([]);
  expect(memoryOf(undefined)).toEqual([]);
});
