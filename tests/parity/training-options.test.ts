/** Steps under each option of training against PyTorch, in float64 there. */
import { expect, test } from "vitest";
import { float32Tensor, int64Scalar, type StateDict } from "../../src/checkpoint/index.ts";
import { constant } from "../../src/graph/value.ts";
import { batchNorm2d, conv2d, flatten, linear, module, relu } from "../../src/nn/index.ts";
import { softmaxCrossEntropy } from "../../src/ops/index.ts";
import { adam, sgd } from "../../src/optim/optimizer.ts";
import type { TrainerOptions, TrainingBatch } from "../../src/training/network-trainer.ts";
import { openTrainer } from "../../src/training/trainer.ts";
import golden from "../../tools/golden/training-options.json" with { type: "json" };
import { ALL_ENGINES } from "../conformance/engine-names.ts";

const network = module(
  { conv: conv2d(1, 3, { kernel: 3, padding: 1, bias: false }), bn: batchNorm2d(3), fc: linear(48, 3) },
  (x, { conv, bn, fc }) => fc(flatten(relu(bn(conv(x))))),
);

type Tensors = Readonly<Record<string, { readonly shape: readonly number[]; readonly data: readonly number[] }>>;

const stateOf = (tensors: Tensors): StateDict =>
  new Map(
    Object.entries(tensors).map(([name, { shape, data }]) => [
      name,
      name.endsWith("tracked") ? int64Scalar(data[0] ?? 0) : float32Tensor(shape, data),
    ]),
  );

const isHead = (name: string): boolean => name.startsWith("fc.");
const BACKBONE = { isFrozen: (name: string) => !isHead(name), keepsStatistics: () => true };

interface Course {
  readonly options?: Partial<TrainerOptions>;
  /** Batches of a step. */
  readonly accumulate?: number;
  readonly mixed?: boolean;
  /** Steps after which everything is trained. */
  readonly frozenSteps?: number;
}

const COURSES: Readonly<Record<string, Course>> = {
  "label smoothing and class weights": {
    options: {
      loss: (logits, labels) => {
        const weights = constant(Float32Array.from(golden.classWeights), [3]);
        return softmaxCrossEntropy(logits, labels, weights, { labelSmoothing: 0.1 })[0];
      },
    },
  },
  clipping: { options: { clipNorm: 0.5 } },
  "two batches a step": { accumulate: 2 },
  "three batches a step, clipped": {
    options: { clipNorm: 0.5, optimizer: adam({ learningRate: 0.1 }) },
    accumulate: 3,
  },
  averages: { options: { averageDecay: 0.9 } },
  "a tenth of the rate for the backbone": { options: { learningRateScale: (name) => (isHead(name) ? 1 : 0.1) } },
  "mixed labels": { mixed: true },
  "backbone frozen": { options: BACKBONE },
  "backbone frozen, batch statistics": { options: { isFrozen: BACKBONE.isFrozen } },
  "backbone trained from step 4 on, adam": {
    options: { ...BACKBONE, optimizer: adam({ learningRate: 0.1 }) },
    frozenSteps: 3,
  },
  "backbone trained from step 4 on, sgd": { options: BACKBONE, frozenSteps: 3 },
};

function stepsOf({ accumulate = 1, mixed = false }: Course): TrainingBatch[][] {
  const batches = golden.steps.map(({ images, labels, others }): TrainingBatch => {
    const plain = { images: Float32Array.from(images), labels: Int32Array.from(labels) };
    return mixed ? { ...plain, otherLabels: Int32Array.from(others), share: golden.share } : plain;
  });
  return Array.from({ length: batches.length / accumulate }, (_, step) =>
    batches.slice(step * accumulate, (step + 1) * accumulate),
  );
}

const cases = golden.cases.flatMap((one) => ALL_ENGINES.map((engine) => ({ ...one, engine })));

test.each(cases)("$name, $engine engine", async ({ name, engine, losses, after, ...expected }) => {
  const course = COURSES[name] ?? {};
  const trainer = await openTrainer(network, {
    ...{ inputShape: [1, 4, 4], batchSize: 6, optimizer: sgd({ learningRate: 0.1, momentum: 0.9 }), engine },
    ...course.options,
  });
  try {
    await trainer.setWeights(stateOf(golden.start));
    const found: number[] = [];
    for (const [index, step] of stepsOf(course).entries()) {
      if (index === course.frozenSteps) await trainer.retrain({});
      found.push((await trainer.train(step)).loss);
    }
    // rounding of float32 and of state dicts, over six steps with momentum
    expect(found).toBeAllclose(losses, { rtol: 1e-4, atol: 1e-6 });
    await expectState(await trainer.weights(), after);
    if (expected.averages)
      await expectState(await trainer.weights({ averaged: true }), expected.averages, ["bn.num_batches_tracked"]);
  } finally {
    await trainer.close();
  }
});

async function expectState(found: StateDict, expected: Tensors, except: readonly string[] = []): Promise<void> {
  for (const [name, { data }] of Object.entries(expected)) {
    if (!except.includes(name))
      expect(Array.from(found.get(name)?.data ?? [], Number), name).toBeAllclose(data, { rtol: 1e-3, atol: 2e-5 });
  }
}
