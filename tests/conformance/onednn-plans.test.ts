/** How the onednn engine plans a training step: layouts stay from layer to layer, memory is reused, weights are written in place. */
import { describe, expect, test, vi } from "vitest";
import { Dnnl } from "../../src/engines/onednn/dnnl.ts";
import { findFusions } from "../../src/engines/onednn/fusions.ts";
import { loadLibrary } from "../../src/engines/onednn/library.ts";
import { Plan } from "../../src/engines/onednn/plan.ts";
import { scheduleNodes } from "../../src/engines/onednn/schedule.ts";
import { Store } from "../../src/engines/onednn/store.ts";
import { sizeOf } from "../../src/graph/value.ts";
import { findModel } from "../../src/models/index.ts";
import { sgd } from "../../src/optim/optimizer.ts";
import { inferenceProgram } from "../../src/training/programs.ts";
import { trainingProgram } from "../../src/training/step-program.ts";
import { hasOnednn } from "./engine-names.ts";

const network = findModel("resnet18").build({ classes: 10 });
const shape = { inputShape: [3, 64, 64], batchSize: 2 };
const training = trainingProgram(network, { ...shape, optimizer: sgd({ momentum: 0.9 }) });
const inference = inferenceProgram(network, shape);

test("every node comes after those it reads, and once", () => {
  const order = scheduleNodes(training, findFusions(training));
  expect(new Set(order)).toEqual(new Set(training.nodes));
  const place = new Map(order.map((node, index) => [node, index]));
  for (const [node, index] of place) {
    for (const { source } of node.inputs.filter((value) => value !== undefined))
      if (source.kind === "node") expect(place.get(source.node)).toBeLessThan(index);
  }
});

test("relus and frozen normalisation are done along", () => {
  const forTraining = findFusions(training);
  expect(forTraining.foldings.size).toBe(0);
  // 8 relus follow a sum, 8 a normalisation; the one before the pool is behind it
  expect([forTraining.relus.size, forTraining.reluGradients.size]).toEqual([16, 8]);
  expect(findFusions(inference).foldings.size).toBe(20);
});

describe.runIf(hasOnednn)("with a libdnnl", () => {
  const dnnl = new Dnnl(loadLibrary(), 1);
  const plan = (program: typeof training): Plan => new Plan(new Store(dnnl), program);

  test("layouts stay from layer to layer", () => {
    // the image of the last pool as a row for the classifier
    expect(plan(inference).reorders).toBeLessThanOrEqual(1);
    // each of 20 weights: in the layout of its forward pass, of its input's gradient, and its gradient row-major; then the edges,
    // and images for which it has a layout of its own: with AVX-512 none in 2.6 and eight in 3.7, with AVX2 two in 2.6
    expect(plan(training).reorders).toBeLessThanOrEqual(3 * 20 + 2 + 8);
  });

  test("tensors share memory, and weights are written in place", () => {
    const values = training.nodes.flatMap(({ outputs }) => outputs);
    const all = values.reduce((bytes, value) => bytes + 4 * sizeOf(value.shape), 0);
    // how much a primitive works with is the library's choice: with AVX2 a weight gradient of 9 MB takes 38 MB
    const layouts = vi.spyOn(dnnl, "layoutOf");
    const { bytes } = plan(training);
    const scratchpads = layouts.mock.calls.flatMap(([, which], call) =>
      which === "scratchpad" ? [layouts.mock.results[call]?.value.bytes as number] : [],
    );
    expect(bytes - Math.max(...scratchpads)).toBeLessThan(all / 5);
  });
});
