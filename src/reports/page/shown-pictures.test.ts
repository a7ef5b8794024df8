import { expect, test } from "vitest";
import { tensorDataset } from "../../data/index.ts";
import { type Explainer, overlayHeat } from "../../explain/index.ts";
import { evaluationOf } from "../../training/step-results.ts";
import { dataUri } from "../data-uri.ts";
import { samplesOf } from "../samples.ts";
import { worstMistakes } from "./shown-pictures.ts";

/** An explainer whose heat map of class c is c/2 everywhere, so that the map tells which class it is of. */
const explainer: Explainer = {
  explain: async (_, { classIndex } = {}) =>
    Array.from(classIndex as ArrayLike<number>, (index) => ({
      ...{ classIndex: index, logits: Float32Array.of(0, 0, 0) },
      heat: { width: 2, height: 2, data: new Float32Array(4).fill(index / 2) },
    })),
  close: async () => {},
};

test("the worst mistake comes first, under the heat of the class that it is taken for and of its own", async () => {
  const images = Float32Array.from({ length: 16 }, (_, at) => (at % 4) / 4);
  const dataset = tensorDataset({ images, labels: [0, 1, 2, 0], shape: [1, 2, 2], classes: ["a", "b", "c"] });
  // right; taken for c by 1; for b by 3; for b by 2
  const logits = Float32Array.of(5, 0, 0, 0, 0, 1, 0, 3, 0, 0, 2, 0);
  const shown = await worstMistakes(
    { dataset, evaluation: evaluationOf(logits, Int32Array.of(0, 1, 2, 0)) },
    explainer,
  );
  expect(shown.map(({ truth, predicted }) => `${truth} for ${predicted}`)).toEqual(["c for b", "a for b", "b for c"]);
  // −log softmax at the true class: log(2 + eᵏ) for k = 3, 2, 1
  expect(shown.map(({ loss }) => loss)).toBeAllclose(
    [3, 2, 1].map((k) => Math.log(2 + Math.exp(k))),
    { rtol: 1e-6 },
  );
  const [{ image } = { image: undefined }] = await samplesOf(dataset, [2]);
  if (!image) throw new Error("no image");
  const under = (heat: number) =>
    dataUri(overlayHeat(image, { width: 2, height: 2, data: new Float32Array(4).fill(heat) }), {
      longest: 160,
      quality: 80,
    });
  expect(shown[0]?.heat).toEqual({ predicted: await under(0.5), truth: await under(1) });
});
