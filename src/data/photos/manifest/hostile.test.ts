import { describe, expect, test } from "vitest";
import { UserError } from "../../../errors.ts";
import { rowsOf } from "./rows.ts";

const nested = (depth: number): string => `${"[".repeat(depth)}${"]".repeat(depth)}`;
const LONG = "a".repeat(2e7);
const row = { file: "a.jpg", label: "ants", split: undefined };

/** Why a manifest is refused. */
function refusal(text: string, path: string): string {
  try {
    rowsOf(text, path);
  } catch (error) {
    expect(error).toBeInstanceOf(UserError);
    return (error as UserError).message;
  }
  return "nothing";
}

test("a value of 20 MB is read, with and without quotes, and one of quotes", () => {
  expect(rowsOf(`file,label\n"${LONG}",ants\n`, "m.csv")[0]?.file.length).toBe(2e7);
  expect(rowsOf(`file,label\n${LONG},ants\n`, "m.csv")[0]?.file.length).toBe(2e7);
  expect(rowsOf(`file,label\n"${'""'.repeat(1e6)}",ants\n`, "m.csv")[0]?.file.length).toBe(1e6);
});

test("a quote that is never closed is told, also before 20 MB", () => {
  expect(refusal(`file,label\n"${LONG}`, "m.csv")).toMatch(
    /^"m\.csv" line 2: .* a double quote stands out of place\.$/,
  );
});

test("of many columns a few are listed", () => {
  expect(refusal(`${"x,".repeat(1e5)}y\na\n`, "m.csv").length).toBeLessThan(200);
  expect(refusal(`${LONG},y\na\n`, "m.csv").length).toBeLessThan(300);
});

test("a line of a million columns is read in the time of as many short lines", () => {
  const columns = 1e6; // where each value looked for the end of the line, this took minutes
  const [photo] = rowsOf(`${"c,".repeat(columns)}file,label\n${"a,".repeat(columns)}a.png,x\n`, "m.csv");
  expect(photo).toEqual({ file: "a.png", label: "x", split: undefined, line: 2 });
});

describe.each(["m.jsonl", "m.json"])("%s", (path) => {
  const refusalOf = (line: string): string => refusal(path === "m.json" ? `[${line}]` : line, path);

  test.each([1e3, 1e5, 1e7])("values nested %d deep are refused in a few words", (depth) => {
    for (const line of [`{"file":${nested(depth)},"label":"b"}`, `{"file":"a","label":"b","split":${nested(depth)}}`])
      expect(refusalOf(line)).toMatch(/^"m\.jsonl?".{1,160}$/);
  });

  test("values of another kind are shown, cut where they are long", () => {
    const list = JSON.stringify(Array.from({ length: 1e5 }, () => 1));
    expect(refusalOf(`{"file":${list},"label":"b"}`)).toMatch(/expected a file but it is \[1,1,[1,]{1,80}…\.$/);
    expect(refusalOf('{"file":"a","label":"b","split":{"toString":1}}')).toContain('but it is {"toString":1}.');
  });

  test("names that every object has are no keys", () => {
    expect(refusalOf('{"file":"a","constructor":"b","toString":"c"}')).toContain("expected a label but it is missing");
    const text = '{"file":"a.jpg","label":"ants","__proto__":{"split":"val"}}';
    expect(rowsOf(path === "m.json" ? `[${text}]` : text, path)).toEqual([{ ...row, line: 1 }]);
  });
});
