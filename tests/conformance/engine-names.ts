import { inspectEngines } from "../../src/engines/index.ts";

const { engines } = await inspectEngines();

/** Whether this machine has a libdnnl; where data may not be skipped, neither may this engine. */
export const hasOnednn =
  process.env.OCELLI_REQUIRE_DATA === "1" || engines.some(({ name, available }) => name === "onednn" && available);

/** Engines in threads of their own that this machine has. */
export const THREAD_ENGINES: readonly string[] = hasOnednn ? ["onnx", "onednn"] : ["onnx"];

/** All engines that this machine has. */
export const ALL_ENGINES: readonly string[] = ["reference", ...THREAD_ENGINES];
