import { expect, test } from "vitest";
import { UserError } from "./errors.ts";

test("an error is two lines, whatever is in the names that it holds", () => {
  const { message, hint } = new UserError('"a\nb\u001b[2J\u202ec": expected x but y.', 'Did you mean "a\nb"?');
  expect([message, hint]).toEqual(['"a\\nb\\u001b[2J\\u202ec": expected x but y.', 'Did you mean "a\\nb"?']);
});

test("a long name is cut, with the beginning and the end of the message", () => {
  const { message } = new UserError(`"a.csv": expected b but it is "${"x".repeat(2e7)}" here.`, "");
  expect(message.length).toBeLessThan(2100);
  expect(message).toMatch(/^"a\.csv": expected b but it is "xxx.* … x+" here\.$/);
});
