import { expect, test } from "vitest";
import { harmless } from "./harmless.ts";

test("what steers a terminal is written out; ends of lines stay", () => {
  expect(harmless("a\u001b[2Jb\u009d0;x\u0007\u202ec\r\n\tü")).toBe(
    "a\\u001b[2Jb\\u009d0;x\\u0007\\u202ec\\u000d\n\tü",
  );
});
