import { expect, test } from "vitest";
import { lookup } from "./lookup.ts";

test("a table has what was put into it and nothing else", () => {
  for (const name of ["constructor", "__proto__", "toString", "hasOwnProperty"]) {
    expect(lookup({ a: 1 }, name)).toBeUndefined();
    expect(lookup(JSON.parse(`{"${name}":1}`), name)).toBe(1);
  }
});
