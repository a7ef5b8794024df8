/** Heat maps against those of PyTorch in float64; see tools/golden/grad-cam.py. */
import { describe, expect, test } from "vitest";
import { openEngine } from "../../src/engines/index.ts";
import { openExplainer } from "../../src/explain/index.ts";
import { findModel } from "../../src/models/index.ts";
import { THREAD_ENGINES } from "../conformance/engine-names.ts";
import { generatedTensors, readGolden, type Size, scaled, type WeightSizes, writeTensors } from "./zoo-golden.ts";

interface GoldenHeat extends WeightSizes {
  readonly size: Size;
  readonly classes: readonly number[];
  readonly heat: readonly number[];
}

const golden = Object.entries(readGolden<Record<string, GoldenHeat>>("grad-cam.json"));
const STRIDE = 13;
const CLASSES = Array.from({ length: 10 }, (_, index) => String(index));

describe.each(THREAD_ENGINES)("on the %s engine", (engineName) => {
  test.each(golden)("%s", async (name, { size: [n, h, w], classes, heat, ...sizes }) => {
    const record = findModel(name);
    const network = record.build({ classes: CLASSES.length, dropout: 0 });
    const inputShape = [record.inputShape[0], h, w] as const;
    const engine = await openEngine(engineName, { threads: 2 });
    await writeTensors(engine, generatedTensors(network, sizes));
    const explainer = openExplainer({ network, inputShape, classes: CLASSES }, engine, { batchSize: 2 });
    const images = scaled("images", n * inputShape[0] * h * w, 2);
    for (const classIndex of [undefined, classes]) {
      const found = await explainer.explain(images, { classIndex });
      expect(found.map((explanation) => explanation.classIndex)).toEqual(classes);
      const values = found.flatMap((explanation) => [...explanation.heat.data]);
      expect(values.filter((_, at) => at % STRIDE === 0)).toBeAllclose(heat, { rtol: 0, atol: 2e-4 });
    }
    await explainer.close();
    await engine.close();
  });
});
