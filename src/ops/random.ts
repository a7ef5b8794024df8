import { defineOp, float32 } from "../graph/define-op.ts";
import { type Shape, sameShape, type Value } from "../graph/value.ts";
import { multiply } from "./arithmetic.ts";
import { expectRule } from "./checks.ts";
import { dropoutMaskValues } from "./reference/dropout.ts";

export { dropoutMaskValues };

/**
 * The mask of inverted dropout: float32 of `shape`, each element 0 with probability `rate`, else 1/(1 − rate).
 *
 * A pure function of key [4] = [seedLow, seedHigh, step, epoch] (uint32 bits) and `layer`, the number of the layer in its
 * network, so that no two layers or steps share a mask. key must be an input: engines may compute masks before a run.
 */
export const dropoutMask = defineOp({
  name: "dropoutMask",
  inputs: ["key"],
  outputs: ["mask"],
  defaults: { shape: [] as Shape, rate: 0.5, layer: 0 },
  dtypes: { key: "int32" },
  shape: ([key], { shape, rate, layer }) => {
    expectRule("dropoutMask", sameShape(key.shape, [4]), "key must have shape [4]", { key });
    expectRule("dropoutMask", key.source.kind === "input", "key must be an input of the Program", { key });
    expectRule("dropoutMask", 0 <= rate && rate <= 1, `rate ${rate} must be in 0..1`, { key });
    expectRule(
      "dropoutMask",
      Number.isInteger(layer) && 0 <= layer,
      `layer ${layer} must be an integer of at least 0`,
      { key },
    );
    return [float32(shape)];
  },
  reference: ([key], { rate, layer }, [mask]) => {
    const size = mask.shape.reduce((product, length) => product * length, 1);
    const values = dropoutMaskValues(Int32Array.from(key.data), { size, rate, layer });
    return [{ shape: mask.shape, data: Float64Array.from(values) }];
  },
});

/** x with each element zeroed with probability `rate`, the others divided by 1 − rate (Srivastava et al. 2014). */
export const dropout = (x: Value, key: Value, { rate, layer }: { rate: number; layer: number }): Value =>
  multiply(x, dropoutMask(key, { shape: x.shape, rate, layer }));
