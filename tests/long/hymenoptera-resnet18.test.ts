/** Five SGD steps of resnet18 on photos of ants and bees against PyTorch. */
import { expect, test } from "vitest";
import { findModel } from "../../src/models/index.ts";
import golden from "../../tools/golden/hymenoptera-steps.json" with { type: "json" };
import { THREAD_ENGINES } from "../conformance/engine-names.ts";
import { BAR, data, lossesOf } from "../parity/photo-steps.ts";
import { generatedTensors, writeTensors } from "../parity/zoo-golden.ts";

test.skipIf(!data).each(THREAD_ENGINES)(
  "generated weights, batch normalisation by the batch, engine %s",
  async (engine) => {
    const network = findModel("resnet18").build({ classes: 2 });
    const losses = await lossesOf(engine, network, (trainer) =>
      writeTensors(trainer.engine, generatedTensors(network, golden)),
    );
    expect(losses).toBeAllclose(golden.resnet18.losses, BAR);
  },
);
