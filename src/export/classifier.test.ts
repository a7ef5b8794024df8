/** An exported file as a classifier. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { encodeModel } from "../onnx/model.ts";
import { patterns, smallModel } from "../testing/small-models.ts";
import { openModel } from "../training/index.ts";
import { cardMetadata, newCard } from "./card.ts";
import { loadClassifier } from "./classifier.ts";
import { imageModel } from "./image-model.ts";
import { toFloats } from "./pixels.ts";

const folder = await mkdtemp(join(tmpdir(), "ocelli-classifier-"));
afterAll(() => rm(folder, { recursive: true }));

const model = smallModel("mnist-cnn");
const card = newCard({
  ...{ model: "mnist-cnn", classes: [...model.classes], transformInput: false, precision: "fp32" },
  preprocessing: { kind: "pixels", inputShape: [1, 28, 28], rawPixels: false },
  data: { name: "flies", sha256: "ab".repeat(32), counts: { train: [1, 1, 1], val: [1, 1, 1] } },
  ...{ accuracy: null, accuracyFp32: null, seed: 7, run: "0123456789ab" },
  recipe: { data: "flies", valShare: 0.2, seed: 7 },
  weights: { sha256: "cd".repeat(32), start: "none", licence: "none" },
} as Parameters<typeof newCard>[0]);
const path = join(folder, "flies.onnx");
await writeFile(path, encodeModel({ ...imageModel(model), metadata: cardMetadata(card), producerVersion: "1" }));

test("an exported file says what it is and answers as the network does, on the onnx engine alone", async () => {
  const { model: said, open } = await loadClassifier(path);
  expect(said).toMatchObject({
    file: path,
    name: "mnist-cnn",
    classes: ["ant", "bee", "fly"],
    inputShape: [1, 28, 28],
  });
  expect(said.trainedOn).toMatchObject({ data: "flies", valShare: 0.2, seed: 7, dataSha256: "ab".repeat(32) });
  const images = toFloats(patterns(3, [1, 28, 28]), model.input);
  const network = await openModel(model, { engine: "onnx", threads: 1, batchSize: 3 });
  const expected = await network.logits(images.slice());
  await network.close();
  const floats = toFloats(patterns(3, [1, 28, 28]), said.input);
  for (const engine of ["auto", "onnx"]) {
    const classifier = await open({ engine, threads: 1 });
    expect(await classifier.logits(floats.slice())).toBeAllclose(expected, { rtol: 1e-4, atol: 1e-5 });
    await classifier.close();
  }
  await expect(open({ engine: "reference" })).rejects.toMatchObject({
    message: `--engine: expected onnx, which runs "${path}" as it is, but got "reference".`,
    hint: "Leave it out, or give the run that the file was made of.",
  });
});
