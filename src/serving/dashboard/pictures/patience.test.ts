import { expect, test } from "vitest";
import { withPatience } from "./patience.ts";

const endless = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true }));

test("work that takes too long, or that nobody waits for, is told to end", async () => {
  await expect(withPatience(endless, undefined, 0.001)).rejects.toMatchObject({
    status: 413,
    message: "picture: expected one that can be read within 0.001 s but it takes longer.",
  });
  const client = new AbortController();
  const answer = withPatience(endless, client.signal);
  client.abort(new Error("gone"));
  await expect(answer).rejects.toThrow("gone");
  expect(await withPatience(async () => 7)).toBe(7);
});
