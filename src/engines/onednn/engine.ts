import { packProgram } from "../../graph/pack.ts";
import type { Engine } from "../engine.ts";
import { threadEngine } from "../thread/engine.ts";
import type { RunnerSettings } from "../thread/protocol.ts";
import type { CompiledProgram } from "./runner.ts";

/** Opens the engine that runs Programs as primitives of oneDNN; `threads` compute. */
export const openOnednnEngine = (settings: RunnerSettings): Engine =>
  threadEngine<CompiledProgram>({
    name: "onednn",
    module: new URL("./thread.ts", import.meta.url),
    settings,
    prepare: async (program, { constants }) => ({
      compiled: { packed: packProgram(program), constants },
      transfer: [],
    }),
  });
