import { expect, test } from "vitest";
import { checkJson } from "./json-limits.ts";

const check = (text: string) => () => checkJson(new TextEncoder().encode(text));
const nested = (levels: number): string => "[".repeat(levels) + "]".repeat(levels);

test("levels are counted, those that were left not", () => {
  expect(check(nested(64))).not.toThrow();
  expect(check(nested(65))).toThrow("body: expected JSON of at most 64 levels but it is deeper.");
  expect(check(`[${Array.from({ length: 100 }, () => nested(60)).join()}]`)).not.toThrow();
  expect(check(`${'{"a":'.repeat(65)}1${"}".repeat(65)}`)).toThrow("at most 64 levels");
});

test("what stands in texts is not counted, whatever is escaped there", () => {
  expect(check(JSON.stringify("[".repeat(1000)))).not.toThrow();
  expect(check(JSON.stringify({ a: `"${"[{".repeat(1000)}\\` }))).not.toThrow();
  expect(check(`["\\\\", ${nested(65)}]`)).toThrow("at most 64 levels");
});

test("values are counted", () => {
  const values = (count: number): string => `[${"1,".repeat(count - 1)}1]`;
  expect(check(values((1 << 22) - 1))).not.toThrow();
  expect(check(values((1 << 22) + 1))).toThrow("body: expected JSON of at most 4194304 values but it has more.");
});
