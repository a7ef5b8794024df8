/** The last feature map of a network: where its answer still has places. */
import { sortNodes } from "../graph/program.ts";
import type { Value } from "../graph/value.ts";

/**
 * The feature map [N, K, h, w] that `logits` are computed from: what enters the pool of a whole map, or where there is none
 * what is flattened. Throws if the network flattens no feature map.
 */
export function lastFeatureMap(logits: Value): Value {
  const flattening = sortNodes([logits]).findLast(
    ({ op, inputs: [x], outputs: [y] }) => op === "reshape" && x?.shape.length === 4 && y?.shape.length === 2,
  );
  const flattened = flattening?.inputs[0];
  if (!flattened) throw new Error("the network flattens no feature map");
  const { source } = flattened;
  const pooled = source.kind === "node" && source.node.op === "adaptiveAveragePool" ? source.node.inputs[0] : undefined;
  return pooled ?? flattened;
}

const LINEAR_OPS = ["reshape", "linear", "adaptiveAveragePool", "averagePool"];

/** Whether `logits` are computed from `features` by linear ops alone. */
export function isLinear(features: Value, logits: Value): boolean {
  const later = new Set([features]);
  return sortNodes([logits]).every(({ op, inputs, outputs }) => {
    if (!inputs.some((operand) => operand && later.has(operand))) return true;
    for (const output of outputs) later.add(output);
    return LINEAR_OPS.includes(op);
  });
}
