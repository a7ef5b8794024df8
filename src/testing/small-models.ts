/** Networks of the zoo with weights by chance, loaded as files would be. */
import type { StateDict } from "../checkpoint/index.ts";
import { findModel } from "../models/index.ts";
import { initialState } from "../nn/index.ts";
import { defaultInput, inputShapeOf, type LoadedModel, type ModelInput } from "../training/index.ts";

/** A network with three classes for photos cut to `size` pixels, or for pixels if that is what it takes; statistics are not the initial ones. */
export function smallModel(name: string, size = 64, input: ModelInput = inputOf(name, size)): LoadedModel {
  const classes = ["ant", "bee", "fly"];
  const network = findModel(name).build({ classes: classes.length });
  const weights: StateDict = new Map(
    Array.from(initialState(network, 0), ([key, { shape, data }]) => {
      if (key.endsWith("running_var"))
        data.forEach((_, i) => {
          data[i] = 0.5 + (i % 7) / 5;
        });
      if (key.endsWith("running_mean"))
        data.forEach((_, i) => {
          data[i] = ((i % 5) - 2) / 20;
        });
      return [key, { dtype: "float32" as const, shape, data }];
    }),
  );
  return { file: `${name}.pth`, name, network, options: {}, weights, classes, inputShape: inputShapeOf(input), input };
}

function inputOf(name: string, size: number): ModelInput {
  const usual = defaultInput(findModel(name));
  return usual.kind === "pixels" ? usual : { ...usual, crop: size, resize: size + 8 };
}

/** Bytes [count, H, W, C] of soft patterns, each picture another one. */
export function patterns(
  count: number,
  [channels, height, width]: readonly [number, number, number],
): Uint8Array<ArrayBuffer> {
  const size = channels * height * width;
  return Uint8Array.from({ length: count * size }, (_, i) => {
    const [picture, pixel] = [Math.floor(i / size), Math.floor((i % size) / channels)];
    const [y, x] = [Math.floor(pixel / width) / height, (pixel % width) / width];
    const wave = Math.sin(6 * x * (1 + picture) + (i % channels)) + Math.cos(9 * y + picture * (1 + (i % channels)));
    return Math.round(127.5 + 60 * wave);
  });
}
