import { expect, test } from "vitest";
import { Gathered } from "./gathered.ts";

const PARTS = [Uint8Array.of(1, 2, 3), new Uint8Array(), Uint8Array.of(4), Uint8Array.of(5, 6, 7, 8, 9, 10, 11)];
const ALL = Uint8Array.from({ length: 11 }, (_, at) => at + 1);

test.each([0, 1, 11, 12, 1000])(
  "parts of 11 bytes in all, %d expected, become one in memory of its own",
  (expected) => {
    const body = new Gathered(expected);
    const sizes = PARTS.map((part) => {
      body.add(part);
      return body.size;
    });
    expect(sizes).toEqual([3, 3, 4, 11]);
    expect(body.bytes).toEqual(ALL);
    expect(body.bytes.buffer.byteLength).toBe(11);
  },
);

test("nothing that comes is an empty body", () => {
  expect(new Gathered(0).bytes).toEqual(new Uint8Array());
  expect(new Gathered(5).bytes).toEqual(new Uint8Array());
});
