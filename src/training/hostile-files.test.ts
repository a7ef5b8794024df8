import { expect, test } from "vitest";
import { UserError } from "../errors.ts";
import { parseConfigFile, resolveConfig } from "./config.ts";
import { recordsIn } from "./run-account.ts";

const nested = (depth: number): string => `${"[".repeat(depth)}${"]".repeat(depth)}`;
const LONG = "a".repeat(1e6);

/** Why the settings in a text are refused, message and hint. */
function refusal(text: string): string {
  try {
    resolveConfig([parseConfigFile(text, "c.json")]);
  } catch (error) {
    expect(error).toBeInstanceOf(UserError);
    return `${(error as UserError).message}\n${(error as UserError).hint}`;
  }
  return "nothing";
}

test.each([
  `{"epochs":${nested(60)}}`,
  `{"epochs":${nested(1e5)}}`,
  `{"optimizer":${nested(1e7)}}`,
  nested(1e5),
  `["${LONG}"]`,
  `{"optimizer":"${LONG}"}`,
  `{"optimizer":{"toString":1}}`,
  `{"${LONG}":1}`,
  `{"__proto__":1}`,
  `{"constructor":1}`,
])("settings %.40s are refused in two short lines", (text) => {
  const lines = refusal(text).split("\n");
  expect(lines).toHaveLength(2);
  for (const line of lines) expect(line).toMatch(/^.{1,500}$/);
});

test("records of foreign types are told in one short sentence", () => {
  const problems: string[] = [];
  const lines = Array.from({ length: 1e4 }, (_, index) => `{"type":"${index === 0 ? LONG : `t${index}`}"}\n`);
  expect(recordsIn(lines.join(""), problems)).toEqual([]);
  expect(problems).toEqual([
    `metrics.jsonl has records of the types "${"a".repeat(80)}…", "t1", "t2" and 9997 more, which this version of ocelli does not know.`,
  ]);
});

test.each(['{"type":{"toString":1}}', `{"type":${nested(1e5)}}`, '{"__proto__":{"type":"step"}}'])(
  "a record %.30s is passed over",
  (line) => {
    const problems: string[] = [];
    expect(recordsIn(`${line}\n`, problems)).toEqual([]);
    expect(problems).toEqual(["Line 1 of metrics.jsonl cannot be read and is passed over."]);
  },
);
