/**
 * For tests: five SGD steps on photos of ants and bees against PyTorch: same photos in the same order, same first weights. Golden:
 * tools/golden/hymenoptera-steps.py, where all is explained. The data is in OCELLI_DATA: `hymenoptera_data` and `weights`.
 */
import { join } from "node:path";
import { expect } from "vitest";
import { findPhotos } from "../../src/data/index.ts";
import { sizeOf } from "../../src/graph/value.ts";
import { decodeImage } from "../../src/image/index.ts";
import { evaluationInput, IMAGENET_PREPROCESSING } from "../../src/image/recipes.ts";
import type { Module } from "../../src/nn/index.ts";
import { sgd } from "../../src/optim/optimizer.ts";
import { openTrainer, type Trainer } from "../../src/training/index.ts";
import golden from "../../tools/golden/hymenoptera-steps.json" with { type: "json" };

/** The folder of the data sets, without which these tests are left out. */
export const { OCELLI_DATA: data } = process.env;
const { batchSize, learningRate, momentum, labels } = golden;

/** What the project promises of each loss; PyTorch's own float32 is away from its float64 by `float32Drift`, below 1e-5. */
export const BAR = { rtol: 1e-3, atol: 0 };
const INPUT = [3, 224, 224] as const;

let prepared: Promise<readonly Float32Array[]> | undefined;

/** The photos of each step as for validation, [batchSize, 3, 224, 224]: the same for all engines and networks. */
const batches = (): Promise<readonly Float32Array[]> => {
  prepared ??= prepareBatches();
  return prepared;
};

async function prepareBatches(): Promise<readonly Float32Array[]> {
  const folder = join(data ?? "", "hymenoptera_data");
  const { train } = await findPhotos(folder);
  expect(train.labels.slice(0, labels.flat().length)).toEqual(labels.flat());
  const prepare = evaluationInput(IMAGENET_PREPROCESSING);
  const batchOf = async (files: readonly string[]): Promise<Float32Array> => {
    const images = new Float32Array(batchSize * sizeOf(INPUT));
    const place = async (file: string, row: number): Promise<void> =>
      images.set(prepare(await decodeImage(join(folder, file), { orient: false })), row * sizeOf(INPUT));
    await Promise.all(files.map(place));
    return images;
  };
  return Promise.all(labels.map((_, step) => batchOf(train.names.slice(step * batchSize, (step + 1) * batchSize))));
}

/** The losses of the five steps with an engine, from the weights that `start` sets. */
export async function lossesOf(
  engine: string,
  network: Module,
  start: (trainer: Trainer) => Promise<void>,
): Promise<number[]> {
  const steps = await batches();
  const optimizer = sgd({ learningRate, momentum });
  const trainer = await openTrainer(network, { inputShape: INPUT, batchSize, optimizer, engine });
  try {
    await start(trainer);
    const losses: number[] = [];
    for (const [step, own] of labels.entries()) {
      const images = steps[step] ?? new Float32Array();
      losses.push((await trainer.train({ images, labels: Int32Array.from(own) })).loss);
    }
    return losses;
  } finally {
    await trainer.close();
  }
}
