import { expect, test } from "vitest";
import { nearest } from "./nearest.ts";

const NAMES = ["mnist", "fashion-mnist", "digits", "resnet18", "resnet152"];

test.each([
  ["mnst", "mnist"],
  ["MNIST", "mnist"],
  ["fashion_mnist", "fashion-mnist"],
  ["digit", "digits"],
  ["resnet151", "resnet152"],
  ["resnet", "resnet18"],
  ["", undefined],
  ["photographs", undefined],
])("%j is most like %j", (name, expected) => {
  expect(nearest(name, NAMES)).toBe(expected);
});

test("no candidates, no suggestion", () => {
  expect(nearest("mnist", [])).toBeUndefined();
});

test("a name of megabytes is like none, and is compared with none", () => {
  expect(nearest("a".repeat(1e6), ["b".repeat(1e6), "a".repeat(1e6 - 1)])).toBeUndefined();
});
