/** Whatever happens to a file's bytes, reading it gives the same tensors or a `UserError`: nothing else, and soon. */
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { UserError } from "../errors.ts";
import { sizeOf } from "../graph/value.ts";
import { decodePth, decodeSafetensors, encodeSafetensors, float32Tensor, int64Scalar, stateDictOf } from "./index.ts";
import type { StateDict } from "./tensor.ts";

const golden = (name: string): Uint8Array =>
  new Uint8Array(readFileSync(new URL(`../../tools/golden/checkpoint/${name}`, import.meta.url)));

const safetensors = encodeSafetensors({
  state: new Map(Object.entries({ "conv.weight": float32Tensor([2, 2], [1, 2, 3, 4]), count: int64Scalar(7) })),
  metadata: { model: "net" },
});

type Decode = (bytes: Uint8Array) => StateDict;
const pth: Decode = (bytes) => stateDictOf(decodePth(bytes, "f"), "f");

/** Tensors as text. */
const shown = (state: StateDict): string =>
  JSON.stringify(
    Array.from(state, ([name, { dtype, shape, data }]) => [
      name,
      dtype,
      shape,
      Array.from(data as Float32Array, String),
    ]),
  );

/** What the bytes are read as, or undefined if a `UserError` says why they are not. */
function attempt(decode: Decode, bytes: Uint8Array): StateDict | undefined {
  try {
    const state = decode(bytes);
    for (const { shape, data } of state.values()) expect(data.length).toBe(sizeOf(shape));
    return state;
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}

/** `checked`: everything in the file that is read is under a checksum, so no change may go unseen. */
describe.each([
  ["zip form", golden("tensors.pth"), pth, true],
  ["pickle form", golden("forms-pickle.pth"), pth, false],
  ["pickle form with views", golden("forms-pickle-views.pth"), pth, false],
  ["tar form", golden("forms-tar-extended.pth"), pth, false],
  ["safetensors", safetensors, (bytes: Uint8Array) => decodeSafetensors(bytes, "f").state, false],
])("%s", (_, whole, decode, checked) => {
  const right = shown(decode(whole));

  test("cut off at any byte (of a tar, which is mostly padding, at every fifth)", () => {
    for (let length = 0; length < whole.length; length += whole.length < 5000 ? 1 : 5) {
      const read = attempt(decode, whole.subarray(0, length));
      if (read !== undefined) expect(shown(read)).toBe(right); // an archive may end in padding
    }
  });

  test("any bytes changed", () => {
    const changes = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(changes, (places) => {
        const bytes = whole.slice();
        for (const [at, value] of places) bytes[at] = value;
        const read = attempt(decode, bytes);
        if (checked && read !== undefined) expect(shown(read)).toBe(right);
      }),
      { numRuns: 1500, seed: 1 },
    );
  });

  test("bytes cut out, doubled or put in", () => {
    const at = fc.nat(whole.length - 1);
    fc.assert(
      fc.property(at, at, fc.uint8Array({ maxLength: 16 }), (from, to, between) => {
        attempt(decode, Buffer.concat([whole.subarray(0, from), between, whole.subarray(to)]));
      }),
      { numRuns: 500, seed: 1 },
    );
  });
});
