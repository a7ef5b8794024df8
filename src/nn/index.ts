export {
  add,
  channelAffine,
  concat,
  flatten,
  hardSwish,
  logSoftmax,
  relu,
  relu6,
  sigmoid,
  silu,
  softmax,
} from "../ops/index.ts";
export * from "./initialisers.ts";
export * from "./layers.ts";
export * from "./module.ts";
export * from "./new-head.ts";
export type { PairOption } from "./pair.ts";
export * from "./pooling.ts";
export * from "./state.ts";
export * from "./trace.ts";
