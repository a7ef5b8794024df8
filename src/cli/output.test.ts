import { expect, test } from "vitest";
import { harmless, wantsJson } from "./output.ts";
import { csvRecord } from "./predictions.ts";

test.each([
  ["eval a b --json", true],
  ["eval a b", false],
  ["predict a --format json b", true],
  ["predict a --format=json b", true],
  ["predict a --format csv --json", false],
  ["runs metrics a --csv --json", false],
  ["predict a -- --json", false],
])("%s", (line, expected) => expect(wantsJson(line.split(" "))).toBe(expected));

// RFC 4180: cells with commas, quotes or line breaks stand between quotes, and a quote in them is doubled
test.each([
  [["a", 1], "a,1"],
  [["a,b", ""], '"a,b",'],
  [['say "hi"'], '"say ""hi"""'],
  [["two\nlines", "cr\r"], '"two\nlines","cr\r"'],
  [['"'], '""""'],
])("%j as a CSV record", (cells, expected) => expect(csvRecord(cells)).toBe(expected));

test("what steers a terminal is written out; ends of lines stay", () => {
  expect(harmless("a\u001b[2Jb\u009d0;x\u0007\u202ec\r\n\tü")).toBe(
    "a\\u001b[2Jb\\u009d0;x\\u0007\\u202ec\\u000d\n\tü",
  );
});
