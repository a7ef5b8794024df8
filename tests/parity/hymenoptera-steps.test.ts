/** Five SGD steps on photos of ants and bees against PyTorch; resnet18's are in tests/long. */
import { join } from "node:path";
import { expect, test } from "vitest";
import { float32Tensor, readWeights, type StateDict } from "../../src/checkpoint/index.ts";
import { sizeOf } from "../../src/graph/value.ts";
import { findModel } from "../../src/models/index.ts";
import golden from "../../tools/golden/hymenoptera-steps.json" with { type: "json" };
import { THREAD_ENGINES } from "../conformance/engine-names.ts";
import { BAR, data, lossesOf } from "./photo-steps.ts";
import { scaled } from "./zoo-golden.ts";

/** Trained weights under a head of two classes that is made by formula. */
async function squeezenetWeights(): Promise<StateDict> {
  const { state } = await readWeights(join(data ?? "", "weights/squeezenet1_1-627df0e7.pth"));
  const head = [["classifier.1.weight", [2, 512, 1, 1]] as const, ["classifier.1.bias", [2]] as const];
  const made = head.map(
    ([name, shape]) => [name, float32Tensor(shape, scaled(name, sizeOf(shape), 1 / Math.sqrt(512)))] as const,
  );
  return new Map([...state, ...made]);
}

test.skipIf(!data).each(THREAD_ENGINES)(
  "squeezenet1_1 with trained weights and a new head, engine %s",
  async (engine) => {
    const network = findModel("squeezenet1_1").build({ classes: 2, dropout: 0 });
    const losses = await lossesOf(engine, network, async (trainer) => trainer.setWeights(await squeezenetWeights()));
    expect(losses).toBeAllclose(golden.squeezenet1_1.losses, BAR);
  },
);
