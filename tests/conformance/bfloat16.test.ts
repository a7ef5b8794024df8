/** `--precision bf16`: products of bfloat16 numbers, everything else float32. Where the processor has it. */
import { describe, expect, test } from "vitest";
import { type Batch, batches, loadDigits } from "../../src/data/index.ts";
import type { Precision } from "../../src/engines/index.ts";
import { openEngine } from "../../src/engines/index.ts";
import { sizeOf } from "../../src/graph/value.ts";
import { findModel } from "../../src/models/index.ts";
import { sgd } from "../../src/optim/optimizer.ts";
import { rngFor } from "../../src/rng.ts";
import { openTrainer } from "../../src/training/index.ts";
import { hasOnednn } from "./engine-names.ts";

async function hasBfloat16(): Promise<boolean> {
  const engine = await openEngine("onednn", { precision: "bf16" });
  try {
    await engine.read([]);
    return true;
  } catch (error) {
    expect(error).toMatchObject({ name: "UserError", message: expect.stringContaining("bfloat16 instructions") });
    return false;
  } finally {
    await engine.close();
  }
}

/** Losses of some steps on random images, and the weights after them. */
async function trained(model: string, size: number, precision: Precision) {
  const { build, inputShape } = findModel(model);
  const [batchSize, classes] = [4, 5];
  const shape = [inputShape[0] ?? 3, size, size];
  const rng = rngFor(3, "bfloat16");
  const images = Float32Array.from({ length: batchSize * sizeOf(shape) }, () => rng.uniform());
  const labels = Int32Array.from({ length: batchSize }, (_, index) => index);
  const options = {
    inputShape: shape,
    batchSize,
    optimizer: sgd({ learningRate: 0.001 }),
    engine: "onednn",
    precision,
  };
  const trainer = await openTrainer(build({ classes, dropout: 0 }), options);
  try {
    const logits = await trainer.logits(images.slice());
    const losses: number[] = [];
    for (let step = 0; step < 3; step++) losses.push((await trainer.train({ images, labels })).loss);
    return { logits, losses, weights: await trainer.weights() };
  } finally {
    await trainer.close();
  }
}

/** Of a float32: whether it could be a bfloat16. */
const isShort = (value: number): boolean => (new Uint32Array(Float32Array.of(value).buffer)[0] ?? 0) % 2 ** 16 === 0;

describe.runIf(hasOnednn && (await hasBfloat16()))("bf16", () => {
  // bfloat16 has 8 bits of fraction, 2⁻⁹ = 0.2 % of error in each operand of a product, which add up over the layers
  test.each([
    ["mnist-cnn", 28],
    ["resnet18", 64],
    ["squeezenet1_1", 64],
    ["densenet121", 64],
  ] as const)("%s gives what it gives in fp32, roughly, and keeps float32 weights", async (model, size) => {
    const [full, short] = [await trained(model, size, "fp32"), await trained(model, size, "bf16")];
    const spread = Math.max(...full.logits.map(Math.abs));
    expect(short.logits).toBeAllclose(full.logits, { rtol: 0, atol: 0.03 * spread });
    expect(short.logits).not.toEqual(full.logits);
    expect(short.losses).toBeAllclose(full.losses, { rtol: 0.05, atol: 0 });
    const numbers = [...short.weights.values()].flatMap(({ data }) =>
      data instanceof Float32Array ? [...data.slice(0, 50)] : [],
    );
    expect(numbers.filter((value) => !isShort(value)).length).toBeGreaterThan(numbers.length / 3); // many are 0 or 1 still;
  });

  test("drawn digits are learnt as well as in fp32", async () => {
    const { train, test: held } = loadDigits();
    const accuracy = async (precision: Precision): Promise<number> => {
      const trainer = await openTrainer(findModel("mnist-cnn").build({ classes: 10 }), {
        ...{ inputShape: [1, 28, 28], batchSize: 64, engine: "onednn", precision },
      });
      try {
        let steps = 0;
        for await (const { images, labels } of batches(train, {
          batchSize: 64,
          shuffle: true,
        }) as AsyncIterable<Batch>) {
          await trainer.train({ images, labels });
          if (++steps === 60) break;
        }
        return (await trainer.evaluate(held)).accuracy;
      } finally {
        await trainer.close();
      }
    };
    const [full = 0, short = 0] = [await accuracy("fp32"), await accuracy("bf16")];
    expect(full).toBeGreaterThan(0.8);
    expect(Math.abs(short - full)).toBeLessThan(0.02); // of 1,200 digits: 24
  });
});

test.each(["onnx", "reference"])("the engine %s has fp32 only", async (name) => {
  await expect(openEngine(name, { precision: "bf16" })).rejects.toMatchObject({
    name: "UserError",
    message: `precision: expected fp32 on the ${name} engine but got bf16.`,
  });
});
