import { inspectEngines } from "../../src/engines/index.ts";

const { engines } = await inspectEngines();

/** Whether this machine has a libdnnl; where data may not be skipped, neither may this engine. */
export const hasOnednn =
  process.env.OCELLI_REQUIRE_DATA === "1" || engines.some(({ name, available }) => name === "onednn" && available);

/** Whether its libdnnl is of version 3, which rounds and arranges some things otherwise than 2. */
export const isOnednn3 = engines.some(({ name, version }) => name === "onednn" && version?.startsWith("3."));

/** Engines in threads of their own that this machine has. */
export const THREAD_ENGINES: readonly string[] = hasOnednn ? ["onnx", "onednn"] : ["onnx"];

/** All engines that this machine has. */
export const ALL_ENGINES: readonly string[] = ["reference", ...THREAD_ENGINES];
