import { expect, test } from "vitest";
import { brokenLimit, parsedJson, parseJson } from "./json.ts";

const nested = (depth: number): string => `${"[".repeat(depth)}${"]".repeat(depth)}`;

test("JSON of up to 64 levels is read, deeper JSON is refused before anything is made of it", () => {
  expect(parseJson(`{"a":${nested(63)},"b":"[[["}`)).toMatchObject({ b: "[[[" });
  expect(() => parseJson(`{"a":${nested(64)}}`)).toThrow("nested more than 64 levels deep");
  expect(() => parseJson(nested(1e7))).toThrow(SyntaxError);
  expect(parsedJson("[".repeat(1e7))).toBeUndefined();
  expect(parsedJson("{")).toBeUndefined();
});

test("what is in texts is no level, also behind marks and line ends", () => {
  expect(parsedJson(JSON.stringify(`\\"${nested(99)}"`))).toBe(`\\"${nested(99)}"`);
});

test("values are counted where there is a limit", () => {
  const bytes = Buffer.from("[1,[2,3]]"); // two lists, three numbers
  expect(brokenLimit(bytes, { deepest: 2, most: 5 })).toBeUndefined();
  expect(brokenLimit(bytes, { deepest: 2, most: 4 })).toBe("most");
  expect(brokenLimit(bytes, { deepest: 1, most: 4 })).toBe("deepest");
});
