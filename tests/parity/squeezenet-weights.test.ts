/**
 * Trained weights of squeezenet1_1 in three generations of files, against the logits that PyTorch gives for four photos. The
 * data is in OCELLI_DATA: `weights`, with `expected` (README.md there), and `hymenoptera_data`.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readWeights, stateHash, toFloat32 } from "../../src/checkpoint/index.ts";
import { decodeImage } from "../../src/image/index.ts";
import { evaluationInput, IMAGENET_PREPROCESSING } from "../../src/image/recipes.ts";
import { topClasses } from "../../src/metrics/index.ts";
import { findModel } from "../../src/models/index.ts";
import { openTrainer } from "../../src/training/index.ts";
import half from "../../tools/golden/squeezenet-half.json" with { type: "json" };
import { THREAD_ENGINES } from "../conformance/engine-names.ts";
import { readNpy } from "../npy.ts";

const { OCELLI_DATA: data } = process.env;
const weights = join(data ?? "", "weights");
const inExpected = (file: string): string => join(weights, "expected", file);
const ZIP = "squeezenet1_1-627df0e7.pth";
const LEGACY = "squeezenet1_1_legacyfmt-5651abdd.pth";
const HALF = "squeezenet1_1_halfw-d6c1b8ce.pth";
const FILES = [ZIP, LEGACY, HALF];

/** What the project promises. Logits go to 27; float32 itself is away by some 1e-5. */
const BAR = 1e-3;
/** Of the half file against the logits of the others: PyTorch itself, given it in float64, is 1.864e-3 away (see below). */
const HALF_BAR = 2e-3;
const CLASSES = 1000;

/** The four photos as the project prepares them, [4, 3, 224, 224]. */
async function preparedPhotos(): Promise<Float32Array> {
  const names: string[] = JSON.parse(readFileSync(inExpected("input_val4_files.json"), "utf8"));
  const prepare = evaluationInput(IMAGENET_PREPROCESSING);
  const inputs = await Promise.all(
    names.map(async (name) =>
      prepare(await decodeImage(join(data ?? "", "hymenoptera_data", name), { orient: false })),
    ),
  );
  return Float32Array.from(inputs.flatMap((input) => [...input]));
}

describe.skipIf(!data)("squeezenet1_1", () => {
  test("photos are prepared as by torchvision, to the last bit", async () => {
    const expected = readNpy(inExpected("input_val4_f32_nchw.npy"));
    expect(expected.shape).toEqual([4, 3, 224, 224]);
    expect(Buffer.from((await preparedPhotos()).buffer).equals(Buffer.from(expected.data.buffer))).toBe(true);
  });

  test("all three files are there", () => {
    expect(readdirSync(weights)).toEqual(expect.arrayContaining(FILES));
  });

  const cases = FILES.flatMap((file) => THREAD_ENGINES.map((engine) => ({ file, engine })));
  test.each(cases)("logits of four photos of $file, engine $engine", async ({ file, engine }) => {
    const expected = readNpy(inExpected("squeezenet1_1_torchvision_fp16_logits_val4.npy"));
    const { state, format } = await readWeights(join(weights, file));
    expect(format).toBe("pth");
    const { build, inputShape } = findModel("squeezenet1_1");
    const trainer = await openTrainer(build({ classes: CLASSES }), { inputShape, batchSize: 4, engine });
    try {
      await trainer.setWeights(state, file);
      const logits = await trainer.logits(await preparedPhotos());
      expect(logits).toBeAllclose(file === HALF ? half.logits : expected.data, { rtol: 0, atol: BAR });
      expect(logits).toBeAllclose(expected.data, { rtol: 0, atol: file === HALF ? HALF_BAR : BAR });
      for (let row = 0; row < 4; row++) {
        const top = (rows: Float32Array) => topClasses({ data: rows, classes: CLASSES }, row, 5);
        expect(top(logits)).toEqual(top(expected.data));
      }
    } finally {
      await trainer.close();
    }
  });

  // so the half file's logits are PyTorch's for this file (tools/golden/squeezenet-half.py), not those for the other two
  test("the legacy file holds the same numbers, the half file has its biases rounded", async () => {
    const [zip, legacy, rounded] = await Promise.all(FILES.map((file) => readWeights(join(weights, file))));
    expect(stateHash(legacy?.state ?? new Map())).toBe(stateHash(zip?.state ?? new Map()));
    expect([...(rounded?.state.keys() ?? [])]).toEqual([...(zip?.state.keys() ?? [])]);
    for (const [name, tensor] of zip?.state ?? []) {
      const other = rounded?.state.get(name);
      if (!other) throw new Error(`no ${name}`);
      const [single, fromHalf] = [toFloat32(tensor), toFloat32(other)];
      // eleven bits of fraction; below 2⁻¹⁴ steps of 2⁻²⁴
      const bars = name.endsWith("bias") ? { rtol: 2 ** -11, atol: 2 ** -25 } : { rtol: 0, atol: 0 };
      expect(fromHalf, name).toBeAllclose(single, bars);
    }
  });
});
