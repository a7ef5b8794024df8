/** The kernels are modules that run: a wrong one would be passed over in silence, for the plain loops that give the same. */
import { expect, test } from "vitest";
import { colourModule } from "../colour/kernels.ts";
import { resampleModule } from "../resample/kernels.ts";
import { instantiate } from "./instance.ts";

test.each([
  ["resampling", resampleModule, ["colourRow", "columns", "greyRow", "memory"]],
  ["colours", colourModule, ["blendWith", "blendWithLuma", "memory", "sumOfLuma", "turnHues"]],
] as const)("%s", (_, module, names) => {
  expect(Object.keys(instantiate(module) ?? {}).toSorted()).toEqual(names);
});

test("bytes that are no module are passed over", () => {
  expect(instantiate(() => new Uint8Array(8))).toBeUndefined();
});
