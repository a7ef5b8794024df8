import { afterAll, describe } from "vitest";
import { openEngine } from "../../src/engines/index.ts";
import { testConformance } from "./cases.ts";
import { hasOnednn } from "./engine-names.ts";

describe.runIf(hasOnednn)("with a libdnnl", async () => {
  if (!hasOnednn) return;
  const engine = await openEngine("onednn", { threads: 2 });
  afterAll(() => engine.close());

  // fp32 against PyTorch's float64
  testConformance(
    "the onednn engine",
    async (program, feeds) => {
      const executable = await engine.compile(program);
      const entries = Object.entries(feeds).map(([name, { data }]) => {
        return [name, data instanceof Int32Array ? data : Float32Array.from(data)] as const;
      });
      const results = await executable.run(Object.fromEntries(entries));
      await executable.close();
      return results;
    },
    { rtol: 1e-5, atol: 1e-6 },
  );
});
