import { afterAll } from "vitest";
import { openEngine } from "../../src/engines/index.ts";
import { testConformance } from "./cases.ts";

const engine = await openEngine("onnx", { threads: 2 });
afterAll(() => engine.close());

// fp32 against PyTorch's float64
testConformance(
  "the onnx engine",
  async (program, feeds) => {
    const executable = await engine.compile(program);
    const entries = Object.entries(feeds).map(([name, { data }]) => {
      return [name, data instanceof Int32Array ? data : Float32Array.from(data)] as const;
    });
    return executable.run(Object.fromEntries(entries));
  },
  { rtol: 1e-5, atol: 1e-6 },
);
