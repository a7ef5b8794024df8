import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";

const { OCELLI_DATA: dataFolder, OCELLI_REQUIRE_DATA: isRequired } = process.env;
if (isRequired && !existsSync(join(dataFolder ?? "", "mnist"))) {
  const received = dataFolder ? `OCELLI_DATA is "${dataFolder}"` : "OCELLI_DATA is not set";
  throw new Error(`OCELLI_REQUIRE_DATA: expected a folder with the data set mnist in it, but ${received}`);
}

interface Tolerance {
  readonly rtol?: number;
  readonly atol?: number;
}

type Numbers = ArrayLike<number>;

/** Index of the first element that is further away than `atol + rtol·|expected|`, or −1. NaN equals only NaN. */
function firstMismatch(received: Numbers, expected: Numbers, { rtol = 1e-5, atol = 1e-6 }: Tolerance): number {
  for (let i = 0; i < expected.length; i++) {
    const a = received[i] ?? Number.NaN;
    const b = expected[i] ?? Number.NaN;
    if (Object.is(a, b) || a === b) continue;
    if (!(Math.abs(a - b) <= atol + rtol * Math.abs(b))) return i;
  }
  return -1;
}

expect.extend({
  /** Elementwise `|received − expected| ≤ atol + rtol·|expected|`, as numpy.allclose; lengths must be equal. */
  toBeAllclose(received: Numbers, expected: Numbers, tolerance: Tolerance = {}) {
    if (received.length !== expected.length) {
      return { pass: false, message: () => `expected ${expected.length} numbers, got ${received.length}` };
    }
    const at = firstMismatch(received, expected, tolerance);
    return {
      pass: at === -1,
      message: () => `element ${at}: expected ${expected[at]}, got ${received[at]} (${JSON.stringify(tolerance)})`,
    };
  },
});

declare module "vitest" {
  interface Matchers<T> {
    toBeAllclose(expected: Numbers, tolerance?: Tolerance): T;
  }
}
