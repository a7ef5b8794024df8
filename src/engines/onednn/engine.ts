import { type PackedProgram, packProgram } from "../../graph/pack.ts";
import type { Engine } from "../engine.ts";
import { threadEngine } from "../thread/engine.ts";
import type { RunnerSettings } from "../thread/protocol.ts";

/** Opens the engine that runs Programs as primitives of oneDNN; `threads` compute. */
export const openOnednnEngine = (settings: RunnerSettings): Engine =>
  threadEngine<PackedProgram>({
    name: "onednn",
    module: new URL("./thread.ts", import.meta.url),
    settings,
    prepare: async (program) => ({ compiled: packProgram(program), transfer: [] }),
  });
