import { expect, test } from "vitest";
import { table, wantsJson } from "./output.ts";
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

test("a table is aligned by what is shown of its cells", () => {
  expect(
    table([
      ["a\u001bb", "x"],
      ["c", "y"],
    ]),
  ).toBe("a\\u001bb  x\nc         y");
});
