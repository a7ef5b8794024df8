/** Some of what `npm run faults` tries: each way of failing at a place of its own. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writeBandFolder } from "../bands.ts";
import { emptyFolder } from "../cli/ocelli.ts";
import { attempt, KINDS, undisturbed } from "./attempt.ts";

const cwd = emptyFolder();
let whole: Awaited<ReturnType<typeof undisturbed>>;
beforeAll(async () => {
  writeBandFolder(join(cwd, "bands"));
  whole = await undisturbed(cwd);
});
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

test("there are writings to fail", () => expect(whole.writings).toBeGreaterThan(30));

test.each(KINDS.map((kind, at) => ({ kind, share: (at + 0.5) / KINDS.length })))(
  "$kind at $share of the writings: told in two lines, and resumed to the same weights",
  async ({ kind, share }) => {
    await attempt(cwd, { kind, n: Math.ceil(share * whole.writings), expected: whole.outcome });
  },
);
