import { expect, test } from "vitest";
import { UserError } from "../errors.ts";
import { cardMetadata, type ModelCard, newCard, parseCard } from "./card.ts";

const card: ModelCard = newCard({
  model: "resnet18",
  classes: ["ants", "bees, wild"],
  transformInput: false,
  precision: "fp32",
  preprocessing: {
    ...{ kind: "photos", resize: 256, crop: 224, interpolation: "bilinear", exif: true },
    ...{ mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
  },
  data: { name: "photos", sha256: "ab".repeat(32), counts: { train: [3, 4], val: [1, 2] } },
  accuracy: { value: 2 / 3, interval: [0.2, 0.9], correct: 2, count: 3 },
  accuracyFp32: null,
  recipe: { epochs: 3 },
  seed: 7,
  run: "0123456789ab",
  weights: { sha256: "cd".repeat(32), start: "imagenet", licence: "BSD-3-Clause" },
});

const failing = (texts: Record<string, string>): UserError => {
  try {
    parseCard(texts, "ants.onnx");
  } catch (error) {
    if (error instanceof UserError) return error;
  }
  throw new Error("expected a UserError");
};

test("a card is read as it was written, with what others look for beside it", () => {
  const texts = cardMetadata(card);
  expect(parseCard(texts, "ants.onnx")).toEqual(card);
  expect(JSON.parse(texts.classes ?? "")).toEqual(card.classes);
  expect(JSON.parse(texts.preprocessing ?? "")).toMatchObject({ resize: 256, crop: 224 });
});

test("no card, one of a newer version, and a damaged one are told", () => {
  expect(failing({}).message).toBe(
    '"ants.onnx": expected a model that ocelli exported but there is no model card in it.',
  );
  const newer = failing({ card: JSON.stringify({ ...card, form: 2 }) });
  expect([newer.message, newer.hint]).toEqual([
    '"ants.onnx": expected a model card of form 1 but it is of form 2, which a newer ocelli wrote.',
    "Update ocelli.",
  ]);
  expect(failing({ card: "{" }).message).toMatch(/but it is no JSON object\.$/);
  expect(failing({ card: JSON.stringify({ ...card, classes: [] }) }).message).toMatch(/but "classes" is wrong\.$/);
});
