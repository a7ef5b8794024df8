import { expect, test } from "vitest";
import { decodePth, encodePth, type PthInput, type PthValue } from "../checkpoint/index.ts";
import { IMAGENET_PREPROCESSING, INCEPTION_PREPROCESSING } from "../image/recipes.ts";
import { findModel } from "../models/index.ts";
import {
  defaultInput,
  inputShapeOf,
  type ModelInput,
  parsePreprocessing,
  preprocessingEntry,
} from "./preprocessing.ts";

/** A dictionary as a file gives it back. */
const stored = (entry: PthInput): PthValue => decodePth(encodePth(entry), "net.pth");
const parsed = (entry: PthInput): ModelInput => parsePreprocessing(stored(entry), "net.pth");
const photos = { resize: 256, crop: 224, interpolation: "bilinear", mean: [0.485, 0.456, 0.406], std: [0.2, 1, 0.3] };

test.each<ModelInput>([
  { kind: "pixels", inputShape: [1, 28, 28], rawPixels: true },
  { kind: "pixels", inputShape: [3, 32, 16], rawPixels: false },
  { kind: "pixels", inputShape: [1, 28, 28], rawPixels: false, transpose: true },
  { kind: "photos", ...IMAGENET_PREPROCESSING, exif: false },
  { kind: "photos", ...IMAGENET_PREPROCESSING, mean: [0, 0, 0], std: [1, 1, 1], interpolation: "bicubic", exif: true },
])("%j is read as it was written", (input) => {
  expect(parsed(preprocessingEntry(input))).toEqual(input);
});

test("photos are turned by their EXIF data where the entry does not say", () => {
  expect(parsed(photos)).toEqual({ kind: "photos", ...photos, exif: true });
});

test("the shape of a network's input", () => {
  expect(inputShapeOf(parsed(photos))).toEqual([3, 224, 224]);
  expect(inputShapeOf({ kind: "pixels", inputShape: [1, 28, 30], rawPixels: true })).toEqual([1, 28, 30]);
});

test("networks of the zoo have those of their weights", () => {
  expect(defaultInput(findModel("mnist-cnn"))).toEqual({ kind: "pixels", inputShape: [1, 28, 28], rawPixels: false });
  expect(defaultInput(findModel("vgg16"))).toEqual({ kind: "photos", ...IMAGENET_PREPROCESSING, exif: true });
  expect(defaultInput(findModel("inception_v3"))).toEqual({ kind: "photos", ...INCEPTION_PREPROCESSING, exif: true });
});

test.each<[PthInput, string]>([
  [5, "it is no dictionary"],
  [{}, '"input_shape" is wrong'],
  [{ input_shape: [1, 28], raw_pixels: true }, '"input_shape" is wrong'],
  [{ input_shape: [2, 28, 28], raw_pixels: true }, '"input_shape.0" is wrong'],
  [{ input_shape: [1, 28, 28] }, '"raw_pixels" is wrong'],
  [{ ...photos, crop: 1e9 }, '"crop" is wrong'],
  [{ ...photos, interpolation: "lanczos" }, '"interpolation" is wrong'],
  [{ ...photos, std: [0.2, 0, 0.3] }, '"std.1" is wrong'],
  [{ ...photos, mean: [0.5] }, '"mean" is wrong'],
])("%j is refused", (entry, wrong) => {
  expect(() => parsed(entry)).toThrow(
    expect.objectContaining({
      name: "UserError",
      message: `"net.pth", preprocessing: expected how pictures are prepared but ${wrong}.`,
    }),
  );
});
